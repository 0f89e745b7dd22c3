using System.Collections.Immutable;

namespace ActorKube.Scheduler;

/// <summary>The cluster at one moment, as one scheduling cycle sees it. Immutable; what did not change is shared with the snapshot before.</summary>
public sealed class Snapshot
{
    private readonly NodeInfo[] _nodes;
    private readonly IReadOnlyDictionary<string, int> _index;

    internal Snapshot(
        NodeInfo[] nodes, IReadOnlyDictionary<string, int> index, bool hasPodAffinity, ImmutableDictionary<string, IDictionary<string, string>> namespaceLabels,
        VolumeView volumes)
    {
        Volumes = volumes;
        _nodes = nodes;
        _index = index;
        HasPodAffinity = hasPodAffinity;
        NamespaceLabels = namespaceLabels;
    }

    /// <summary>The nodes, in the order they appeared.</summary>
    public ReadOnlySpan<NodeInfo> Nodes => _nodes;

    /// <summary>Whether any pod on a node says something about other pods.</summary>
    public bool HasPodAffinity { get; }

    /// <summary>Labels of the namespaces, for affinity terms that choose namespaces by label.</summary>
    public ImmutableDictionary<string, IDictionary<string, string>> NamespaceLabels { get; }

    /// <summary>Claims, volumes and storage classes.</summary>
    public VolumeView Volumes { get; }

    /// <summary>The same cluster with one node as it would be; what is not on that node is shared.</summary>
    public Snapshot With(NodeInfo node)
    {
        if (!_index.TryGetValue(node.Name, out var i))
        {
            return this;
        }

        NodeInfo[] nodes = [.. _nodes];
        nodes[i] = node;
        return new Snapshot(nodes, _index, HasPodAffinity || !node.PodsWithAffinity.IsEmpty, NamespaceLabels, Volumes);
    }

    /// <summary>A node by name, or null.</summary>
    public NodeInfo? Find(string name) => _index.TryGetValue(name, out var i) ? _nodes[i] : null;
}
