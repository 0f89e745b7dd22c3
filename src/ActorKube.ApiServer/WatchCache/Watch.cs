using System.Runtime.CompilerServices;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;
using ActorKube.Client.Protocol;
using ActorKube.Store.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.WatchCache;

/// <summary>What a watch starts with and what it sends.</summary>
/// <param name="Selection">Which objects.</param>
/// <param name="After">Only changes after this revision; null to start from the state at hand.</param>
/// <param name="InitialEvents">Whether the objects of that state come first, as ADDED.</param>
/// <param name="InitialEventsEnd">Whether a bookmark tells when they are through.</param>
/// <param name="Bookmarks">Whether bookmarks come now and then.</param>
internal sealed record WatchOptions(Selection Selection, long? After, bool InitialEvents, bool InitialEventsEnd, bool Bookmarks)
{
    /// <summary>When the watch ends by itself; null: never.</summary>
    public TimeSpan? Lifetime { get; init; }

    /// <summary>Clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>
/// One watch. It reads the cache's log at its own pace and turns changes into what they mean to its selector: an object that comes
/// into it is ADDED, one that leaves it is DELETED. Its pull keeps nobody waiting: when it is slower than the log is long, it ends with 410.
/// </summary>
internal static class Watch
{
    private const int MaxBatch = 256;

    // The last bookmark comes this long before a watch ends, so that its client goes on from as close to now as can be.
    private static readonly TimeSpan LastBookmark = TimeSpan.FromSeconds(2);

    // A timer's clock is coarser than the one that ages are measured with: it must not ring before the time has come.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(20);

    /// <summary>Batches of events, each with at least one, until the token is cancelled. Throws a 410 <see cref="ApiException"/> when events were lost.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<ApiWatchEvent>> RunAsync(
        ServedResource resource, CacheState state, WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (cache, log, time) = (resource.Cache, state.Log, options.Time);
        var started = time.GetTimestamp();
        var after = options.After ?? state.Revision;
        var position = options.After is { } from
            ? log.PositionAfter(from, state.LogStart) ?? throw TooOld(from, state)
            : state.NextPosition;
        if (options.InitialEvents)
        {
            foreach (var batch in Initial(resource, state, options))
            {
                yield return batch;
            }
        }

        var cursor = new WatchCursor(options.Selection, log, position);
        await using var cancelled = cancellationToken.UnsafeRegister(_ => cache.Call(cursor), null);
        await using var retired = resource.Retired.UnsafeRegister(_ => cache.Call(cursor), null);
        var lastBookmark = options.Bookmarks && options.Lifetime > LastBookmark;
        var due = lastBookmark ? options.Lifetime - LastBookmark : options.Lifetime;
        await using var timer = due is null ? null : time.CreateTimer(_ => cache.Call(cursor), null, due.Value + Slack, Timeout.InfiniteTimeSpan);
        var tick = cache.BookmarkTick;
        while (!cancellationToken.IsCancellationRequested && !resource.Retired.IsCancellationRequested)
        {
            var current = cache.State!;
            var age = time.GetElapsedTime(started);
            if (age >= options.Lifetime)
            {
                yield break;
            }

            if (Read(resource, cursor, current, after, options.Selection) is { } events)
            {
                yield return events;
            }
            else if (cursor.Position < current.NextPosition)
            {
                continue;
            }
            else if (lastBookmark && age >= due)
            {
                lastBookmark = false;
                timer!.Change(options.Lifetime!.Value - age + Slack, Timeout.InfiniteTimeSpan);
                yield return [Bookmark(resource, Math.Max(current.Revision, after), false)];
            }
            else if (options.Bookmarks && cache.BookmarkTick != tick)
            {
                tick = cache.BookmarkTick;
                yield return [Bookmark(resource, Math.Max(current.Revision, after), false)];
            }
            else
            {
                await cache.SleepAsync(cursor).ConfigureAwait(false);
            }
        }
    }

    // The next batch for the watch, as far as one batch goes; null when what was read holds nothing for it.
    private static List<ApiWatchEvent>? Read(ServedResource resource, WatchCursor cursor, CacheState current, long after, Selection selection)
    {
        if (current.Log != cursor.Log)
        {
            throw TooOld(after, current);
        }

        List<ApiWatchEvent>? events = null;
        for (; cursor.Position < current.NextPosition && (events is null || events.Count < MaxBatch); cursor.Position++)
        {
            var change = cursor.Log.Read(cursor.Position) ?? throw TooOld(after, current);
            if (change.Object.Revision > after && ToEvent(resource, change, selection) is { } seen)
            {
                (events ??= []).Add(seen);
            }
        }

        return events;
    }

    /// <summary>What a change is to a selector; null when it is nothing.</summary>
    public static ApiWatchEvent? ToEvent(ServedResource resource, CacheEvent change, Selection selection)
    {
        // Most changes are to objects of other namespaces: look at the key before anything is decoded.
        if (selection.OnlyKey is { } key ? change.Object.Key != key : !change.Object.Key.StartsWith(selection.Prefix, StringComparison.Ordinal))
        {
            return null;
        }

        if (selection.IsEverything)
        {
            return new ApiWatchEvent(TypeOf(change.Type), resource.View(change.Object.Object));
        }

        var before = change.Previous is { } previous && selection.Matches(previous, resource.View(previous.Object));
        if (change.Type == StoreEventType.Removed)
        {
            return before ? new ApiWatchEvent("DELETED", resource.View(change.Object.Object)) : null;
        }

        var view = resource.View(change.Object.Object);
        return (before, selection.Matches(change.Object, view)) switch
        {
            (false, true) => new ApiWatchEvent("ADDED", view),
            (true, true) => new ApiWatchEvent("MODIFIED", view),
            (true, false) => new ApiWatchEvent("DELETED", resource.View(change.Left)),
            _ => null,
        };
    }

    private static IEnumerable<IReadOnlyList<ApiWatchEvent>> Initial(ServedResource resource, CacheState state, WatchOptions options)
    {
        var events = new List<ApiWatchEvent>();
        foreach (var entry in state.Objects.Range(options.Selection.Prefix))
        {
            var view = resource.View(entry.Object);
            if (!options.Selection.Matches(entry, view))
            {
                continue;
            }

            events.Add(new ApiWatchEvent("ADDED", view));
            if (events.Count == MaxBatch)
            {
                yield return events;
                events = [];
            }
        }

        if (options.InitialEventsEnd)
        {
            events.Add(Bookmark(resource, state.Revision, true));
        }

        if (events.Count > 0)
        {
            yield return events;
        }
    }

    private static ApiWatchEvent Bookmark(ServedResource resource, long revision, bool initialEventsEnd)
    {
        var mark = (IKubernetesObject<V1ObjectMeta>)resource.Strategy.NewObject();
        mark.Metadata.ResourceVersion = ResourceVersions.Format(revision);
        if (initialEventsEnd)
        {
            mark.Metadata.Annotations = new Dictionary<string, string> { ["k8s.io/initial-events-end"] = "true" };
        }

        return new ApiWatchEvent("BOOKMARK", new ApiObject(mark));
    }

    private static string TypeOf(StoreEventType type) => type switch
    {
        StoreEventType.Created => "ADDED",
        StoreEventType.Updated => "MODIFIED",
        StoreEventType.Removed => "DELETED",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "an unknown change"),
    };

    private static ApiException TooOld(long revision, CacheState state) =>
        ApiError.Expired($"too old resource version: {ResourceVersions.Format(revision)} ({ResourceVersions.Format(OldestRevision(state))})");

    private static long OldestRevision(CacheState state) =>
        state.Log.Oldest is var oldest && oldest > 0 && state.Log.Read(oldest) is { } change ? change.Object.Revision : state.LogStart;
}
