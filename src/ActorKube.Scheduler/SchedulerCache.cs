using System.Collections.Immutable;
using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>
/// What the scheduler knows of the cluster: nodes, the pods on them, and pods that it has just placed itself and whose binding the
/// API server has not yet shown (<em>assumed</em>), so that the next cycle already counts them. Not thread-safe: the actor owns it.
/// </summary>
public sealed class SchedulerCache
{
    private readonly Dictionary<string, NodeInfo> _unseen = [];
    private readonly Dictionary<string, (PodInfo Pod, string Node, bool Assumed)> _pods = [];
    private Dictionary<string, int> _index = [];
    private NodeInfo[] _nodes = [];
    private int _podsWithAffinity;
    private ImmutableDictionary<string, IDictionary<string, string>> _namespaces = ImmutableDictionary<string, IDictionary<string, string>>.Empty;
    private VolumeView _volumes = VolumeView.Empty;
    private Snapshot? _snapshot;

    /// <summary>Pods that are placed, assumed ones included.</summary>
    public int PodCount => _pods.Count;

    /// <summary>Pods placed by us that the API server has not yet shown.</summary>
    public int AssumedCount { get; private set; }

    /// <summary>The cluster as it is now. Taken again without a change between, it is the same object.</summary>
    public Snapshot Snapshot() => _snapshot ??= new Snapshot(_nodes, _index, _podsWithAffinity > 0, _namespaces, _volumes);

    /// <summary>Whether the pod is placed by us and not yet shown by the API server.</summary>
    public bool IsAssumed(string uid) => _pods.TryGetValue(uid, out var entry) && entry.Assumed;

    /// <summary>Whether the pod is on a node, assumed or not.</summary>
    public bool Contains(string uid) => _pods.ContainsKey(uid);

    /// <summary>Adds or replaces a node.</summary>
    public void PutNode(V1Node node)
    {
        var name = node.Metadata.Name;
        if (_index.TryGetValue(name, out var i))
        {
            Replace(i, _nodes[i].With(node));
            return;
        }

        // The index is shared with snapshots, so it is replaced, not changed. Nodes come and go seldom.
        _index = new Dictionary<string, int>(_index) { [name] = _nodes.Length };
        _nodes = [.. _nodes, (_unseen.Remove(name, out var known) ? known : NodeInfo.Named(name)).With(node)];
        _snapshot = null;
    }

    /// <summary>Removes a node; pods on it stay known until they are deleted.</summary>
    public void RemoveNode(string name)
    {
        if (!_index.TryGetValue(name, out var i))
        {
            return;
        }

        if (_nodes[i].Pods.Length > 0)
        {
            _unseen[name] = _nodes[i].WithoutNode();
        }

        _nodes = [.. _nodes[..i], .. _nodes[(i + 1)..]];
        _index = _nodes.Select((n, at) => (n.Name, at)).ToDictionary(p => p.Name, p => p.at);
        _snapshot = null;
    }

    /// <summary>Adds or replaces a pod that the API server shows on a node; an assumed one becomes certain, wherever it really is.</summary>
    public void PutPod(PodInfo pod) => Put(pod, pod.Pod.Spec.NodeName, assumed: false);

    /// <summary>Counts a pod on the node from now on, before its binding is written.</summary>
    public void Assume(PodInfo pod, string node)
    {
        if (_pods.ContainsKey(pod.Uid))
        {
            throw new InvalidOperationException($"pod {pod.Namespace}/{pod.Name} is already placed");
        }

        Put(pod, node, assumed: true);
    }

    /// <summary>Takes an assumption back. A pod that the API server has shown meanwhile stays.</summary>
    public bool Forget(string uid) => IsAssumed(uid) && RemovePod(uid);

    /// <summary>Removes a pod. Returns whether it was there.</summary>
    public bool RemovePod(string uid)
    {
        if (!_pods.Remove(uid, out var entry))
        {
            return false;
        }

        AssumedCount -= entry.Assumed ? 1 : 0;
        _podsWithAffinity -= entry.Pod.HasPodAffinity ? 1 : 0;
        Change(entry.Node, n => n.Without(entry.Pod));
        return true;
    }

    /// <summary>Adds or replaces a namespace's labels.</summary>
    public void PutNamespace(V1Namespace ns)
    {
        _namespaces = _namespaces.SetItem(ns.Metadata.Name, ns.Metadata.Labels ?? new Dictionary<string, string>());
        _snapshot = null;
    }

    /// <summary>Adds or replaces a claim, volume or storage class.</summary>
    public void PutVolumeFact(object value)
    {
        _volumes = _volumes.With(value);
        _snapshot = null;
    }

    /// <summary>Removes a claim, volume or storage class.</summary>
    public void RemoveVolumeFact(object value)
    {
        _volumes = _volumes.Without(value);
        _snapshot = null;
    }

    /// <summary>Removes a namespace.</summary>
    public void RemoveNamespace(string name)
    {
        _namespaces = _namespaces.Remove(name);
        _snapshot = null;
    }

    private void Put(PodInfo pod, string node, bool assumed)
    {
        RemovePod(pod.Uid);
        _pods[pod.Uid] = (pod, node, assumed);
        AssumedCount += assumed ? 1 : 0;
        _podsWithAffinity += pod.HasPodAffinity ? 1 : 0;
        Change(node, n => n.With(pod));
    }

    private void Change(string node, Func<NodeInfo, NodeInfo> how)
    {
        if (_index.TryGetValue(node, out var i))
        {
            Replace(i, how(_nodes[i]));
            return;
        }

        var changed = how(_unseen.GetValueOrDefault(node) ?? NodeInfo.Named(node));
        if (changed.Pods.IsEmpty)
        {
            _unseen.Remove(node);
        }
        else
        {
            _unseen[node] = changed;
        }
    }

    /// <summary>Copies the array once per snapshot that somebody holds: 40 KB for 5,000 nodes.</summary>
    private void Replace(int i, NodeInfo node)
    {
        if (_snapshot is not null)
        {
            _nodes = [.. _nodes];
            _snapshot = null;
        }

        _nodes[i] = node;
    }
}
