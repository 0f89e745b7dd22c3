using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Endpoints;

/// <summary>Watches Services, pods, slices and nodes for the <see cref="EndpointSliceReconciler"/>.</summary>
internal sealed class EndpointSliceController : IController
{
    private const string ByService = "service";
    private const string Zone = "topology.kubernetes.io/zone";

    private readonly ILister<V1Service> _services;
    private readonly ILister<V1Pod> _pods;
    private readonly ILister<V1EndpointSlice> _slices;
    private readonly ILister<V1Node> _nodes;

    public EndpointSliceController(IInformerFactory informers)
    {
        var slices = informers.Informer<V1EndpointSlice>();
        var (services, pods, nodes) = (informers.Informer<V1Service>(), informers.Informer<V1Pod>(), informers.Informer<V1Node>());
        slices.AddIndex(ByService, slice => ServiceOf(slice) is { } key ? [key.ToString()] : []);
        (_services, _pods, _slices, _nodes) = (services.Lister, pods.Lister, slices.Lister, nodes.Lister);
        Sources =
        [
            Source.Own(services),
            Source.Of(pods, ServicesOf),
            Source.Of(slices, slice => ServiceOf(slice) is { } key ? [key] : []),
            Source.OfChanges<V1Node>(nodes, ZoneChanged),
        ];
    }

    public string Name => "endpointslice";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        // The slices of a Service that is gone are garbage; their owner reference says so to the collector.
        if (_services.Get(key.Namespace, key.Name) is not { } service)
            return Plan.Nothing;
        var selector = LabelSelector.FromLabels(service.Spec.Selector);
        return EndpointSliceReconciler.Reconcile(
            service, _pods.List(key.Namespace).Where(p => selector.Matches(p.Metadata.Labels)), _slices.ByIndex(ByService, key.ToString()), ZoneOf, context);
    }

    private string? ZoneOf(string node) => _nodes.Get(null, node)?.Metadata.Labels is { } labels && labels.TryGetValue(Zone, out var zone) ? zone : null;

    private static ObjectKey? ServiceOf(V1EndpointSlice slice) => slice.Metadata.Labels is { } labels && labels.TryGetValue(EndpointSliceReconciler.ServiceName, out var name)
        ? new ObjectKey(slice.Metadata.NamespaceProperty, name)
        : null;

    private IEnumerable<ObjectKey> ServicesOf(V1Pod pod) => _services.List(pod.Metadata.NamespaceProperty)
        .Where(s => s.Spec.Selector is { Count: > 0 } selector && LabelSelector.FromLabels(selector).Matches(pod.Metadata.Labels))
        .Select(s => ObjectKey.Of(s));

    private IEnumerable<ObjectKey> ZoneChanged(V1Node? old, V1Node node)
    {
        var before = old?.Metadata.Labels is { } b && b.TryGetValue(Zone, out var z) ? z : null;
        var now = node.Metadata.Labels is { } n && n.TryGetValue(Zone, out var zone) ? zone : null;
        return before == now ? [] : _services.List().Select(s => ObjectKey.Of(s));
    }
}
