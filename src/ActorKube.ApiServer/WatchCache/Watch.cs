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
internal sealed record WatchOptions(Selection Selection, long? After, bool InitialEvents, bool InitialEventsEnd, bool Bookmarks);

/// <summary>
/// One watch. It reads the cache's log at its own pace and turns changes into what they mean to its selector: an object that comes
/// into it is ADDED, one that leaves it is DELETED. Its pull keeps nobody waiting: when it is slower than the log is long, it ends with 410.
/// </summary>
internal static class Watch
{
    private const int MaxBatch = 256;

    /// <summary>Batches of events, each with at least one, until the token is cancelled. Throws a 410 <see cref="ApiException"/> when events were lost.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<ApiWatchEvent>> RunAsync(
        ServedResource resource, CacheState state, WatchOptions options, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var cache = resource.Cache;
        var log = state.Log;
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

        var tick = cache.BookmarkTick;
        while (!cancellationToken.IsCancellationRequested)
        {
            var changed = cache.Changed;
            var current = cache.State!;
            if (current.Log != log)
            {
                throw TooOld(after, current);
            }

            List<ApiWatchEvent>? events = null;
            for (; position < current.NextPosition && (events is null || events.Count < MaxBatch); position++)
            {
                var change = log.Read(position) ?? throw TooOld(after, current);
                if (change.Object.Revision > after && ToEvent(resource, change, options.Selection) is { } seen)
                {
                    (events ??= []).Add(seen);
                }
            }

            if (events is not null)
            {
                yield return events;
            }
            else if (options.Bookmarks && cache.BookmarkTick != tick)
            {
                tick = cache.BookmarkTick;
                yield return [Bookmark(resource, Math.Max(current.Revision, after), false)];
            }
            else if (position >= current.NextPosition)
            {
                await changed.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
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
