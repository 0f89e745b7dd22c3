using k8s.Models;

namespace ActorKube.ControllerManager.Nodes;

/// <summary>Whether the pods of a node that is not ready may be driven away.</summary>
public enum EvictionPermit
{
    /// <summary>No: nothing is ready anywhere.</summary>
    None,

    /// <summary>Not yet: other nodes are first.</summary>
    Wait,

    /// <summary>Yes.</summary>
    Granted,
}

/// <summary>
/// Lets only so many nodes have their pods driven away at a time: when many nodes fall silent at once, the fault is rather in the network or here than in all of them.
/// Where no node of any zone is ready, nobody is driven away at all.
/// </summary>
internal sealed class EvictionPermits(NodeLifecycleSettings settings)
{
    private readonly Dictionary<string, DateTimeOffset> _nextByZone = [];
    private readonly HashSet<string> _granted = [];

    /// <summary>Whether the node's pods may be driven away now, and if not, when to ask again.</summary>
    /// <param name="node">A node that is not ready.</param>
    /// <param name="nodes">All nodes with whether each is ready.</param>
    /// <param name="now">The time.</param>
    public (EvictionPermit Permit, TimeSpan? AskAgain) Ask(V1Node node, IReadOnlyCollection<(V1Node Node, bool Ready)> nodes, DateTimeOffset now)
    {
        if (nodes.All(n => !n.Ready))
        {
            _granted.Clear();
            return (EvictionPermit.None, null);
        }

        if (_granted.Contains(node.Metadata.Uid))
            return (EvictionPermit.Granted, null);
        var zone = ZoneOf(node);
        var interval = IntervalOf([.. nodes.Where(n => ZoneOf(n.Node) == zone)]);
        if (interval is null)
            return (EvictionPermit.Wait, settings.EvictionInterval);
        if (_nextByZone.TryGetValue(zone, out var next) && next > now)
            return (EvictionPermit.Wait, next - now);
        _nextByZone[zone] = now + interval.Value;
        _granted.Add(node.Metadata.Uid);
        return (EvictionPermit.Granted, null);
    }

    /// <summary>The node is ready again, or gone.</summary>
    public void Return(string uid) => _granted.Remove(uid);

    private TimeSpan? IntervalOf(IReadOnlyList<(V1Node Node, bool Ready)> zone)
    {
        var down = zone.Count(n => !n.Ready);
        if (down <= 2 || (double)down / zone.Count < settings.UnhealthyZoneThreshold)
            return settings.EvictionInterval;
        return zone.Count > settings.LargeClusterSize ? settings.SecondaryEvictionInterval : null;
    }

    private static string ZoneOf(V1Node node)
    {
        var labels = node.Metadata.Labels ?? new Dictionary<string, string>();
        return $"{(labels.TryGetValue("topology.kubernetes.io/region", out var region) ? region : "")}/{(labels.TryGetValue("topology.kubernetes.io/zone", out var zone) ? zone : "")}";
    }
}
