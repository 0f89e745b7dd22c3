using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.ReplicaSets;

/// <summary>Watches ReplicaSets and pods for the <see cref="ReplicaSetReconciler"/>.</summary>
internal sealed class ReplicaSetController : IController
{
    private readonly ILister<V1ReplicaSet> _replicaSets;
    private readonly ILister<V1Pod> _pods;

    public ReplicaSetController(IInformerFactory informers)
    {
        var (replicaSets, pods) = (informers.Informer<V1ReplicaSet>(), informers.Informer<V1Pod>());
        Ownership.AddIndex(pods);
        Ownership.AddIndex(replicaSets);
        (_replicaSets, _pods) = (replicaSets.Lister, pods.Lister);
        Sources = [Source.Own(replicaSets), Source.Of(pods, pod => Ownership.OwnersOf(pod, _replicaSets, r => LabelSelector.From(r.Spec.Selector)))];
    }

    public string Name => "replicaset";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        if (_replicaSets.Get(key.Namespace, key.Name) is not { } replicaSet)
            return Plan.Nothing;
        return ReplicaSetReconciler.Reconcile(replicaSet, Ownership.Candidates(_pods, replicaSet), Related(replicaSet), context);
    }

    private IEnumerable<V1Pod> Related(V1ReplicaSet replicaSet) => Ownership.ControllerOf(replicaSet) is { } owner
        ? _replicaSets.ByIndex(Ownership.ByController, owner.Uid).SelectMany(r => _pods.ByIndex(Ownership.ByController, r.Metadata.Uid)).Where(PodFacts.IsActive)
        : _pods.ByIndex(Ownership.ByController, replicaSet.Metadata.Uid).Where(PodFacts.IsActive);
}
