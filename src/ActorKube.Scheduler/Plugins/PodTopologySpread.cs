using ActorKube.Api.Machinery;
using ActorKube.Api.Scheduling;
using k8s.Models;

namespace ActorKube.Scheduler.Plugins;

/// <summary>
/// Spreads pods over zones, nodes or any other domain that a node label names. Pods of a controller that says nothing about it are
/// softly spread over nodes and zones. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/topology-spread-constraints/
/// </summary>
public sealed class PodTopologySpread : SchedulerPlugin
{
    internal const string HostnameKey = "kubernetes.io/hostname";

    /// <inheritdoc/>
    public override string Name => "PodTopologySpread";

    /// <inheritdoc/>
    public override ClusterChange HelpedBy =>
        ClusterChange.NodeAdded | ClusterChange.NodeLabels | ClusterChange.NodeTaints | ClusterChange.PodAdded | ClusterChange.PodRemoved | ClusterChange.PodLabels;

    /// <inheritdoc/>
    public override PodCheck? For(PodInfo pod, Snapshot snapshot)
    {
        if (pod.Pod.Spec.TopologySpreadConstraints is not { Count: > 0 } declared)
        {
            return pod.OwnerUid is null ? null : new SpreadScore(pod, snapshot, [.. Defaults(pod.OwnerUid)]);
        }

        var constraints = declared.Select(c => SpreadConstraint.From(pod.Pod, c)).ToList();
        var hard = constraints.Where(c => c.IsHard).ToArray();
        var soft = constraints.Where(c => !c.IsHard).ToArray();
        return hard.Length > 0 ? new SpreadFilter(pod, snapshot, hard, soft) : new SpreadScore(pod, snapshot, soft);
    }

    /// <summary>Kubernetes' built-in defaults; they mean the pods of the same controller.</summary>
    private static IEnumerable<SpreadConstraint> Defaults(string owner) =>
    [
        new SpreadConstraint(HostnameKey, 3, false, p => p.OwnerUid == owner, 0, true, false),
        new SpreadConstraint("topology.kubernetes.io/zone", 5, false, p => p.OwnerUid == owner, 0, true, false),
    ];
}

/// <summary>One constraint, ready to count. Immutable.</summary>
/// <param name="Key">The node label that names the domain.</param>
/// <param name="MaxSkew">How many more pods a domain may have than the emptiest one.</param>
/// <param name="IsHard">Whether breaking it keeps the pod off the node.</param>
/// <param name="Means">Which pods of the namespace are counted.</param>
/// <param name="MinDomains">With fewer domains than this the emptiest counts as having none.</param>
/// <param name="HonorsAffinity">Whether only nodes that the pod's node affinity allows are counted.</param>
/// <param name="HonorsTaints">Whether only nodes whose taints the pod tolerates are counted.</param>
public sealed record SpreadConstraint(string Key, int MaxSkew, bool IsHard, Func<PodInfo, bool> Means, int MinDomains, bool HonorsAffinity, bool HonorsTaints)
{
    /// <summary>Reads a declared constraint.</summary>
    public static SpreadConstraint From(V1Pod pod, V1TopologySpreadConstraint constraint)
    {
        LabelSelector selector = AffinityTerm.Narrowed(pod, constraint.LabelSelector, constraint.MatchLabelKeys);
        return new SpreadConstraint(
            constraint.TopologyKey,
            constraint.MaxSkew,
            constraint.WhenUnsatisfiable != "ScheduleAnyway",
            p => selector.Matches(p.Labels),
            constraint.MinDomains ?? 1,
            constraint.NodeAffinityPolicy != "Ignore",
            constraint.NodeTaintsPolicy == "Honor");
    }

    /// <summary>Whether the node is one that counts.</summary>
    public bool Counts(PodInfo pod, NodeInfo node) =>
        (!HonorsAffinity || NodeSelector.MatchesRequired(pod.Pod, node.Labels, node.Name))
        && (!HonorsTaints || Toleration.FindUntolerated(node.Taints, pod.Tolerations) is null);

    /// <summary>How many pods on the node are meant.</summary>
    public int PodsOn(PodInfo pod, NodeInfo node)
    {
        var count = 0;
        foreach (var other in node.Pods)
        {
            count += !other.IsTerminating && other.Namespace == pod.Namespace && Means(other) ? 1 : 0;
        }

        return count;
    }
}
