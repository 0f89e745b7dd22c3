using System.Globalization;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Authorization;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Client.Protocol;
using ActorKube.Store.History;
using ActorKube.Store.Protocol;

namespace ActorKube.ApiServer.History;

/// <summary>
/// get and list of <c>changes.history.actorkube.io</c>. Whoever reads changes must also be allowed to read the objects. A list may be narrowed by field
/// selector (<c>resource</c>, <c>name</c>, <c>user</c>, …) and by the parameters <c>since</c> and <c>until</c> (times); it has the newest <c>limit</c> changes (500 where there is none), the oldest first.
/// </summary>
internal sealed class ChangeReads(ResourceHistory? history, ResourceRegistry registry)
{
    private const int DefaultLimit = 500;

    private static readonly CustomResourceKind Kind = HistoryKinds.Changes;

    /// <summary>One change by its name, <c>deployments.apps.123</c>.</summary>
    public async ValueTask<ApiResponse> GetAsync(RequestContext context, Func<AccessRequest, CancellationToken, ValueTask> authorize)
    {
        var name = context.Request.Name;
        var dot = name.LastIndexOf('.');
        if (dot <= 0 || !long.TryParse(name.AsSpan(dot + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var version) || Stored(name[..dot]) is not { } kind)
        {
            throw ApiError.NotFound(Kind, name);
        }

        await AuthorizeAsync(context, kind, "get", authorize).ConfigureAwait(false);
        var details = new ChangeDetails(Journal, registry, context.Cancelled);
        return await HistoryReading.ReadAsync(async () =>
        {
            if (await Journal.FindAsync(kind.GroupResource, version - 1).ConfigureAwait(false) is not { Key.Length: > 0 } found
                || ChangeObject.Of(kind, found) is var told && (told.Metadata.NamespaceProperty ?? "") != context.Request.Namespace)
            {
                throw ApiError.NotFound(Kind, name);
            }

            return new ApiResponse(200, new ApiObject(await details.CompleteAsync(kind, found, told).ConfigureAwait(false)));
        }).ConfigureAwait(false);
    }

    /// <summary>Changes of one object, or of all objects within a time.</summary>
    public async ValueTask<ApiResponse> ListAsync(RequestContext context, Func<AccessRequest, CancellationToken, ValueTask> authorize)
    {
        var request = context.Request;
        var selection = Selection.Create(Kind.Strategy, request.Namespace, context.Query("labelSelector"), context.Query("fieldSelector"));
        var fields = FieldSelector.TryParse(context.Query("fieldSelector") ?? "", out var parsed, out _) ? parsed : FieldSelector.Everything;
        var (resource, name) = (Wanted(fields, "resource"), Wanted(fields, "name"));
        var kinds = resource is null
            ? registry.Kinds.All.Where(IsKept).ToList()
            : [Stored(resource) ?? throw ApiError.BadRequest($"fieldSelector: there is no resource \"{resource}\"")];
        foreach (var kind in kinds)
        {
            await AuthorizeAsync(context, kind, "list", authorize).ConfigureAwait(false);
        }

        var limit = int.TryParse(context.Query("limit"), NumberStyles.None, CultureInfo.InvariantCulture, out var wanted) && wanted > 0 ? wanted : DefaultLimit;
        var (since, until) = (Time(context, "since"), Time(context, "until"));
        return await HistoryReading.ReadAsync(async () =>
        {
            var found = new List<(ResourceKind Kind, StoreEvent Event, CustomObject Change)>();
            foreach (var kind in kinds)
            {
                var events = name is not null && resource is not null && (request.Namespace.Length > 0 || !kind.Namespaced)
                    ? await OfObjectAsync(context, kind, kind.Namespaced ? $"{request.Namespace}/{name}" : name).ConfigureAwait(false)
                    : Journal.BackwardsAsync(kind.GroupResource, until is { } end ? await Journal.RevisionAtAsync(kind.GroupResource, end).ConfigureAwait(false) + 1 : long.MaxValue, context.Cancelled);
                found.AddRange(await TakeAsync(kind, events, limit, since, until, change => MayBeWanted(kind, fields, request.Namespace, change), (key, change) => selection.Matches(new CachedObject(key, 0, change, default), change)).ConfigureAwait(false));
            }

            // Times of writes to different resource types may be equal; within one type the revision tells.
            var newest = found.OrderByDescending(f => f.Event.Cause.Time).ThenByDescending(f => f.Event.Revision).Take(limit).Reverse().ToList();
            var details = new ChangeDetails(Journal, registry, context.Cancelled);
            var items = new List<ApiObject>(newest.Count);
            foreach (var (kind, change, told) in newest)
            {
                items.Add(new ApiObject(await details.CompleteAsync(kind, change, told).ConfigureAwait(false)));
            }

            return new ApiResponse(200, null, new ApiList(items, "1"));
        }).ConfigureAwait(false);
    }

    private ResourceHistory Journal => history.Must();

    // The newest events that are wanted, until there are enough or they are too old.
    private static async ValueTask<List<(ResourceKind Kind, StoreEvent Event, CustomObject Change)>> TakeAsync(
        ResourceKind kind, IAsyncEnumerable<StoreEvent> events, int limit, DateTimeOffset? since, DateTimeOffset? until, Func<StoreEvent, bool> mayBeWanted, Func<string, ApiObject, bool> isWanted)
    {
        var taken = new List<(ResourceKind, StoreEvent, CustomObject)>();
        await foreach (var change in events.ConfigureAwait(false))
        {
            if (change.Type == StoreEventType.Advanced || (until is { } end && change.Cause.Time > end.ToUnixTimeMilliseconds()))
            {
                continue;
            }

            if (change.Cause.Time != 0 && since is { } start && change.Cause.Time < start.ToUnixTimeMilliseconds())
            {
                break;
            }

            if (!mayBeWanted(change))
            {
                continue;
            }

            var told = ChangeObject.Of(kind, change);
            if (isWanted($"{told.Metadata.NamespaceProperty}/{told.Metadata.Name}", new ApiObject(told)))
            {
                taken.Add((kind, change, told));
                if (taken.Count == limit)
                {
                    break;
                }
            }
        }

        return taken;
    }

    private async ValueTask<IAsyncEnumerable<StoreEvent>> OfObjectAsync(RequestContext context, ResourceKind kind, string key)
    {
        var now = await Freshness.ConsistentAsync(registry.Of(kind), context.Cancelled).ConfigureAwait(false);
        return Journal.OfObjectAsync(kind.GroupResource, key, now.Objects.Find(key)?.Revision ?? 0, context.Query("earlier") == "true", context.Cancelled);
    }

    private ResourceKind? Stored(string groupResource) => registry.Kinds.All.FirstOrDefault(k => IsKept(k) && k.GroupResource == groupResource);

    private static bool IsKept(ResourceKind kind) => kind.IsStored && StorageVersions.Of(kind).Stored == kind && (kind is not CustomResourceKind custom || custom.ApiVersion == custom.StorageApiVersion);

    private static async ValueTask AuthorizeAsync(RequestContext context, ResourceKind kind, string verb, Func<AccessRequest, CancellationToken, ValueTask> authorize) =>
        await authorize(new AccessRequest(context.User, verb, kind.Group, kind.Version, kind.Resource, "", kind.Namespaced ? context.Request.Namespace : "", ""), context.Cancelled).ConfigureAwait(false);

    // What can be told of an event as it is, for the many that nobody asked for.
    private static bool MayBeWanted(ResourceKind kind, FieldSelector fields, string ns, StoreEvent change)
    {
        return (ns.Length == 0 || (kind.Namespaced && change.Key.StartsWith(ns + "/", StringComparison.Ordinal)))
        && Is("user", change.Cause.User) && Is("verb", change.Cause.Verb) && Is("manager", change.Cause.Manager);

        bool Is(string field, string value) => Wanted(fields, field) is not { } wanted || wanted == value;
    }

    private static string? Wanted(FieldSelector fields, string field) => fields.RequiresExactMatch(field, out var value) ? value : null;

    private static DateTimeOffset? Time(RequestContext context, string name) =>
        context.Query(name) is { Length: > 0 } text ? HistoryReading.TimeOf(name, text) : null;
}
