using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>Kinds of change that can make room for a pod that found no node.</summary>
[Flags]
public enum ClusterChange
{
    /// <summary>Nothing that helps anybody.</summary>
    None = 0,

    /// <summary>A node appeared.</summary>
    NodeAdded = 1,

    /// <summary>A node offers other amounts than before.</summary>
    NodeAllocatable = 2,

    /// <summary>A node's labels changed.</summary>
    NodeLabels = 4,

    /// <summary>A node's taints changed, or it was cordoned or uncordoned.</summary>
    NodeTaints = 8,

    /// <summary>A pod left a node, or asks for less.</summary>
    PodRemoved = 16,

    /// <summary>A pod came onto a node.</summary>
    PodAdded = 32,

    /// <summary>A placed pod's labels changed.</summary>
    PodLabels = 64,

    /// <summary>A namespace's labels changed.</summary>
    NamespaceLabels = 128,

    /// <summary>A claim, volume or storage class appeared or changed.</summary>
    Volumes = 256,

    /// <summary>Tries everything again.</summary>
    All = 511,
}

/// <summary>Tells what changed between two versions of an object.</summary>
public static class ClusterChanges
{
    /// <summary>What changed on a node that could help a waiting pod. A heartbeat changes nothing.</summary>
    public static ClusterChange Between(V1Node old, V1Node now)
    {
        var change = ClusterChange.None;
        if (!SameMap(old.Status?.Allocatable, now.Status?.Allocatable, (a, b) => a.Equals(b)))
        {
            change |= ClusterChange.NodeAllocatable;
        }

        if (!SameMap(old.Metadata.Labels, now.Metadata.Labels, string.Equals))
        {
            change |= ClusterChange.NodeLabels;
        }

        if (!SameTaints(old.Spec?.Taints, now.Spec?.Taints) || old.Spec?.Unschedulable == true != (now.Spec?.Unschedulable == true))
        {
            change |= ClusterChange.NodeTaints;
        }

        return change;
    }

    /// <summary>What changed on a placed pod that could help a waiting one.</summary>
    public static ClusterChange Between(PodInfo old, PodInfo now)
    {
        var change = ClusterChange.None;
        if (!SameMap(old.Labels, now.Labels, string.Equals))
        {
            change |= ClusterChange.PodLabels;
        }

        if (ResourceAmounts.Max(old.Requests, now.Requests) is var most && (most - now.Requests) is var freed
            && (freed.MilliCpu > 0 || freed.Memory > 0 || freed.EphemeralStorage > 0 || freed.Extended.Values.Any(v => v > 0)))
        {
            change |= ClusterChange.PodRemoved;
        }

        return change;
    }

    private static bool SameTaints(IList<V1Taint>? a, IList<V1Taint>? b) =>
        (a ?? []).Select(t => (t.Key, t.Value, t.Effect)).SequenceEqual((b ?? []).Select(t => (t.Key, t.Value, t.Effect)));

    private static bool SameMap<TValue>(IDictionary<string, TValue>? a, IDictionary<string, TValue>? b, Func<TValue, TValue, bool> same)
    {
        if ((a?.Count ?? 0) != (b?.Count ?? 0))
        {
            return false;
        }

        return a is null || b is null || a.All(p => b.TryGetValue(p.Key, out var other) && same(p.Value, other));
    }
}
