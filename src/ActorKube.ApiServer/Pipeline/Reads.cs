using ActorKube.Api.Machinery;
using ActorKube.ApiServer.History;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Client.Protocol;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>get, list and watch: all from the watch cache.</summary>
internal sealed class Reads(ApiServerSettings settings, PastStates past, TimeProvider time)
{
    private const long MaxWatchSeconds = 86400;

    /// <summary>One object, of now or of the moment that the request names.</summary>
    public async ValueTask<ApiResponse> GetAsync(RequestContext context) =>
        PastStates.IsAsked(context) ? Find(context, await past.StateAsync(context).ConfigureAwait(false)) : await GetCurrentAsync(context).ConfigureAwait(false);

    /// <summary>One object as it is.</summary>
    public static async ValueTask<ApiResponse> GetCurrentAsync(RequestContext context) =>
        Find(context, await Freshness.StateAsync(context.Resource, context.Query("resourceVersion"), context.Cancelled).ConfigureAwait(false));

    private static ApiResponse Find(RequestContext context, CacheState state)
    {
        var entry = state.Objects.Find(context.Key) ?? throw ApiError.NotFound(context.Kind, context.Request.Name);
        return new ApiResponse(200, context.Resource.View(entry.Object));
    }

    /// <summary>Objects, by pages when there is a limit.</summary>
    public async ValueTask<ApiResponse> ListAsync(RequestContext context)
    {
        var options = ListOptions.ForList(context);
        return new ApiResponse(200, null, await ListAsync(context, options).ConfigureAwait(false));
    }

    /// <summary>The page that the options ask for.</summary>
    public async ValueTask<ApiList> ListAsync(RequestContext context, ListOptions options)
    {
        var selection = SelectionOf(context);
        var resource = context.Resource;
        if (options.Continue.Length > 0)
        {
            var page = ContinueToken.Parse(options.Continue);
            return options.IsUnversioned
                ? Page(context, selection, await StateAsync(resource, page, context.Cancelled).ConfigureAwait(false), page.Start, options.Limit)
                : throw ApiError.BadRequest("specifying resource version is not allowed when using continue");
        }

        if (PastStates.IsAsked(context))
        {
            return Page(context, selection, await past.StateAsync(context).ConfigureAwait(false), "", 0);
        }

        var state = await Freshness.StateAsync(resource, options.Version, context.Cancelled).ConfigureAwait(false);
        if (options.IsExact)
        {
            state = resource.Cache.AtRevision(ResourceVersions.Parse(options.Version))
                ?? throw ApiError.Expired("The resourceVersion for the provided list is too old.");
        }

        // Any version will do: then Kubernetes gives everything at once.
        return Page(context, selection, state, "", options.Version == "0" ? 0 : options.Limit);
    }

    /// <summary>Opens a watch: throws an <see cref="ApiException"/> for what is wrong with the request.</summary>
    public async ValueTask<IAsyncEnumerable<IReadOnlyList<ApiWatchEvent>>> WatchAsync(RequestContext context)
    {
        var options = ListOptions.ForWatch(context);
        CheckName(context);
        if (PastStates.IsAsked(context))
        {
            throw ApiError.BadRequest("the past cannot be watched: at and atRevision are for get and list");
        }

        var selection = SelectionOf(context);
        var lifetime = options.TimeoutSeconds > 0 ? TimeSpan.FromSeconds(Math.Min(options.TimeoutSeconds, MaxWatchSeconds)) : settings.WatchTimeout;
        var initial = options.SendInitialEvents is true;
        long? after = initial || options.IsUnversioned ? null : ResourceVersions.Parse(options.Version);
        CacheState state;
        try
        {
            state = after is null
                ? await Freshness.StateAsync(context.Resource, options.Version, context.Cancelled).ConfigureAwait(false)
                : await Freshness.AnyAsync(context.Resource, context.Cancelled).ConfigureAwait(false);
        }
        catch (ApiException e) when (e.Code == 504)
        {
            // What is wrong with a version that could be read is told in the stream, as an ERROR event.
            return FailAsync(e);
        }

        return Watch.RunAsync(
            context.Resource,
            state,
            new WatchOptions(selection, after, initial, initial && options.Bookmarks, options.Bookmarks) { Lifetime = lifetime, Time = time },
            context.Cancelled);
    }

    // A page of a moment that is past, or of now for a list that goes on after its moment was forgotten.
    private async ValueTask<CacheState> StateAsync(ServedResource resource, ContinueToken page, CancellationToken cancelled)
    {
        if (page.Revision is { } revision)
        {
            if (page.IsOlderThan(PinnedStates.Lifetime, time.GetUtcNow()))
            {
                throw page.Expired();
            }

            await Freshness.StateAsync(resource, ResourceVersions.Format(revision), cancelled).ConfigureAwait(false);
            return resource.Cache.AtRevision(revision) ?? throw page.Expired();
        }

        var state = await Freshness.ConsistentAsync(resource, cancelled).ConfigureAwait(false);
        if (state.Revision != page.Forgotten)
        {
            return state;
        }

        // Nothing was written since: but a list of another moment shall have another version, or its client would take it for the same one.
        return await Freshness.AtLeastAsync(resource, await resource.Revisions.AdvanceAsync(state.Revision).WaitAsync(cancelled).ConfigureAwait(false), cancelled).ConfigureAwait(false);
    }

    // "ends with an error" as an enumeration that throws: the edge turns it into an ERROR event.
    private static async IAsyncEnumerable<IReadOnlyList<ApiWatchEvent>> FailAsync(ApiException error)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        throw error;
#pragma warning disable CS0162 // An iterator has a yield, even when it never comes to it.
        yield break;
#pragma warning restore CS0162
    }

    // A watch of one object by its URL may repeat the name in its field selector, but not name another.
    private static void CheckName(RequestContext context)
    {
        if (context.Request.Name.Length > 0 && context.Query("fieldSelector") is { Length: > 0 } text && FieldSelector.TryParse(text, out var fields, out _)
            && !fields.Requirements.Any(r => r is { Field: "metadata.name", Negated: false } && r.Value == context.Request.Name))
        {
            throw ApiError.BadRequest("fieldSelector metadata.name doesn't match requested name");
        }
    }

    /// <summary>The selection of a list, watch or deletecollection.</summary>
    public static Selection SelectionOf(RequestContext context) => Selection.Create(
        context.Strategy, context.Kind.Namespaced ? context.Request.Namespace : "", context.Query("labelSelector"), context.Query("fieldSelector"), context.Request.Name);

    private ApiList Page(RequestContext context, Selection selection, CacheState state, string start, long limit)
    {
        var resource = context.Resource;
        var items = limit > 0 ? new List<ApiObject>((int)Math.Min(limit, 1024)) : selection.IsEverything ? new List<ApiObject>(state.Objects.Count) : [];
        string? last = null;
        long remaining = 0;
        foreach (var entry in Candidates(state, selection, start))
        {
            if (limit > 0 && items.Count == limit)
            {
                remaining++;
                if (!selection.IsEverything)
                {
                    break;
                }

                continue;
            }

            var view = resource.View(entry.Object);
            if (selection.Matches(entry, view))
            {
                items.Add(view);
                last = entry.Key;
            }
        }

        var version = ContinueToken.Version(state);
        if (remaining == 0)
        {
            return new ApiList(items, version);
        }

        resource.Cache.Pins.Add(state);
        var token = new ContinueToken(state.Revision, ContinueToken.After(last!), time.GetUtcNow()).ToString();
        return new ApiList(items, version, token, selection.IsEverything ? remaining : null);
    }

    private static IEnumerable<CachedObject> Candidates(CacheState state, Selection selection, string start)
    {
        if (selection.OnlyKey is not { } key)
        {
            return state.Objects.Range(selection.Prefix, start);
        }

        return state.Objects.Find(key) is { } entry && string.CompareOrdinal(key, start) >= 0 ? [entry] : [];
    }
}
