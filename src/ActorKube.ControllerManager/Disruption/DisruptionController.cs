using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Disruption;

/// <summary>Watches PodDisruptionBudgets, pods and what controls them for the <see cref="DisruptionReconciler"/>.</summary>
internal sealed class DisruptionController : IController
{
    private readonly ILister<V1PodDisruptionBudget> _budgets;
    private readonly ILister<V1Pod> _pods;
    private readonly ILister<V1ReplicaSet> _replicaSets;
    private readonly ILister<V1Deployment> _deployments;
    private readonly ILister<V1StatefulSet> _statefulSets;
    private readonly ILister<V1ReplicationController> _controllers;

    public DisruptionController(IInformerFactory informers)
    {
        var (budgets, pods) = (informers.Informer<V1PodDisruptionBudget>(), informers.Informer<V1Pod>());
        var (replicaSets, deployments) = (informers.Informer<V1ReplicaSet>(), informers.Informer<V1Deployment>());
        var (statefulSets, controllers) = (informers.Informer<V1StatefulSet>(), informers.Informer<V1ReplicationController>());
        (_budgets, _pods, _replicaSets, _deployments, _statefulSets, _controllers) = (budgets.Lister, pods.Lister, replicaSets.Lister, deployments.Lister, statefulSets.Lister, controllers.Lister);
        Sources =
        [
            Source.Own(budgets), Source.Of(pods, BudgetsOf),
            Source.Of(replicaSets, r => InNamespace(r.Metadata)), Source.Of(deployments, d => InNamespace(d.Metadata)),
            Source.Of(statefulSets, s => InNamespace(s.Metadata)), Source.Of(controllers, c => InNamespace(c.Metadata)),
        ];
    }

    public string Name => "disruption";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) => _budgets.Get(key.Namespace, key.Name) is { } budget
        ? DisruptionReconciler.Reconcile(budget, _pods.List(key.Namespace), owner => ScaleOf(key.Namespace!, owner), context)
        : Plan.Nothing;

    private (string Uid, int Scale)? ScaleOf(string ns, V1OwnerReference owner)
    {
        switch (owner.Kind)
        {
            case "ReplicaSet" when _replicaSets.Get(ns, owner.Name) is { } set:
                return Ownership.ControllerOf(set) is { Kind: "Deployment" } above && _deployments.Get(ns, above.Name) is { } deployment
                    ? (deployment.Metadata.Uid, deployment.Spec.Replicas ?? 1)
                    : (set.Metadata.Uid, set.Spec.Replicas ?? 1);
            case "StatefulSet" when _statefulSets.Get(ns, owner.Name) is { } set:
                return (set.Metadata.Uid, set.Spec.Replicas ?? 1);
            case "ReplicationController" when _controllers.Get(ns, owner.Name) is { } controller:
                return (controller.Metadata.Uid, controller.Spec.Replicas ?? 1);
            default:
                return null;
        }
    }

    private IEnumerable<ObjectKey> BudgetsOf(V1Pod pod) => _budgets.List(pod.Metadata.NamespaceProperty)
        .Where(b => b.Spec.Selector is { } selector && LabelSelector.From(selector).Matches(pod.Metadata.Labels))
        .Select(b => ObjectKey.Of(b));

    private IEnumerable<ObjectKey> InNamespace(V1ObjectMeta metadata) => _budgets.List(metadata.NamespaceProperty).Select(b => ObjectKey.Of(b));
}
