using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.ReplicaSets;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.ReplicationControllers;

/// <summary>
/// ReplicationControllers are ReplicaSets of an older make, and are kept by the same rules.
/// Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/
/// </summary>
internal sealed class ReplicationControllerController : IController
{
    private readonly ILister<V1ReplicationController> _controllers;
    private readonly ILister<V1Pod> _pods;

    public ReplicationControllerController(IInformerFactory informers)
    {
        var (controllers, pods) = (informers.Informer<V1ReplicationController>(), informers.Informer<V1Pod>());
        Ownership.AddIndex(pods);
        (_controllers, _pods) = (controllers.Lister, pods.Lister);
        Sources = [Source.Own(controllers), Source.Of(pods, pod => Ownership.OwnersOf(pod, _controllers, c => LabelSelector.FromLabels(c.Spec.Selector)))];
    }

    public string Name => "replicationcontroller";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => _controllers.Get(key.Namespace, key.Name) is { } controller
        ? Reconcile(controller, Ownership.Candidates(_pods, controller), context)
        : Plan.Nothing;

    /// <summary>What brings the pods to the wanted number.</summary>
    internal static Plan Reconcile(V1ReplicationController controller, IEnumerable<V1Pod> candidates, ReconcileContext context)
    {
        var pods = candidates.ToList();
        var own = pods.Where(p => Ownership.IsControlledBy(p, controller) && PodFacts.IsActive(p));
        return ReplicaSetReconciler.Reconcile(controller, AsReplicaSet(controller, pods), pods, own, context, status =>
        {
            var changed = ApiJson.Copy(controller);
            changed.Status = new V1ReplicationControllerStatus
            {
                Replicas = status.Replicas,
                FullyLabeledReplicas = status.FullyLabeledReplicas,
                ReadyReplicas = status.ReadyReplicas,
                AvailableReplicas = status.AvailableReplicas,
                ObservedGeneration = status.ObservedGeneration,
                Conditions = status.Conditions is null ? null : [.. status.Conditions.Select(c => new V1ReplicationControllerCondition
                {
                    Type = c.Type, Status = c.Status, Reason = c.Reason, Message = c.Message, LastTransitionTime = c.LastTransitionTime,
                })],
            };
            return new UpdateStatus(changed);
        });
    }

    private static V1ReplicaSet AsReplicaSet(V1ReplicationController controller, IEnumerable<V1Pod> pods) => new()
    {
        Metadata = controller.Metadata,
        Spec = new V1ReplicaSetSpec
        {
            Replicas = controller.Spec.Replicas,
            MinReadySeconds = controller.Spec.MinReadySeconds,
            Selector = new V1LabelSelector { MatchLabels = controller.Spec.Selector },
            Template = controller.Spec.Template,
        },
        Status = controller.Status is not { } status ? null : new V1ReplicaSetStatus
        {
            Replicas = status.Replicas,
            FullyLabeledReplicas = status.FullyLabeledReplicas,
            ReadyReplicas = status.ReadyReplicas,
            AvailableReplicas = status.AvailableReplicas,
            // The one number that a ReplicationController's status does not have: no reason to write it.
            TerminatingReplicas = pods.Count(p => Ownership.IsControlledBy(p, controller) && PodFacts.IsTerminating(p)),
            ObservedGeneration = status.ObservedGeneration,
            Conditions = status.Conditions is null ? null : [.. status.Conditions.Select(c => new V1ReplicaSetCondition
            {
                Type = c.Type, Status = c.Status, Reason = c.Reason, Message = c.Message, LastTransitionTime = c.LastTransitionTime,
            })],
        },
    };
}
