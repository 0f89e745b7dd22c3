using System.Collections.Immutable;
using ActorKube.Client;
using ActorKube.ControllerManager.Shell;
using Akka.Actor;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Quotas;

/// <summary>
/// Which objects of custom kinds there are, by resource type and namespace. The garbage collector watches them all and notes them here; quotas count them, and are told of what is gone.
/// Noted by one actor, read by another: a reader sees one state of each resource type.
/// </summary>
internal sealed class CustomObjects
{
    private readonly Lock _gate = new();
    private ImmutableDictionary<string, ImmutableDictionary<string, string>> _namespaces = ImmutableDictionary<string, ImmutableDictionary<string, string>>.Empty;
    private ImmutableHashSet<string> _listed = [];
    private ImmutableDictionary<string, ImmutableHashSet<string>> _left = ImmutableDictionary<string, ImmutableHashSet<string>>.Empty;
    private IActorRef? _subscriber;

    /// <summary>An object is gone, or all of a type are known for the first time.</summary>
    internal sealed record Less(string GroupResource, string Namespace);

    /// <summary>The objects of a resource type in a namespace, one uid for each; null while they are not all known.</summary>
    public IReadOnlyList<object>? In(string groupResource, string ns)
    {
        var (listed, all) = (Volatile.Read(ref _listed), Volatile.Read(ref _namespaces));
        return listed.Contains(groupResource) ? [.. all.GetValueOrDefault(groupResource, ImmutableDictionary<string, string>.Empty).Where(o => o.Value == ns).Select(o => o.Key)] : null;
    }

    /// <summary>An object is there.</summary>
    public void Seen(string groupResource, string uid, string? ns) =>
        Change(groupResource, objects => objects.SetItem(uid, ns ?? ""));

    /// <summary>An object is gone.</summary>
    public void Gone(string groupResource, string uid)
    {
        if (_namespaces.GetValueOrDefault(groupResource)?.GetValueOrDefault(uid) is { } ns)
        {
            Change(groupResource, objects => objects.Remove(uid));
            _subscriber?.Tell(new Less(groupResource, ns));
        }
    }

    /// <summary>All objects of a resource type are known.</summary>
    public void Listed(string groupResource)
    {
        List<string> spaces;
        lock (_gate)
        {
            _listed = _listed.Add(groupResource);
            spaces = [.. (_namespaces.GetValueOrDefault(groupResource)?.Values ?? []).Concat(_left.GetValueOrDefault(groupResource, [])).Distinct()];
            _left = _left.Remove(groupResource);
        }

        spaces.ForEach(ns => _subscriber?.Tell(new Less(groupResource, ns)));
    }

    /// <summary>The resource type is watched no more, or anew: how many there are is not known until it is listed, or its definition is gone and <see cref="Listed"/> says that there are none.</summary>
    public void Forget(string groupResource)
    {
        var spaces = (_namespaces.GetValueOrDefault(groupResource)?.Values ?? []).Distinct().ToList();
        lock (_gate)
        {
            _namespaces = _namespaces.Remove(groupResource);
            _listed = _listed.Remove(groupResource);
            _left = _left.SetItem(groupResource, [.. spaces.Concat(_left.GetValueOrDefault(groupResource, []))]);
        }
    }

    /// <summary>What a controller watches them by.</summary>
    /// <param name="keys">The keys that fewer objects of a resource type in a namespace concern.</param>
    public Source Source(Func<string, string, IEnumerable<ObjectKey>> keys) => new LossSource(this, keys);

    private void Change(string groupResource, Func<ImmutableDictionary<string, string>, ImmutableDictionary<string, string>> change)
    {
        lock (_gate)
        {
            _namespaces = _namespaces.SetItem(groupResource, change(_namespaces.GetValueOrDefault(groupResource, ImmutableDictionary<string, string>.Empty)));
        }
    }

    private sealed class LossSource(CustomObjects objects, Func<string, string, IEnumerable<ObjectKey>> keys) : Source
    {
        public override Type Kind => typeof(Less);

        internal override IReadOnlyList<Type> Messages { get; } = [typeof(Less)];

        // There is nothing to wait for: what is not known yet is not counted.
        internal override bool NeedsSync => false;

        internal override void Subscribe(IActorRef subscriber) => objects._subscriber = subscriber;

        internal override SourceChange? Read(object message) => message is Less less
            ? new SourceChange(new V1ResourceQuota { Metadata = new V1ObjectMeta { Name = "", NamespaceProperty = less.Namespace } }, true, keys(less.GroupResource, less.Namespace))
            : throw new ArgumentException($"{message.GetType()} is not about custom objects");

        internal override IKubernetesObject<V1ObjectMeta>? Find(ObjectKey key) => null;
    }
}
