using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Encryption;
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
        var journal = history ?? throw ApiError.BadRequest("this server's store keeps no history that can be read");
        var now = await Freshness.ConsistentAsync(resource, context.Cancelled).ConfigureAwait(false);
        var (prefix, key) = (resource.Kind.Namespaced && request.Namespace.Length > 0 ? request.Namespace + "/" : "", request.Name.Length > 0 ? context.Key : null);
        try
        {
            var revision = Math.Min(now.Revision, await MomentAsync(context, journal).ConfigureAwait(false));
            var before = await journal.BeforeAsync(
                resource.StoreResource, revision, now.Revision, k => key is null ? k.StartsWith(prefix, StringComparison.Ordinal) : k == key, context.Cancelled).ConfigureAwait(false);
            var objects = now.Objects;
            foreach (var (changed, was) in before)
            {
                objects = was is null or { Type: StoreEventType.Removed } ? objects.Remove(changed) : objects.Set(changed, resource.Cache.Read(changed, was.Revision, was.Value));
            }

            return now with { Revision = revision, Objects = objects };
        }
        catch (HistoryGoneException e)
        {
            throw ApiError.Expired(e.Message);
        }
        catch (UnreadableObjectException e)
        {
            throw ApiError.Internal(e.Message, e);
        }
    }

    private static async ValueTask<long> MomentAsync(RequestContext context, ResourceHistory journal)
    {
        if (context.Query("at") is not { } text)
        {
            return ResourceVersions.Parse(context.Query("atRevision")!);
        }

        return TryParseTime(text, out var time)
            ? await journal.RevisionAtAsync(context.Resource.StoreResource, time).ConfigureAwait(false)
            : throw ApiError.BadRequest($"at: \"{text}\" is not a time such as 2026-01-31T15:04:05Z");
    }

    /// <summary>Reads a time of a query.</summary>
    public static bool TryParseTime(string text, out DateTimeOffset time) =>
        DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
}
