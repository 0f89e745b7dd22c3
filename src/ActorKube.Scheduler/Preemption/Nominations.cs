namespace ActorKube.Scheduler.Preemption;

/// <summary>
/// Waiting pods for which a node is being cleared. Until they are there, others of the same or a lower priority count them as if they
/// ran on it already. Not thread-safe: the scheduler's state owns it.
/// </summary>
public sealed class Nominations
{
    private readonly Dictionary<string, (PodInfo Pod, string Node)> _byUid = new(StringComparer.Ordinal);

    /// <summary>The node that is being cleared for the pod, or null.</summary>
    public string? NodeOf(string uid) => _byUid.TryGetValue(uid, out var entry) ? entry.Node : null;

    /// <summary>The pod is to come to the node.</summary>
    public void Put(PodInfo pod, string node) => _byUid[pod.Uid] = (pod, node);

    /// <summary>The pod is placed, gone, or looks for another node.</summary>
    public void Remove(string uid) => _byUid.Remove(uid);

    /// <summary>Pods of a lower priority that are to come to the node.</summary>
    public IReadOnlyList<PodInfo> Below(int priority, string node) => [.. _byUid.Values.Where(e => e.Node == node && e.Pod.Priority < priority).Select(e => e.Pod)];

    /// <summary>The cluster as a pod of that priority has to see it: with those on their nodes that go before it.</summary>
    public Snapshot SeenBy(PodInfo pod, Snapshot snapshot)
    {
        foreach (var (other, node) in _byUid.Values)
        {
            if (other.Uid != pod.Uid && other.Priority >= pod.Priority && snapshot.Find(node) is { } info)
                snapshot = snapshot.With(info.With(other));
        }

        return snapshot;
    }
}
