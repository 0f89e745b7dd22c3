using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Namespaces;

/// <summary>Empties namespaces that are being deleted, step by step, by the <see cref="NamespaceEmptier"/>.</summary>
internal sealed class NamespaceController : IController
{
    // What is left may be of any kind, not all of which are watched here; so the clock asks again.
    private static readonly TimeSpan NextLook = TimeSpan.FromSeconds(1);

    private readonly ILister<V1Namespace> _namespaces;

    public NamespaceController(IInformerFactory informers)
    {
        var (namespaces, pods) = (informers.Informer<V1Namespace>(), informers.Informer<V1Pod>());
        _namespaces = namespaces.Lister;
        Sources = [Source.Own(namespaces), Source.OfChanges<V1Pod>(pods, LastPodsGo)];
    }

    public string Name => "namespace";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) =>
        _namespaces.Get(null, key.Name) is { Metadata.DeletionTimestamp: not null, Spec.Finalizers: { } finalizers } ns && finalizers.Contains("kubernetes")
            ? new Plan([new Procedure(transport => new NamespaceEmptier(transport, ns, context.Now).RunAsync())], NextLook)
            : Plan.Nothing;

    // Pods take longest to go, and everything else waits for them.
    private IEnumerable<ObjectKey> LastPodsGo(V1Pod? old, V1Pod pod) =>
        pod.Metadata.DeletionTimestamp is not null && _namespaces.Get(null, pod.Metadata.NamespaceProperty) is { Metadata.DeletionTimestamp: not null } ns ? [ObjectKey.Of(ns)] : [];
}
