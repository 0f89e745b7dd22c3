using ActorKube.Api.Machinery;
using ActorKube.Api.Scheduling;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Storage;

/// <summary>
/// Brings a claim to its volume: the volume names the claim first, so that no other can have it, then the claim names the volume. Each pass
/// does what the objects' last versions allow; their changes bring the next.
/// </summary>
public static class ClaimBinding
{
    /// <summary>On a claim and volume: they were brought together here, and not by a user who named one in the other.</summary>
    public const string BoundByController = "pv.kubernetes.io/bound-by-controller";

    private const string BindCompleted = "pv.kubernetes.io/bind-completed";
    private const string Provisioner = "volume.kubernetes.io/storage-provisioner";

    /// <summary>The writes.</summary>
    /// <param name="claim">The claim.</param>
    /// <param name="volumes">All volumes, in any order.</param>
    /// <param name="storageClass">The claim's class; null where it names none, or one that is not there.</param>
    /// <param name="consumer">The node of a pod that uses the claim; null while there is none.</param>
    public static Plan Reconcile(V1PersistentVolumeClaim claim, IReadOnlyCollection<V1PersistentVolume> volumes, V1StorageClass? storageClass, V1Node? consumer)
    {
        if (claim.Metadata.DeletionTimestamp is not null)
            return Plan.Nothing;
        if (claim.Spec.VolumeName is { Length: > 0 } name)
            return Named(claim, volumes.FirstOrDefault(v => v.Metadata.Name == name));
        if (VolumeMatch.Find(claim, volumes.Where(v => VolumeMatch.IsFor(v, claim))) is not { } volume)
        {
            // A claim of such a class waits until its consumer has a node.
            if (storageClass?.VolumeBindingMode == "WaitForFirstConsumer" && consumer is null)
                return Wait(claim, "Normal", "WaitForFirstConsumer", "waiting for first consumer to be created before binding");
            if (VolumeMatch.Find(claim, volumes.Where(v => VolumeMatch.IsReachable(v, consumer))) is not { } found)
                return NothingFits(claim, storageClass);
            volume = found;
        }

        return Bind(claim, volume);
    }

    private static Plan Named(V1PersistentVolumeClaim claim, V1PersistentVolume? volume)
    {
        var wasBound = claim.Metadata.Annotations?.ContainsKey(BindCompleted) == true;
        if (volume is null)
            return wasBound ? Lost(claim, $"Bound claim has lost its PersistentVolume. Data on the volume is lost!") : Phase(claim, "Pending", null);
        if (volume.Spec.ClaimRef is null && volume.Metadata.DeletionTimestamp is null)
        {
            // A user who names a volume gets it, provided that it has what the claim asks for.
            return wasBound || VolumeMatch.Suits(claim, volume) ? Bind(claim, volume) : Wait(claim, "Warning", "VolumeMismatch", $"Cannot bind to requested volume \"{volume.Metadata.Name}\": it does not have what the claim asks for");
        }

        if (VolumeMatch.IsFor(volume, claim))
            return Bind(claim, volume);
        return wasBound ? Lost(claim, "Two claims are bound to the same volume, this one is bound incorrectly") : Wait(claim, "Warning", "FailedBinding", $"volume \"{volume.Metadata.Name}\" already bound to a different claim.");
    }

    private static Plan Bind(V1PersistentVolumeClaim claim, V1PersistentVolume volume)
    {
        if (volume.Spec.ClaimRef?.Uid != claim.Metadata.Uid)
        {
            var reserved = ApiJson.Copy(volume);
            if (reserved.Spec.ClaimRef is null)
                Annotate(reserved.Metadata, BoundByController);
            reserved.Spec.ClaimRef = new V1ObjectReference
            {
                ApiVersion = "v1",
                Kind = "PersistentVolumeClaim",
                Name = claim.Metadata.Name,
                NamespaceProperty = claim.Metadata.NamespaceProperty,
                Uid = claim.Metadata.Uid,
                ResourceVersion = claim.Metadata.ResourceVersion,
            };
            return Plan.Of(new Update(reserved));
        }

        var actions = new List<PlannedAction>();
        if (volume.Status?.Phase != "Bound")
            actions.Add(VolumePhase(volume, "Bound", null));
        if (claim.Spec.VolumeName != volume.Metadata.Name || claim.Metadata.Annotations?.ContainsKey(BindCompleted) != true)
        {
            var bound = ApiJson.Copy(claim);
            if (string.IsNullOrEmpty(bound.Spec.VolumeName))
                Annotate(bound.Metadata, BoundByController);
            Annotate(bound.Metadata, BindCompleted);
            bound.Spec.VolumeName = volume.Metadata.Name;
            actions.Add(new Update(bound));
        }
        else
        {
            actions.AddRange(Phase(claim, "Bound", volume).Actions);
        }

        return new Plan(actions);
    }

    private static Plan NothingFits(V1PersistentVolumeClaim claim, V1StorageClass? storageClass)
    {
        var named = VolumeMatch.ClassOf(claim);
        if (named.Length == 0)
            return Wait(claim, "Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set");
        if (storageClass is null)
            return Wait(claim, "Warning", "ProvisioningFailed", $"storageclass.storage.k8s.io \"{named}\" not found");
        if (storageClass.Provisioner == "kubernetes.io/no-provisioner")
            return Wait(claim, "Normal", "FailedBinding", "no persistent volumes available for this claim and no storage class is set");

        // Somebody else makes the volume; the annotation tells who is asked to.
        if (claim.Metadata.Annotations is { } annotations && annotations.TryGetValue(Provisioner, out var asked) && asked == storageClass.Provisioner)
            return Wait(claim, "Normal", "ExternalProvisioning",
                $"Waiting for a volume to be created either by the external provisioner '{asked}' or manually by the system administrator. If volume creation is delayed, please verify that the provisioner is running and correctly registered.");
        var asking = ApiJson.Copy(claim);
        asking.Metadata.Annotations = new Dictionary<string, string>(asking.Metadata.Annotations ?? new Dictionary<string, string>()) { [Provisioner] = storageClass.Provisioner };
        return Plan.Of(new Update(asking));
    }

    private static Plan Wait(V1PersistentVolumeClaim claim, string type, string reason, string message)
    {
        var plan = Phase(claim, "Pending", null);
        return plan with { Actions = [.. plan.Actions, new Tell(claim, type, reason, message)], RequeueAfter = TimeSpan.FromSeconds(15) };
    }

    private static Plan Lost(V1PersistentVolumeClaim claim, string message)
    {
        var plan = Phase(claim, "Lost", null);
        return plan.Actions.Count == 0 ? plan : plan with { Actions = [.. plan.Actions, new Tell(claim, "Warning", "ClaimLost", message)] };
    }

    private static Plan Phase(V1PersistentVolumeClaim claim, string phase, V1PersistentVolume? volume)
    {
        var changed = ApiJson.Copy(claim);
        changed.Status ??= new V1PersistentVolumeClaimStatus();
        changed.Status.Phase = phase;
        changed.Status.AccessModes = volume?.Spec.AccessModes is { Count: > 0 } modes ? [.. modes] : null;
        if (phase != "Bound")
            changed.Status.Capacity = null;
        else if (changed.Status.Capacity is not { Count: > 0 })
            changed.Status.Capacity = new Dictionary<string, ResourceQuantity>(volume!.Spec.Capacity);
        return SemanticEquality.Equal(changed.Status, claim.Status ?? new V1PersistentVolumeClaimStatus()) ? Plan.Nothing : Plan.Of(new UpdateStatus(changed));
    }

    internal static UpdateStatus VolumePhase(V1PersistentVolume volume, string phase, string? message)
    {
        var changed = ApiJson.Copy(volume);
        changed.Status ??= new V1PersistentVolumeStatus();
        (changed.Status.Phase, changed.Status.Message) = (phase, message);
        return new UpdateStatus(changed);
    }

    private static void Annotate(V1ObjectMeta metadata, string key) =>
        metadata.Annotations = new Dictionary<string, string>(metadata.Annotations ?? new Dictionary<string, string>()) { [key] = "yes" };
}
