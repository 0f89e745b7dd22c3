using ActorKube.ApiServer.Encryption;
using ActorKube.Store.Protocol;
using Akka.Actor;
using Akka.Event;

namespace ActorKube.ApiServer.WatchCache;

/// <summary>
/// Keeps one <see cref="ResourceCache"/> current from the store. Child of <see cref="WatchCacheSupervisor"/>, which restarts it
/// when it fails: it then subscribes again and gets a new snapshot.
/// </summary>
internal sealed class WatchCacheActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan BookmarkInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan CatchUpInterval = TimeSpan.FromSeconds(10);
    // A whole snapshot may be long on its way; the few events that somebody lacks who has the rest are not, and its readers and writers wait for them.
    private static readonly TimeSpan SnapshotPatience = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan EventsPatience = TimeSpan.FromSeconds(1);

    private readonly ResourceCache _cache;
    private readonly IActorRef _store;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<StoredObject> _parts = [];
    private bool _hasSnapshot;

    private sealed record BookmarkDue
    {
        public static BookmarkDue Instance { get; } = new();
    }

    // Another process' last message may be lost without a trace when a connection breaks; asking now and then finds out.
    private sealed record CatchUp
    {
        public static CatchUp Instance { get; } = new();
    }

    private sealed record SnapshotOverdue
    {
        public static SnapshotOverdue Instance { get; } = new();
    }

    public WatchCacheActor(ResourceCache cache, IActorRef store)
    {
        _cache = cache;
        _store = store;
        Receive<StoreEvents>(Handle);
        Receive<StoreSnapshot>(Collect);
        Receive<StoreMoved>(_ => Subscribe());
        Receive<CatchUp>(_ => Subscribe());
        Receive<BookmarkDue>(_ => _cache.TickBookmarks());
        Receive<SnapshotOverdue>(Handle);
    }

    /// <inheritdoc/>
    public ITimerScheduler Timers { get; set; } = null!;

    /// <inheritdoc/>
    protected override void PreStart()
    {
        Subscribe();
        Timers.StartPeriodicTimer(BookmarkDue.Instance, BookmarkDue.Instance, BookmarkInterval);
        Timers.StartPeriodicTimer(CatchUp.Instance, CatchUp.Instance, CatchUpInterval);
    }

    /// <inheritdoc/>
    protected override void PostStop() => _store.Tell(new Unsubscribe(_cache.Resource, Self));

    // What the cache has it need not be told again. The failure that a cache remembers goes with a whole snapshot only.
    private void Subscribe()
    {
        _parts.Clear();
        _store.Tell(new Subscribe(_cache.Resource, Self) { After = _hasSnapshot ? _cache.State?.Revision : null });
        Timers.StartSingleTimer(SnapshotOverdue.Instance, SnapshotOverdue.Instance, _hasSnapshot ? EventsPatience : SnapshotPatience);
    }

    private void Collect(StoreSnapshot part)
    {
        if (part.More)
        {
            _parts.AddRange(part.Objects);
            return;
        }

        var whole = _parts.Count == 0 ? part : part with { Objects = [.. _parts, .. part.Objects] };
        _parts.Clear();
        Handle(whole);
    }

    private void Handle(StoreSnapshot snapshot)
    {
        // From a process that does not know yet that the store has another owner. What was seen once stays seen; the question goes to the new one.
        if (_hasSnapshot && snapshot.Revision < _cache.State?.Revision)
            return;
        try
        {
            _cache.Apply(snapshot);
        }
        catch (UnreadableObjectException e)
        {
            // Asking again would bring the same bytes.
            Timers.Cancel(SnapshotOverdue.Instance);
            _log.Error("No {Resource} can be served: {Reason}", _cache.Resource, e.Message);
            _cache.Fail(e.Message);
            return;
        }

        _hasSnapshot = true;
        Timers.Cancel(SnapshotOverdue.Instance);
        _log.Debug("The cache of {Resource} starts at revision {Revision} with {Count} objects", snapshot.Resource, snapshot.Revision, snapshot.Objects.Count);
    }

    // Events that come before the snapshot are in the snapshot.
    private void Handle(StoreEvents events)
    {
        if (_hasSnapshot)
        {
            Timers.Cancel(SnapshotOverdue.Instance);
            if (_cache.HasGapBefore(events))
            {
                _log.Debug("Events of {Resource} were lost on their way from the store", _cache.Resource);
                Subscribe();
                return;
            }

            _cache.Apply(events);
        }
    }

    private void Handle(SnapshotOverdue _)
    {
        if (!_hasSnapshot)
            _log.Warning("The store has sent no snapshot of {Resource} yet; asking again", _cache.Resource);
        Subscribe();
    }
}
