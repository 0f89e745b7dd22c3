using ActorKube.Api.Scheduling;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Storage;

/// <summary>
/// Watches claims, volumes and classes, and brings claims to volumes that are there (<see cref="ClaimBinding"/>); a volume whose claim is
/// gone is released. A key with a namespace is a claim, one without a volume.
/// </summary>
internal sealed class VolumeBinderController : IController
{
    private const string ByClaim = "binder/claim";

    private readonly ILister<V1PersistentVolumeClaim> _claims;
    private readonly ILister<V1PersistentVolume> _volumes;
    private readonly ILister<V1StorageClass> _classes;
    private readonly ILister<V1Pod> _pods;
    private readonly ILister<V1Node> _nodes;

    public VolumeBinderController(IInformerFactory informers)
    {
        var (claims, volumes) = (informers.Informer<V1PersistentVolumeClaim>(), informers.Informer<V1PersistentVolume>());
        var (classes, pods) = (informers.Informer<V1StorageClass>(), informers.Informer<V1Pod>());
        pods.AddIndex(ByClaim, pod => ClaimsOf(pod).Select(k => k.ToString()));
        var nodes = informers.Informer<V1Node>();
        (_claims, _volumes, _classes, _pods, _nodes) = (claims.Lister, volumes.Lister, classes.Lister, pods.Lister, nodes.Lister);
        Sources =
        [
            Source.Of(claims, c => string.IsNullOrEmpty(c.Spec.VolumeName) ? [ObjectKey.Of(c)] : [ObjectKey.Of(c), new ObjectKey("", c.Spec.VolumeName)]),
            Source.Of(volumes, ConcernedBy),
            Source.Of(classes, c => _claims.List().Where(claim => IsPending(claim) && VolumeMatch.ClassOf(claim) == c.Metadata.Name).Select(claim => ObjectKey.Of(claim))),
            Source.OfChanges<V1Pod>(pods, (old, pod) => string.IsNullOrEmpty(old?.Spec.NodeName) && !string.IsNullOrEmpty(pod.Spec.NodeName) ? ClaimsOf(pod) : []),

            // Watched so that it is known before the first claim is looked at; nodes bind nothing by themselves.
            Source.OfChanges<V1Node>(nodes, (_, _) => []),
        ];
    }

    public string Name => "persistentvolume-binder";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        if (key.Namespace.Length == 0)
            return _volumes.Get(null, key.Name) is { } volume ? Reconcile(volume, ClaimOf(volume)) : Plan.Nothing;
        if (_claims.Get(key.Namespace, key.Name) is not { } claim)
            return Plan.Nothing;
        var storageClass = VolumeMatch.ClassOf(claim) is { Length: > 0 } name ? _classes.Get(null, name) : null;
        return ClaimBinding.Reconcile(claim, _volumes.List(), storageClass, ConsumerOf(key));
    }

    /// <summary>What a volume is on its own account: free, bound, or released by a claim that is gone.</summary>
    /// <param name="volume">The volume.</param>
    /// <param name="claim">The claim it names; null when that is gone, or another of its name took its place.</param>
    internal static Plan Reconcile(V1PersistentVolume volume, V1PersistentVolumeClaim? claim)
    {
        if (volume.Spec.ClaimRef is not { } of || string.IsNullOrEmpty(of.Uid))
            return Set(volume, "Available", null);
        if (claim is not null)
        {
            // The claim says so too before the volume counts as bound, unless it is just about to.
            return claim.Spec.VolumeName == volume.Metadata.Name ? Set(volume, "Bound", null) : Plan.Nothing;
        }

        return (volume.Spec.PersistentVolumeReclaimPolicy ?? "Retain") switch
        {
            "Retain" => Set(volume, "Released", null),

            // Whoever made it takes it away; nobody here knows how to empty one.
            _ when volume.Metadata.Annotations?.ContainsKey("pv.kubernetes.io/provisioned-by") == true => Set(volume, "Released", null),
            var policy => volume.Status?.Phase == "Failed" ? Plan.Nothing : Failed(volume, policy),
        };
    }

    private static Plan Failed(V1PersistentVolume volume, string policy)
    {
        var message = policy == "Delete"
            ? $"error getting deleter volume plugin for volume \"{volume.Metadata.Name}\": no deletable volume plugin matched"
            : $"no recyclable volume plugin matched for volume \"{volume.Metadata.Name}\"";
        return Plan.Of(ClaimBinding.VolumePhase(volume, "Failed", message), new Tell(volume, "Warning", policy == "Delete" ? "VolumeFailedDelete" : "VolumeFailedRecycle", message));
    }

    private static Plan Set(V1PersistentVolume volume, string phase, string? message) =>
        volume.Status?.Phase == phase ? Plan.Nothing : Plan.Of(ClaimBinding.VolumePhase(volume, phase, message));

    private V1Node? ConsumerOf(ObjectKey claim) =>
        _pods.ByIndex(ByClaim, claim.ToString()).Select(p => p.Spec.NodeName).Where(n => !string.IsNullOrEmpty(n)).Select(n => _nodes.Get(null, n)).FirstOrDefault(n => n is not null);

    private V1PersistentVolumeClaim? ClaimOf(V1PersistentVolume volume) =>
        volume.Spec.ClaimRef is { } of && _claims.Get(of.NamespaceProperty, of.Name) is { } claim && claim.Metadata.Uid == of.Uid ? claim : null;

    // A free volume may be what a waiting claim asks for.
    private IEnumerable<ObjectKey> ConcernedBy(V1PersistentVolume volume)
    {
        yield return new ObjectKey("", volume.Metadata.Name);
        if (volume.Spec.ClaimRef is { } of)
        {
            yield return new ObjectKey(of.NamespaceProperty ?? "", of.Name);
            yield break;
        }

        foreach (var claim in _claims.List().Where(c => IsPending(c) && VolumeMatch.ClassOf(c) == (volume.Spec.StorageClassName ?? "")))
            yield return ObjectKey.Of(claim);
    }

    private static bool IsPending(V1PersistentVolumeClaim claim) => claim.Status?.Phase is null or "Pending";

    private static IEnumerable<ObjectKey> ClaimsOf(V1Pod pod) => (pod.Spec.Volumes ?? [])
        .Select(v => v.PersistentVolumeClaim?.ClaimName).OfType<string>().Select(name => new ObjectKey(pod.Metadata.NamespaceProperty ?? "", name));
}
