using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>Has autoscalers looked at when they are new or their spec changes, and then from time to time, by the <see cref="AutoscalerSync"/>.</summary>
internal sealed class HorizontalController : IController
{
    private readonly ILister<V2HorizontalPodAutoscaler> _autoscalers;
    private readonly AutoscalerSync _sync;
    private readonly AutoscalerSettings _settings;

    public HorizontalController(IInformerFactory informers, IEventRecorder events, AutoscalerSettings settings, TimeProvider time)
    {
        _settings = settings;
        var (autoscalers, pods, definitions) = (informers.Informer<V2HorizontalPodAutoscaler>(), informers.Informer<V1Pod>(), informers.Informer<V1CustomResourceDefinition>());
        _autoscalers = autoscalers.Lister;
        _sync = new AutoscalerSync(autoscalers.Lister, pods.Lister, new ScaleTargets(definitions.Lister), events, settings, time);
        Sources =
        [
            Source.OfChanges<V2HorizontalPodAutoscaler>(autoscalers, WhenSpecChanges), Source.Of<V1Pod>(pods, _ => []), Source.Of<V1CustomResourceDefinition>(definitions, _ => []),
        ];
    }

    public string Name => "horizontalpodautoscaler";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        if (_autoscalers.Get(key.Namespace, key.Name) is { Metadata.DeletionTimestamp: null } autoscaler)
            return new Plan([new Procedure(transport => _sync.RunAsync(autoscaler, transport))], _settings.SyncPeriod);
        _sync.Forget(key);
        return Plan.Nothing;
    }

    // The status is this controller's own work.
    private static IEnumerable<ObjectKey> WhenSpecChanges(V2HorizontalPodAutoscaler? old, V2HorizontalPodAutoscaler value) =>
        old is not null && SemanticEquality.Equal(old.Spec, value.Spec) ? [] : [ObjectKey.Of(value)];
}
