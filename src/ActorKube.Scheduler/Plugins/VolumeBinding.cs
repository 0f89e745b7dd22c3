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

            return CanAllBeHad(node) ? null : NoneToBind;
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

        private V1StorageClass? ClassOf(V1PersistentVolumeClaim claim) => _view.Classes.GetValueOrDefault(VolumeMatch.ClassOf(claim));

        // Each claim takes a volume of its own, as the binder will give it one; what no volume is there for can perhaps be made.
        private bool CanAllBeHad(NodeInfo node)
        {
            HashSet<string>? taken = null;
            foreach (var claim in _waiting)
            {
                var free = _view.Volumes.Values.Where(v => taken?.Contains(v.Metadata.Name) is not true && VolumeFacts.IsReachable(v, node.Labels, node.Name));
                if (VolumeMatch.Find(claim, free) is { } found)
                {
                    (taken ??= []).Add(found.Metadata.Name);
                }
                else if (ClassOf(claim)?.Provisioner is null or NoProvisioner)
                {
                    return false;
                }
            }

            return true;
        }
    }
}
