using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Store.History;
using ActorKube.Store.Protocol;

namespace ActorKube.ApiServer.History;

/// <summary>
/// Objects as they were: the query parameters <c>at</c> (a time, RFC 3339) and <c>atRevision</c> (a resourceVersion of the resource type) of get and list. What is
/// read is the present with everything undone that came after.
/// </summary>
internal sealed class PastStates(ResourceHistory? history)
{
    /// <summary>Whether a request is about the past.</summary>
    public static bool IsAsked(RequestContext context) => context.Request.Query.Count > 0 && (context.Query("at") ?? context.Query("atRevision")) is not null;

    /// <summary>What the request's part of the resource type was at the moment that it names. Throws the 400 Status for no moment, the 410 Status for one that is no longer kept.</summary>
    public async ValueTask<CacheState> StateAsync(RequestContext context)
    {
        var (resource, request) = (context.Resource, context.Request);
        var journal = history.Must();
        var now = await Freshness.ConsistentAsync(resource, context.Cancelled).ConfigureAwait(false);
        var (prefix, key) = (resource.Kind.Namespaced && request.Namespace.Length > 0 ? request.Namespace + "/" : "", request.Name.Length > 0 ? context.Key : null);
        return await HistoryReading.ReadAsync(async () =>
        {
            var revision = Math.Min(now.Revision, await MomentAsync(context, journal).ConfigureAwait(false));
            var objects = now.Objects;
            if (key is not null)
            {
                var current = objects.Find(key)?.Revision ?? 0;
                var then = current > 0 && current <= revision ? null : await journal.OfObjectAtAsync(resource.StoreResource, key, current, revision, context.Cancelled).ConfigureAwait(false);
                objects = then is not null ? objects.Set(key, resource.Cache.Read(key, then.Revision, then.Value)) : current > revision ? objects.Remove(key) : objects;
                return now with { Revision = revision, Objects = objects };
            }

            var before = await journal.BeforeAsync(
                resource.StoreResource, revision, now.Revision, k => k.StartsWith(prefix, StringComparison.Ordinal), context.Cancelled).ConfigureAwait(false);
            foreach (var (changed, was) in before)
            {
                objects = was is null or { Type: StoreEventType.Removed } ? objects.Remove(changed) : objects.Set(changed, resource.Cache.Read(changed, was.Revision, was.Value));
            }

            return now with { Revision = revision, Objects = objects };
        }).ConfigureAwait(false);
    }

    private static async ValueTask<long> MomentAsync(RequestContext context, ResourceHistory journal) => context.Query("at") is { } text
        ? await journal.RevisionAtAsync(context.Resource.StoreResource, HistoryReading.TimeOf("at", text)).ConfigureAwait(false)
        : ResourceVersions.Parse(context.Query("atRevision")!);
}
