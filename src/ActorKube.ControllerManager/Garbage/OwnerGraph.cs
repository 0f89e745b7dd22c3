using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.ControllerManager.Garbage;

/// <summary>An object in the graph of owners.</summary>
internal sealed class OwnerNode(string uid)
{
    public string Uid { get; } = uid;

    /// <summary>The kind; null for an owner that cannot be asked for.</summary>
    public ResourceKind? Kind { get; set; }

    public string Namespace { get; set; } = "";

    public string Name { get; set; } = "";

    public string ResourceVersion { get; set; } = "";

    /// <summary>Known only because others name it as their owner; whether it exists is not known.</summary>
    public bool IsVirtual { get; set; }

    public bool IsBeingDeleted { get; set; }

    /// <summary>Being deleted in the foreground: it waits for its dependents to go first.</summary>
    public bool WaitsForDependents { get; set; }

    /// <summary>Being deleted while its dependents stay: it waits until they have let go of it.</summary>
    public bool Orphans { get; set; }

    public IReadOnlyList<V1OwnerReference> Owners { get; set; } = [];

    public HashSet<OwnerNode> Dependents { get; } = [];

    public override string ToString() => $"{Kind?.GroupResource} {Namespace}/{Name}";
}

/// <summary>
/// Who owns whom, over all kinds, by uid. Each change returns the uids that need a look. Pure but for its state; the collector owns it.
/// </summary>
internal sealed class OwnerGraph
{
    private const string Foreground = "foregroundDeletion";
    private const string Orphan = "orphan";
    private const int RememberedAbsent = 10_000;

    private readonly Dictionary<string, OwnerNode> _nodes = [];
    private readonly HashSet<string> _absent = [];
    private readonly Queue<string> _absentInOrder = new();
    private KindRegistry _kinds = KindRegistry.BuiltIn;

    public int Count => _nodes.Count;

    public OwnerNode? Find(string uid) => _nodes.GetValueOrDefault(uid);

    /// <summary>Whether an owner of that uid is known not to exist.</summary>
    public bool IsAbsent(string uid) => _absent.Contains(uid);

    /// <summary>The kinds that there are from now on: owners whose kind was not known before may be.</summary>
    public IReadOnlyCollection<string> SetKinds(KindRegistry kinds)
    {
        _kinds = kinds;
        var look = new List<string>();
        foreach (var owner in _nodes.Values.Where(n => n is { IsVirtual: true, Kind: null }))
        {
            foreach (var dependent in owner.Dependents)
            {
                if (dependent.Owners.FirstOrDefault(o => o.Uid == owner.Uid) is { } reference && VirtualOwner(dependent, reference) is { Kind: not null } known)
                {
                    (owner.Kind, owner.Name, owner.Namespace) = (known.Kind, known.Name, known.Namespace);
                    look.Add(owner.Uid);
                    look.AddRange(owner.Dependents.Select(d => d.Uid));
                    break;
                }
            }
        }

        return look;
    }

    /// <summary>An object is there in this state.</summary>
    public IReadOnlyCollection<string> Observe(ResourceKind kind, V1ObjectMeta metadata)
    {
        var look = new HashSet<string>();
        var node = _nodes.GetValueOrDefault(metadata.Uid);
        if (node is null)
            _nodes[metadata.Uid] = node = new OwnerNode(metadata.Uid);
        node.IsVirtual = false;
        (node.Kind, node.Namespace, node.Name, node.ResourceVersion) = (kind, metadata.NamespaceProperty ?? "", metadata.Name, metadata.ResourceVersion ?? "");
        node.IsBeingDeleted = metadata.DeletionTimestamp is not null;
        var finalizers = metadata.Finalizers ?? [];
        node.WaitsForDependents = node.IsBeingDeleted && finalizers.Contains(Foreground);
        node.Orphans = node.IsBeingDeleted && finalizers.Contains(Orphan);
        SetOwners(node, [.. metadata.OwnerReferences ?? []], look);
        if (node.WaitsForDependents || node.Orphans)
        {
            look.Add(node.Uid);
            if (node.WaitsForDependents)
                look.UnionWith(node.Dependents.Select(d => d.Uid));
        }

        // A dependent that begins to go may be what its owner waits for.
        if (node.IsBeingDeleted)
            look.UnionWith(WaitingOwners(node));
        if (node.Owners.Count > 0)
            look.Add(node.Uid);
        return look;
    }

    /// <summary>An object is gone.</summary>
    public IReadOnlyCollection<string> Remove(string uid)
    {
        if (_absent.Add(uid))
        {
            _absentInOrder.Enqueue(uid);
            if (_absentInOrder.Count > RememberedAbsent)
                _absent.Remove(_absentInOrder.Dequeue());
        }

        if (!_nodes.Remove(uid, out var node))
            return [];
        var look = new HashSet<string>(node.Dependents.Select(d => d.Uid));
        look.UnionWith(WaitingOwners(node));
        foreach (var owner in node.Owners)
            Detach(node, owner.Uid);
        return look;
    }

    private void SetOwners(OwnerNode node, IReadOnlyList<V1OwnerReference> owners, HashSet<string> look)
    {
        foreach (var lost in node.Owners.Where(o => owners.All(n => n.Uid != o.Uid)))
        {
            if (Detach(node, lost.Uid) is { } former && (former.WaitsForDependents || former.Orphans))
                look.Add(former.Uid);
        }

        node.Owners = owners;
        foreach (var reference in owners)
        {
            if (_absent.Contains(reference.Uid))
                continue;
            if (!_nodes.TryGetValue(reference.Uid, out var owner))
            {
                owner = _nodes[reference.Uid] = VirtualOwner(node, reference);
                look.Add(owner.Uid);
            }

            owner.Dependents.Add(node);
            if (owner.WaitsForDependents || owner.Orphans)
                look.Add(owner.Uid);
        }
    }

    private OwnerNode VirtualOwner(OwnerNode dependent, V1OwnerReference reference)
    {
        var kind = _kinds.FindKind(reference.ApiVersion, reference.Kind);
        // A cluster-scoped object cannot have an owner in a namespace: there is nowhere to look for it.
        if (kind is { Namespaced: true } && dependent.Namespace.Length == 0)
            kind = null;
        return new OwnerNode(reference.Uid) { Kind = kind, IsVirtual = true, Name = reference.Name, Namespace = kind is { Namespaced: true } ? dependent.Namespace : "" };
    }

    private OwnerNode? Detach(OwnerNode node, string ownerUid)
    {
        if (!_nodes.TryGetValue(ownerUid, out var owner))
            return null;
        owner.Dependents.Remove(node);
        // A virtual owner nobody names any more is nothing.
        if (owner.IsVirtual && owner.Dependents.Count == 0)
            _nodes.Remove(ownerUid);
        return owner;
    }

    private IEnumerable<string> WaitingOwners(OwnerNode node) =>
        node.Owners.Select(o => _nodes.GetValueOrDefault(o.Uid)).OfType<OwnerNode>().Where(o => o.WaitsForDependents).Select(o => o.Uid);
}
