using System.Globalization;
using System.Runtime.CompilerServices;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Client.Protocol;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>get, list and watch: all from the watch cache.</summary>
internal sealed class Reads(ApiServerSettings settings)
{
    /// <summary>One object.</summary>
    public static async ValueTask<ApiResponse> GetAsync(RequestContext context)
    {
        var state = await Freshness.StateAsync(context.Resource, context.Query("resourceVersion"), context.Cancelled).ConfigureAwait(false);
        var entry = state.Objects.Find(context.Key) ?? throw ApiError.NotFound(context.Kind, context.Request.Name);
        return new ApiResponse(200, context.Resource.View(entry.Object));
    }

    /// <summary>Objects, by pages when there is a limit.</summary>
    public static async ValueTask<ApiResponse> ListAsync(RequestContext context)
    {
        var selection = SelectionOf(context);
        var limit = Number(context, "limit");
        var version = context.Query("resourceVersion") ?? "";
        var match = context.Query("resourceVersionMatch") ?? "";
        CheckListOptions(context, version, match);
        var page = context.Query("continue") is { Length: > 0 } token ? ContinueToken.Parse(token) : null;
        CacheState state;
        if (page is not null)
        {
            if (version is not ("" or "0"))
            {
                throw ApiError.BadRequest("specifying resource version is not allowed when using continue");
            }

            state = await Freshness.AnyAsync(context.Resource, context.Cancelled).ConfigureAwait(false);
            state = page.Revision is { } revision ? context.Resource.Cache.AtRevision(revision) ?? throw page.Expired() : state;
        }
        else
        {
            state = await Freshness.StateAsync(context.Resource, version, context.Cancelled).ConfigureAwait(false);
            if (match == "Exact")
            {
                state = context.Resource.Cache.AtRevision(ResourceVersions.Parse(version))
                    ?? throw ApiError.Expired($"The resourceVersion for the provided list is too old.");
            }
            else if (version == "0")
            {
                limit = 0;
            }
        }

        return Page(context, selection, state, page, limit);
    }

    /// <summary>Opens a watch: throws an <see cref="ApiException"/> for what is wrong with the request.</summary>
    public async ValueTask<IAsyncEnumerable<IReadOnlyList<ApiWatchEvent>>> WatchAsync(RequestContext context)
    {
        var selection = SelectionOf(context);
        var version = context.Query("resourceVersion") ?? "";
        var sendInitialEvents = Flag(context, "sendInitialEvents");
        CheckWatchOptions(sendInitialEvents, context.Query("resourceVersionMatch") ?? "");
        var seconds = Number(context, "timeoutSeconds");
        var lifetime = seconds > 0 ? TimeSpan.FromSeconds(Math.Min(seconds, 86400)) : settings.WatchTimeout;

        // Without a version, or with "0", a watch begins with what there is, unless the client says that it wants changes only.
        var fromState = sendInitialEvents is not null || version is "" or "0";
        var state = fromState
            ? await Freshness.StateAsync(context.Resource, version, context.Cancelled).ConfigureAwait(false)
            : await Freshness.AnyAsync(context.Resource, context.Cancelled).ConfigureAwait(false);
        long? after = version is "" or "0" || sendInitialEvents is true ? null : ResourceVersions.Parse(version);
        var initial = sendInitialEvents ?? version is "" or "0";
        var options = new WatchOptions(selection, after, initial, sendInitialEvents is true, Flag(context, "allowWatchBookmarks") is true);
        return RunAsync(context, state, options, lifetime);
    }

    private static async IAsyncEnumerable<IReadOnlyList<ApiWatchEvent>> RunAsync(
        RequestContext context, CacheState state, WatchOptions options, TimeSpan lifetime, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using var ends = CancellationTokenSource.CreateLinkedTokenSource(context.Cancelled, cancellationToken);
        ends.CancelAfter(lifetime);
        await foreach (var batch in Watch.RunAsync(context.Resource, state, options, ends.Token).ConfigureAwait(false))
        {
            yield return batch;
        }
    }

    /// <summary>The selection of a list, watch or deletecollection.</summary>
    public static Selection SelectionOf(RequestContext context) => Selection.Create(
        context.Strategy, context.Kind.Namespaced ? context.Request.Namespace : "", context.Query("labelSelector"), context.Query("fieldSelector"), context.Request.Name);

    private static ApiResponse Page(RequestContext context, Selection selection, CacheState state, ContinueToken? page, long limit)
    {
        var items = new List<ApiObject>();
        string? more = null;
        long remaining = 0;
        string last = "";
        foreach (var entry in Candidates(state, selection, page?.Start ?? ""))
        {
            if (more is not null && selection.IsEverything)
            {
                remaining++;
                continue;
            }

            var view = context.Resource.View(entry.Object);
            if (!selection.Matches(entry, view))
            {
                continue;
            }

            if (limit > 0 && items.Count == limit)
            {
                more = ContinueToken.After(last);
                remaining = 1;
                if (!selection.IsEverything)
                {
                    break;
                }

                continue;
            }

            items.Add(view);
            last = entry.Key;
        }

        if (more is null)
        {
            return new ApiResponse(200, null, new ApiList(items, ContinueToken.Version(state)));
        }

        context.Resource.Cache.Pins.Add(state);
        var token = new ContinueToken(state.Revision, more).ToString();
        return new ApiResponse(200, null, new ApiList(items, ContinueToken.Version(state), token, selection.IsEverything ? remaining : null));
    }

    private static IEnumerable<CachedObject> Candidates(CacheState state, Selection selection, string start)
    {
        if (selection.OnlyKey is not { } key)
        {
            return state.Objects.Range(selection.Prefix, start);
        }

        return state.Objects.Find(key) is { } entry && string.CompareOrdinal(key, start) >= 0 ? [entry] : [];
    }

    private static void CheckListOptions(RequestContext context, string version, string match)
    {
        FieldError? error = null;
        if (match.Length > 0)
        {
            error = version.Length == 0 ? FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden unless resourceVersion is provided")
                : context.Query("continue") is { Length: > 0 } ? FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden when continue is provided")
                : match is not ("Exact" or "NotOlderThan") ? FieldError.NotSupported("resourceVersionMatch", match, ["Exact", "NotOlderThan", ""])
                : match == "Exact" && version == "0" ? FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch \"exact\" is forbidden for resourceVersion \"0\"")
                : null;
        }

        if (context.Query("sendInitialEvents") is not null)
        {
            error ??= FieldError.Forbidden("sendInitialEvents", "sendInitialEvents is forbidden for list");
        }

        if (error is not null)
        {
            throw RequestContext.InvalidOption("ListOptions", error);
        }
    }

    private static void CheckWatchOptions(bool? sendInitialEvents, string match)
    {
        var error = (sendInitialEvents, match) switch
        {
            (null, "") => null,
            (null, _) => FieldError.Forbidden("resourceVersionMatch", "resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided"),
            (_, "") => FieldError.Forbidden("resourceVersionMatch", "sendInitialEvents requires setting resourceVersionMatch to NotOlderThan"),
            (_, "NotOlderThan") => null,
            _ => FieldError.NotSupported("resourceVersionMatch", match, ["NotOlderThan"]),
        };
        if (error is not null)
        {
            throw RequestContext.InvalidOption("ListOptions", error);
        }
    }

    private static bool? Flag(RequestContext context, string name) => context.Query(name) switch
    {
        null => null,
        "1" or "t" or "T" or "true" or "TRUE" or "True" or "" => true,
        "0" or "f" or "F" or "false" or "FALSE" or "False" => false,
        var other => throw ApiError.BadRequest($"strconv.ParseBool: parsing \"{other}\": invalid syntax"),
    };

    private static long Number(RequestContext context, string name)
    {
        if (context.Query(name) is not { Length: > 0 } text)
        {
            return 0;
        }

        return long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number)
            ? Math.Max(0, number)
            : throw ApiError.BadRequest($"strconv.ParseInt: parsing \"{text}\": invalid syntax");
    }
}
