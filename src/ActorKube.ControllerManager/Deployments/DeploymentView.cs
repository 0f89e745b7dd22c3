using ActorKube.ControllerManager.Common;
using k8s.Models;

namespace ActorKube.ControllerManager.Deployments;

/// <summary>A Deployment and its ReplicaSets, with the numbers that every decision starts from.</summary>
internal sealed class DeploymentView
{
    private readonly Dictionary<string, int> _activeNow;
    private readonly Dictionary<string, int> _availableNow;

    private DeploymentView(V1Deployment deployment, IReadOnlyList<V1ReplicaSet> replicaSets, IEnumerable<V1Pod> pods, DateTimeOffset now)
    {
        var minReady = deployment.Spec.MinReadySeconds ?? 0;
        var active = pods.Where(PodFacts.IsActive).ToList();
        _activeNow = Count(active);
        _availableNow = Count(active.Where(p => PodFacts.IsAvailable(p, minReady, now)));
        Deployment = deployment;
        All = replicaSets;
        Replicas = deployment.Spec.Replicas ?? 1;
        New = replicaSets.FirstOrDefault(r => PodTemplates.Same(deployment.Spec.Template, r.Spec.Template));
        Old = [.. replicaSets.Where(r => !ReferenceEquals(r, New))];
        (MaxSurge, MaxUnavailable) = Limits(deployment, Replicas);
    }

    public V1Deployment Deployment { get; }

    /// <summary>All ReplicaSets, the oldest first.</summary>
    public IReadOnlyList<V1ReplicaSet> All { get; }

    /// <summary>The one with the current template, or null.</summary>
    public V1ReplicaSet? New { get; }

    /// <summary>All others, the oldest first.</summary>
    public IReadOnlyList<V1ReplicaSet> Old { get; }

    /// <summary>How many pods are wanted.</summary>
    public int Replicas { get; }

    /// <summary>How many more pods than wanted a rolling update may run.</summary>
    public int MaxSurge { get; }

    /// <summary>How many of the wanted pods may be unavailable.</summary>
    public int MaxUnavailable { get; }

    public bool IsRolling => Deployment.Spec.Strategy?.Type is null or "" or "RollingUpdate";

    /// <summary>Old ReplicaSets that still want pods.</summary>
    public IReadOnlyList<V1ReplicaSet> ActiveOld => [.. Old.Where(r => Size(r) > 0)];

    /// <summary>How many pods all ReplicaSets want together.</summary>
    public int TotalSize => All.Sum(Size);

    /// <summary>How many pods there are or will be: a ReplicaSet that was just made smaller still has its pods.</summary>
    public int TotalPods => All.Sum(r => Math.Max(Size(r), _activeNow.GetValueOrDefault(r.Metadata.Uid)));

    /// <summary>How many pods the ReplicaSets report as available.</summary>
    public int AvailablePods => All.Sum(Reported);

    /// <summary>How many pods of a ReplicaSet are surely available: reported so, seen so, and wanted. A ReplicaSet that was just made smaller still reports its former pods.</summary>
    public int SurelyAvailable(V1ReplicaSet replicaSet) => Math.Min(Size(replicaSet), Math.Min(Reported(replicaSet), Seen(replicaSet)));

    /// <summary>How many pods of a ReplicaSet are surely not available: neither reported nor seen so.</summary>
    public int SurelyUnavailable(V1ReplicaSet replicaSet) => Math.Max(0, Size(replicaSet) - Math.Max(Reported(replicaSet), Seen(replicaSet)));

    /// <summary>After so long without progress a rollout is called stuck; null for never.</summary>
    public TimeSpan? ProgressDeadline => (Deployment.Spec.ProgressDeadlineSeconds ?? 600) is var s and not int.MaxValue ? TimeSpan.FromSeconds(s) : null;

    public static int Size(V1ReplicaSet replicaSet) => replicaSet.Spec.Replicas ?? 1;

    /// <summary>Makes the view; the order of the ReplicaSets and pods does not matter.</summary>
    public static DeploymentView Of(V1Deployment deployment, IEnumerable<V1ReplicaSet> replicaSets, IEnumerable<V1Pod> pods, DateTimeOffset now) => new(deployment,
        [.. replicaSets.OrderBy(r => r.Metadata.CreationTimestamp).ThenBy(r => r.Metadata.Name, StringComparer.Ordinal)], pods, now);

    private static Dictionary<string, int> Count(IEnumerable<V1Pod> pods) =>
        pods.CountBy(p => Ownership.ControllerOf(p)?.Uid ?? "").ToDictionary(c => c.Key, c => c.Value);

    private static int Reported(V1ReplicaSet replicaSet) => replicaSet.Status?.AvailableReplicas ?? 0;

    private int Seen(V1ReplicaSet replicaSet) => _availableNow.GetValueOrDefault(replicaSet.Metadata.Uid);

    // Percentages of the wanted pods: surge rounds up, unavailability down. With 25 % and 25 % of 10: 3 and 2. Both zero would stand still, so one may be unavailable.
    private static (int Surge, int Unavailable) Limits(V1Deployment deployment, int replicas)
    {
        if (deployment.Spec.Strategy?.Type is not (null or "" or "RollingUpdate"))
            return (0, 0);
        var rolling = deployment.Spec.Strategy?.RollingUpdate;
        var surge = Percentages.Resolve(rolling?.MaxSurge ?? "25%", replicas, Math.Ceiling);
        var unavailable = Percentages.Resolve(rolling?.MaxUnavailable ?? "25%", replicas, Math.Floor);
        if (surge == 0 && unavailable == 0)
            unavailable = 1;
        return (surge, Math.Min(unavailable, replicas));
    }
}
