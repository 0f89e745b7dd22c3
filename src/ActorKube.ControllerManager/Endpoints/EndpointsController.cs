using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Endpoints;

/// <summary>Watches Services, pods and Endpoints for the <see cref="EndpointsReconciler"/>.</summary>
internal sealed class EndpointsController : IController
{
    private readonly ILister<V1Service> _services;
    private readonly ILister<V1Pod> _pods;
    private readonly ILister<V1Endpoints> _endpoints;

    public EndpointsController(IInformerFactory informers)
    {
        var (services, pods, endpoints) = (informers.Informer<V1Service>(), informers.Informer<V1Pod>(), informers.Informer<V1Endpoints>());
        (_services, _pods, _endpoints) = (services.Lister, pods.Lister, endpoints.Lister);
        Sources = [Source.Own(services), Source.Of(pods, ServicesOf), Source.Own(endpoints)];
    }

    public string Name => "endpoints";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        var existing = _endpoints.Get(key.Namespace, key.Name);
        if (_services.Get(key.Namespace, key.Name) is not { } service)
        {
            // Endpoints have no owner reference: they go by name, and only those that this controller made.
            return existing?.Metadata.Labels is { } labels && labels.TryGetValue("endpoints.kubernetes.io/managed-by", out var by) && by == "endpoint-controller"
                ? Plan.Of(new Delete(existing))
                : Plan.Nothing;
        }

        var selector = LabelSelector.FromLabels(service.Spec.Selector);
        return EndpointsReconciler.Reconcile(service, _pods.List(key.Namespace).Where(p => selector.Matches(p.Metadata.Labels)), existing);
    }

    private IEnumerable<ObjectKey> ServicesOf(V1Pod pod) => _services.List(pod.Metadata.NamespaceProperty)
        .Where(s => s.Spec.Selector is { Count: > 0 } selector && LabelSelector.FromLabels(selector).Matches(pod.Metadata.Labels))
        .Select(s => ObjectKey.Of(s));
}
