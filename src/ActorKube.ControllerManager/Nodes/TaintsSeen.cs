using k8s.Models;

namespace ActorKube.ControllerManager.Nodes;

/// <summary>
/// Since when each node has borne its NoExecute taints. Few who set one say when; the time a pod may stay counts from the moment at which
/// the taint was first seen here. Not thread-safe: the controller owns it.
/// </summary>
internal sealed class TaintsSeen
{
    private readonly Dictionary<string, Dictionary<(string Key, string Value), DateTimeOffset>> _nodes = new(StringComparer.Ordinal);

    /// <summary>Takes a node's taints in and says since when each is there.</summary>
    public Func<V1Taint, DateTimeOffset> Look(V1Node node, DateTimeOffset now)
    {
        var taints = (node.Spec?.Taints ?? []).Where(t => t.Effect == "NoExecute").Select(Key).ToHashSet();
        if (taints.Count == 0)
        {
            Forget(node.Metadata.Uid);
            return _ => now;
        }

        if (!_nodes.TryGetValue(node.Metadata.Uid, out var seen))
            _nodes[node.Metadata.Uid] = seen = [];
        foreach (var gone in seen.Keys.Where(k => !taints.Contains(k)).ToList())
            seen.Remove(gone);
        foreach (var taint in taints)
            seen.TryAdd(taint, now);
        return taint => taint.TimeAdded is { } added ? new DateTimeOffset(added, TimeSpan.Zero) : seen.GetValueOrDefault(Key(taint), now);
    }

    /// <summary>The node is gone.</summary>
    public void Forget(string uid) => _nodes.Remove(uid);

    private static (string Key, string Value) Key(V1Taint taint) => (taint.Key, taint.Value ?? "");
}
