using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Encryption;
using ActorKube.Store.Protocol;

namespace ActorKube.ApiServer.WatchCache;

/// <summary>What a cache shows at one moment.</summary>
/// <param name="Revision">The store's revision up to which it is complete.</param>
/// <param name="Objects">The objects by key.</param>
/// <param name="Log">Recent changes.</param>
/// <param name="LogStart">The revision after which the log was begun.</param>
/// <param name="NextPosition">Position in the log of the first event after this state.</param>
internal sealed record CacheState(long Revision, SortedSnapshot<CachedObject> Objects, EventLog Log, long LogStart, long NextPosition);

/// <summary>
/// One resource type's current objects and recent changes. <see cref="WatchCacheActor"/> writes, from the store's messages;
/// everybody else reads without locks, from any thread.
/// </summary>
internal sealed class ResourceCache
{
    private readonly int _history;
    private readonly EncryptionAtRest? _encryption;
    private readonly PinnedStates _pins;
    private readonly Func<CacheState> _newest;
    private volatile string? _failure;
    private volatile CacheState? _state;
    private volatile TaskCompletionSource _changed = NewSignal();
    private readonly Sleepers _sleepers = new();
    private long _bookmarkTick;

    /// <summary>An empty cache, not ready until the store's snapshot arrives.</summary>
    /// <param name="resource">Resource type in the store.</param>
    /// <param name="type">Model class of its objects.</param>
    /// <param name="history">How many changes it keeps for watchers.</param>
    /// <param name="time">Clock for how long the state behind a continue token is kept.</param>
    /// <param name="encryption">How stored bytes are read; null when they are JSON.</param>
    public ResourceCache(string resource, Type type, int history, TimeProvider time, EncryptionAtRest? encryption = null)
    {
        Resource = resource;
        Type = type;
        _history = history;
        _encryption = encryption;
        _pins = new PinnedStates(time);
        _newest = () => _state!;
    }

    /// <summary>Resource type in the store.</summary>
    public string Resource { get; }

    /// <summary>Model class of the objects.</summary>
    public Type Type { get; }

    /// <summary>The newest state; null before the first snapshot.</summary>
    public CacheState? State => _state;

    /// <summary>Completes at the next change of anything here.</summary>
    public Task Changed => _changed.Task;

    /// <summary>Counts up when watchers that asked for bookmarks should get one.</summary>
    public long BookmarkTick => Volatile.Read(ref _bookmarkTick);

    /// <summary>States that a continue token stands for.</summary>
    public PinnedStates Pins => _pins;

    /// <summary>The newest state, once there is one.</summary>
    public ValueTask<CacheState> ReadyAsync(CancellationToken cancellationToken) => AtLeastAsync(-1, cancellationToken);

    /// <summary>The state once it has reached a revision.</summary>
    public ValueTask<CacheState> AtLeastAsync(long revision, CancellationToken cancellationToken) =>
        _state is { } state && state.Revision >= revision ? new ValueTask<CacheState>(state) : new ValueTask<CacheState>(WaitAsync(revision, cancellationToken));

    /// <summary>
    /// The object that a write of this process made, once the cache has it, so that writer, readers and watchers share one object.
    /// Null when so much happened since that the change is no longer in the log.
    /// </summary>
    public async ValueTask<CachedObject?> WrittenAsync(string key, long revision, CancellationToken cancellationToken)
    {
        var state = await AtLeastAsync(revision, cancellationToken).ConfigureAwait(false);
        if (state.Objects.Find(key) is { } current && current.Revision == revision)
        {
            return current;
        }

        return state.Log.PositionAfter(revision - 1, state.LogStart) is { } position && position < state.NextPosition
            && state.Log.Read(position) is { } change && change.Object.Revision == revision
            ? change.Object
            : null;
    }

    /// <summary>
    /// The objects as they were at a revision: from a pinned state, or by undoing recent changes; null when it is too long ago.
    /// </summary>
    public CacheState? AtRevision(long revision)
    {
        if (_state is not { } state || revision > state.Revision)
        {
            return null;
        }

        if (revision == state.Revision)
        {
            return state;
        }

        if (_pins.Find(revision) is { } pinned)
        {
            return pinned;
        }

        if (state.Log.PositionAfter(revision, state.LogStart) is not { } first)
        {
            return null;
        }

        var objects = state.Objects;
        for (var position = state.NextPosition - 1; position >= first; position--)
        {
            if (state.Log.Read(position) is not { } change)
            {
                return null;
            }

            objects = change.Previous is { } previous ? objects.Set(previous.Key, previous) : objects.Remove(change.Object.Key);
        }

        return state with { Revision = revision, Objects = objects, NextPosition = first };
    }

    /// <summary>Takes the store's snapshot. Watchers go on when nothing happened since; otherwise their log is gone and they must list again.</summary>
    public void Apply(StoreSnapshot snapshot)
    {
        if (_state?.Revision == snapshot.Revision)
        {
            return;
        }

        var objects = SortedSnapshot<CachedObject>.From(snapshot.Objects.Select(o => (o.Key, Read(o.Key, o.Revision, o.Value))));
        _failure = null;
        Publish(new CacheState(snapshot.Revision, objects, new EventLog(_history), snapshot.Revision, 0), null);
    }

    /// <summary>Whether something happened between what the cache shows and the first of these changes that is new to it.</summary>
    public bool HasGapBefore(StoreEvents changes) =>
        _state is { } state && changes.Events.FirstOrDefault(c => c.Revision > state.Revision) is { } next && next.Revision != state.Revision + 1;

    /// <summary>Takes durable changes. Those that the state already shows are passed over.</summary>
    public void Apply(StoreEvents changes)
    {
        if (_state is not { } state)
        {
            return;
        }

        var objects = state.Objects;
        var (revision, position) = (state.Revision, state.NextPosition);
        var seen = new List<CacheEvent>(changes.Events.Count);
        foreach (var change in changes.Events)
        {
            if (change.Revision <= revision)
            {
                continue;
            }

            revision = change.Revision;
            if (change.Type == StoreEventType.Advanced)
            {
                continue;
            }

            var entry = Read(change.Key, change.Revision, change.Value);
            var previous = objects.Find(change.Key);
            objects = change.Type == StoreEventType.Removed ? objects.Remove(change.Key) : objects.Set(change.Key, entry);
            var seenAs = new CacheEvent(position++, change.Type, entry, previous);
            seen.Add(seenAs);
            state.Log.Add(seenAs);
        }

        if (revision != state.Revision)
        {
            Publish(state with { Revision = revision, Objects = objects, NextPosition = position }, seen);
        }
    }

    /// <summary>Tells whoever waits for a newer state why there is none.</summary>
    public void Fail(string reason)
    {
        _failure = reason;
        Signal();
    }

    /// <summary>Makes watchers send their bookmarks.</summary>
    public void TickBookmarks()
    {
        Interlocked.Increment(ref _bookmarkTick);
        _sleepers.CallAll(() => _state);
    }

    /// <summary>Completes when there may be something for a watch to read or to do.</summary>
    public ValueTask SleepAsync(WatchCursor cursor) => _sleepers.SleepAsync(cursor, _newest);

    /// <summary>Wakes a watch for another reason than a change.</summary>
    public void Call(WatchCursor cursor) => _sleepers.Call(cursor, _newest);

    /// <summary>An object as the store has it. Throws <see cref="UnreadableObjectException"/>.</summary>
    public CachedObject Read(string key, long revision, ReadOnlyMemory<byte> stored) =>
        _encryption?.Open(Resource, key, stored) is { } json
            ? new CachedObject(key, revision, ObjectBytes.ToApiObject(json, revision, Type), json, _encryption.IsStale(Resource, stored.Span))
            : new CachedObject(key, revision, ObjectBytes.ToApiObject(stored, revision, Type), stored);

    private void Publish(CacheState state, IReadOnlyList<CacheEvent>? changes)
    {
        _sleepers.Publish(() => _state = state, state, changes);
        Signal();
    }

    private void Signal()
    {
        var signal = _changed;
        _changed = NewSignal();
        signal.SetResult();
    }

    // The signal is taken before the state is looked at, so a change in between is never missed.
    private async Task<CacheState> WaitAsync(long revision, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = _changed.Task;
            if (_state is { } state && state.Revision >= revision)
            {
                return state;
            }

            if (_failure is { } failure)
            {
                throw ApiError.Internal(failure);
            }

            await changed.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
