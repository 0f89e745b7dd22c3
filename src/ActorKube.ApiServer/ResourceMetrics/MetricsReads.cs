using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Client.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.ResourceMetrics;

/// <summary>get and list of <c>nodes</c> and <c>pods</c> of <c>metrics.k8s.io</c>: those nodes and running pods of which it is known what they use. They have the labels of what they are about.</summary>
internal sealed class MetricsReads(MetricsCollector collector, ResourceRegistry registry)
{
    /// <summary>One node or pod.</summary>
    public async ValueTask<ApiResponse> GetAsync(RequestContext context)
    {
        var request = context.Request;
        var served = About(context);
        var state = await Freshness.AnyAsync(served, context.Cancelled).ConfigureAwait(false);
        var found = state.Objects.Find(served.Key(request.Namespace, request.Name)) ?? throw ApiError.NotFound(served.Kind, NameOf(request));
        var collection = await CollectAsync(context.Cancelled).ConfigureAwait(false);
        return Of(found.Object, collection, context.Timestamp) is { } metrics
            ? new ApiResponse(200, metrics)
            : throw new ApiException(ApiError.Status(404, "NotFound", $"{context.Kind.Kind.ToLowerInvariant()}.{MetricsKinds.Group} \"{NameOf(request)}\" not found"));
    }

    /// <summary>Nodes or pods.</summary>
    public async ValueTask<ApiResponse> ListAsync(RequestContext context)
    {
        var served = About(context);
        var selection = Selection.Create(served.Strategy, served.Kind.Namespaced ? context.Request.Namespace : "", context.Query("labelSelector"), context.Query("fieldSelector"));
        var state = await Freshness.AnyAsync(served, context.Cancelled).ConfigureAwait(false);
        var collection = await CollectAsync(context.Cancelled).ConfigureAwait(false);
        var items = state.Objects.Range(selection.Prefix, "")
            .Where(e => selection.Matches(e, served.View(e.Object)))
            .Select(e => Of(e.Object, collection, context.Timestamp)).OfType<ApiObject>().ToList();
        return new ApiResponse(200, null, new ApiList(items, ""));
    }

    private ServedResource About(RequestContext context) => context.Kind == MetricsKinds.Nodes ? registry.Of<V1Node>() : registry.Of<V1Pod>();

    private async Task<Collection> CollectAsync(CancellationToken cancelled)
    {
        var nodes = await Freshness.AnyAsync(registry.Of<V1Node>(), cancelled).ConfigureAwait(false);
        return await collector.CollectAsync([.. nodes.Objects.Range("", "").Select(n => n.Object.As<V1Node>())], cancelled).ConfigureAwait(false);
    }

    private static ApiObject? Of(ApiObject about, Collection collection, DateTime now) => about.Value switch
    {
        V1Node node when collection.Node(node.Metadata.Name) is { } measure => new ApiObject(MetricsObjects.Of(node, measure, now)),
        V1Pod { Status.Phase: "Running" } pod when collection.Pod(pod.Metadata) is { } measure => new ApiObject(MetricsObjects.Of(pod, measure, now)),
        _ => null,
    };

    private static string NameOf(ApiRequest request) => request.Namespace.Length == 0 ? request.Name : $"{request.Namespace}/{request.Name}";
}
