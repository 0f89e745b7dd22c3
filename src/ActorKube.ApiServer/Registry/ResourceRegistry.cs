using System.Collections.Concurrent;
using ActorKube.Api.Kinds;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.Encryption;
using ActorKube.ApiServer.History;
using ActorKube.ApiServer.ResourceMetrics;
using ActorKube.ApiServer.WatchCache;
using Akka.Actor;
using Akka.Configuration;

namespace ActorKube.ApiServer.Registry;

/// <summary>
/// Every stored kind with its cache. A cache starts when its resource type is first asked for, so that a process that serves
/// sixty kinds does not load sixty to begin with.
/// </summary>
internal sealed class ResourceRegistry
{
    // Extension groups that the server itself answers.
    private static readonly CustomResourceKind[] Own = [HistoryKinds.Changes, MetricsKinds.Nodes, MetricsKinds.Pods];

    private readonly IActorRef _store;
    private readonly IActorRef _watchCaches;
    private readonly ApiServerSettings _settings;
    private readonly TimeProvider _time;
    private readonly EncryptionAtRest? _encryption;
    private readonly ConcurrentDictionary<ResourceKind, Lazy<ServedResource>> _served = [];
    private volatile KindRegistry _kinds = KindRegistry.WithCustom(Own);
    private readonly ConcurrentDictionary<string, Lazy<(ResourceCache Cache, RevisionReader Revisions)>> _stored = [];

    /// <summary>The registry of the built-in kinds.</summary>
    /// <param name="store">The store.</param>
    /// <param name="watchCaches">The <see cref="WatchCacheSupervisor"/>.</param>
    /// <param name="settings">How much history caches keep.</param>
    /// <param name="time">Clock.</param>
    /// <param name="encryption">How objects are stored; null when all are JSON.</param>
    public ResourceRegistry(IActorRef store, IActorRef watchCaches, ApiServerSettings settings, TimeProvider time, EncryptionAtRest? encryption = null) =>
        (_store, _watchCaches, _settings, _time, _encryption) = (store, watchCaches, settings, time, encryption);

    /// <summary>The kinds as of now: a snapshot that never changes.</summary>
    public KindRegistry Kinds => _kinds;

    /// <summary>The caches that were asked for so far.</summary>
    public IEnumerable<ResourceCache> Caches => _stored.Values.Where(s => s.IsValueCreated).Select(s => s.Value.Cache);

    /// <summary>A stored kind.</summary>
    public ServedResource Of(ResourceKind kind) => _served.GetOrAdd(kind, k => new Lazy<ServedResource>(() => Serve(k))).Value;

    /// <summary>The stored kind of a model class.</summary>
    public ServedResource Of<T>() => Of(Kinds.Of(typeof(T)));

    /// <summary>The stored kind of a resource type as configuration names it. Throws <see cref="ConfigurationException"/> when there is none.</summary>
    public ServedResource Stored(string groupResource) => Kinds.All.FirstOrDefault(k => k.IsStored && k.GroupResource == groupResource && StorageVersions.Of(k).Stored == k) is { } kind
        ? Of(kind)
        : throw new ConfigurationException($"actorkube.apiserver.encryption.resources: there is no resource '{groupResource}'");

    /// <summary>Takes the custom kinds that there are from now on. What is gone or changed ends its watches; what is gone altogether also frees its cache.</summary>
    public void SetCustom(IReadOnlyCollection<CustomResourceKind> kinds)
    {
        var before = _kinds.All.OfType<CustomResourceKind>().Except(Own).ToList();
        _kinds = KindRegistry.WithCustom([.. Own, .. kinds]);
        foreach (var gone in before.Except(kinds))
        {
            if (_served.TryRemove(gone, out var served) && served.IsValueCreated)
            {
                served.Value.Retire();
            }
        }

        foreach (var resource in before.Select(k => k.GroupResource).Except(kinds.Select(k => k.GroupResource)))
        {
            if (_stored.TryRemove(resource, out var stored) && stored.IsValueCreated)
            {
                _watchCaches.Tell(new WatchCacheSupervisor.Stop(stored.Value.Cache));
            }
        }
    }

    private ServedResource Serve(ResourceKind kind)
    {
        if (kind is CustomResourceKind custom)
        {
            var (objects, newest) = _stored.GetOrAdd(kind.GroupResource, _ => new(() => Open(kind))).Value;
            return new ServedResource { Kind = kind, Strategy = custom.Strategy, Cache = objects, Revisions = newest, Converter = new CustomResourceConverter(custom) };
        }

        var (stored, converter) = StorageVersions.Of(kind);
        var (cache, revisions) = _stored.GetOrAdd(stored.GroupResource, _ => new(() => Open(stored))).Value;
        return new ServedResource { Kind = kind, Strategy = StrategyRegistry.BuiltIn.Of(kind), Cache = cache, Revisions = revisions, Converter = converter };
    }

    private (ResourceCache Cache, RevisionReader Revisions) Open(ResourceKind stored)
    {
        var cache = new ResourceCache(stored.GroupResource, stored.ClrType!, _settings.WatchHistory, _time, _encryption);
        _watchCaches.Tell(new WatchCacheSupervisor.Start(cache));
        return (cache, new RevisionReader(stored.GroupResource, _store, _settings.StoreTimeout));
    }
}
