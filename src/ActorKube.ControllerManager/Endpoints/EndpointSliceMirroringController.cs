using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Endpoints;

/// <summary>Watches Endpoints, their Services and slices for the <see cref="EndpointSliceMirroringReconciler"/>.</summary>
internal sealed class EndpointSliceMirroringController : IController
{
    // Indexes belong to the informer, which the other controller of slices shares.
    private const string ByService = "mirrored-service";

    private readonly ILister<V1Endpoints> _endpoints;
    private readonly ILister<V1Service> _services;
    private readonly ILister<V1EndpointSlice> _slices;

    public EndpointSliceMirroringController(IInformerFactory informers)
    {
        var (endpoints, services, slices) = (informers.Informer<V1Endpoints>(), informers.Informer<V1Service>(), informers.Informer<V1EndpointSlice>());
        slices.AddIndex(ByService, slice => ServiceOf(slice) is { } key ? [key.ToString()] : []);
        (_endpoints, _services, _slices) = (endpoints.Lister, services.Lister, slices.Lister);
        Sources = [Source.Own(endpoints), Source.Own(services), Source.Of(slices, slice => ServiceOf(slice) is { } key ? [key] : [])];
    }

    public string Name => "endpointslice-mirroring";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => EndpointSliceMirroringReconciler.Reconcile(
        _endpoints.Get(key.Namespace, key.Name), _services.Get(key.Namespace, key.Name), _slices.ByIndex(ByService, key.ToString()), context.Names);

    private static ObjectKey? ServiceOf(V1EndpointSlice slice) =>
        slice.Metadata.Labels is { } labels
        && labels.TryGetValue(EndpointSliceReconciler.ManagedBy, out var by) && by == EndpointSliceMirroringReconciler.Manager
        && labels.TryGetValue(EndpointSliceReconciler.ServiceName, out var name)
            ? new ObjectKey(slice.Metadata.NamespaceProperty, name)
            : null;
}
