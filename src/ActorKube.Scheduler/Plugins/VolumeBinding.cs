using ActorKube.Api.Scheduling;
using k8s.Models;

namespace ActorKube.Scheduler.Plugins;

/// <summary>
/// A pod goes where the volumes behind its claims can be had. A claim that is to be bound at once must be bound before; one that waits for
/// its first consumer needs a node on which a volume for it is, or for which one can be made.
/// Source: https://kubernetes.io/docs/concepts/storage/storage-classes/#volume-binding-mode
/// </summary>
public sealed class VolumeBinding : SchedulerPlugin
{
    private const string NoProvisioner = "kubernetes.io/no-provisioner";

    /// <inheritdoc/>
    public override string Name => "VolumeBinding";

    /// <inheritdoc/>
    public override ClusterChange HelpedBy => ClusterChange.NodeAdded | ClusterChange.NodeLabels | ClusterChange.Volumes;

    /// <inheritdoc/>
    public override PodCheck? For(PodInfo pod, Snapshot snapshot)
    {
        List<string>? names = null;
        foreach (var volume in pod.Pod.Spec.Volumes ?? [])
        {
            if (volume.PersistentVolumeClaim is { } direct)
            {
                (names ??= []).Add(direct.ClaimName);
            }
            else if (volume.Ephemeral is not null)
            {
                (names ??= []).Add($"{pod.Name}-{volume.Name}");
            }
        }

        return names is null ? null : new Check(pod, names, snapshot.Volumes);
    }

    private sealed class Check : PodCheck
    {
        private static readonly Rejection Conflict = new("node(s) had volume node affinity conflict");
        private static readonly Rejection NoneToBind = new("node(s) didn't find available persistent volumes to bind");
        private readonly VolumeView _view;
        private readonly List<V1PersistentVolume> _bound = [];
        private readonly List<V1PersistentVolumeClaim> _waiting = [];
        private readonly Rejection? _everywhere;

        public Check(PodInfo pod, List<string> names, VolumeView view)
        {
            _view = view;
            foreach (var name in names)
            {
                if (Look(pod.Namespace, name) is { } problem)
                {
                    _everywhere ??= new Rejection(problem);
                }
            }
        }

        public override string? RejectsAll => _everywhere?.Reasons[0];

        public override bool HelpedByPreemption(NodeInfo node) => false;

        public override Rejection? Filter(NodeInfo node)
        {
            if (_everywhere is not null)
            {
                return _everywhere;
            }

            foreach (var volume in _bound)
            {
                if (!VolumeFacts.IsReachable(volume, node.Labels, node.Name))
                {
                    return Conflict;
                }
            }

            return _waiting.All(c => CanBeHad(c, node)) ? null : NoneToBind;
        }

        private string? Look(string ns, string name)
        {
            if (!_view.Claims.TryGetValue((ns, name), out var claim))
            {
                return $"persistentvolumeclaim \"{name}\" not found";
            }

            if (claim.Metadata.DeletionTimestamp is not null)
            {
                return $"persistentvolumeclaim \"{name}\" is being deleted";
            }

            if (claim.Status?.Phase == "Lost")
            {
                return $"persistentvolumeclaim \"{name}\" bound to non-existent persistentvolume \"{claim.Spec.VolumeName}\"";
            }

            if (!string.IsNullOrEmpty(claim.Spec.VolumeName) && claim.Status?.Phase == "Bound")
            {
                // A volume that is not seen yet is about to be.
                if (!_view.Volumes.TryGetValue(claim.Spec.VolumeName, out var volume))
                {
                    return $"persistentvolume \"{claim.Spec.VolumeName}\" not found";
                }

                _bound.Add(volume);
                return null;
            }

            if (ClassOf(claim)?.VolumeBindingMode != "WaitForFirstConsumer")
            {
                return "pod has unbound immediate PersistentVolumeClaims";
            }

            _waiting.Add(claim);
            return null;
        }

        private V1StorageClass? ClassOf(V1PersistentVolumeClaim claim) =>
            claim.Spec.StorageClassName is { Length: > 0 } name && _view.Classes.TryGetValue(name, out var found) ? found : null;

        private bool CanBeHad(V1PersistentVolumeClaim claim, NodeInfo node) =>
            ClassOf(claim)?.Provisioner is not (null or NoProvisioner)
            || _view.Volumes.Values.Any(v => v.Spec.StorageClassName == claim.Spec.StorageClassName && IsFreeFor(v, claim) && VolumeFacts.IsReachable(v, node.Labels, node.Name) && VolumeFacts.SizeOf(v) >= VolumeFacts.SizeOf(claim));

        private static bool IsFreeFor(V1PersistentVolume volume, V1PersistentVolumeClaim claim) =>
            volume.Spec.ClaimRef is null
                ? volume.Status?.Phase is null or "Available" or "Pending"
                : volume.Spec.ClaimRef.Name == claim.Metadata.Name && volume.Spec.ClaimRef.NamespaceProperty == claim.Metadata.NamespaceProperty;
    }
}
