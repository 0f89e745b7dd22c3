using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Deployments;

/// <summary>Watches Deployments, ReplicaSets and pods for the <see cref="DeploymentReconciler"/>.</summary>
internal sealed class DeploymentController : IController
{
    private readonly ILister<V1Deployment> _deployments;
    private readonly ILister<V1ReplicaSet> _replicaSets;
    private readonly ILister<V1Pod> _pods;

    public DeploymentController(IInformerFactory informers)
    {
        var (deployments, replicaSets, pods) = (informers.Informer<V1Deployment>(), informers.Informer<V1ReplicaSet>(), informers.Informer<V1Pod>());
        Ownership.AddIndex(replicaSets);
        Ownership.AddIndex(pods);
        (_deployments, _replicaSets, _pods) = (deployments.Lister, replicaSets.Lister, pods.Lister);
        Sources = [Source.Own(deployments), Source.Of(replicaSets, replicaSet => Ownership.OwnersOf(replicaSet, _deployments, d => LabelSelector.From(d.Spec.Selector))), Source.OfChanges<V1Pod>(pods, RecreatedBy)];
    }

    public string Name => "deployment";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        if (_deployments.Get(key.Namespace, key.Name) is not { } deployment)
            return Plan.Nothing;
        var candidates = Ownership.Candidates(_replicaSets, deployment).ToList();
        var pods = candidates.SelectMany(r => _pods.ByIndex(Ownership.ByController, r.Metadata.Uid));
        return DeploymentReconciler.Reconcile(deployment, candidates, pods, name => _replicaSets.Get(key.Namespace, name) is not null, context);
    }

    // ReplicaSets tell all that a rolling update needs; Recreate also waits for the last old pod to be gone.
    private IEnumerable<ObjectKey> RecreatedBy(V1Pod? old, V1Pod pod)
    {
        if (Ownership.ControllerOf(pod) is not { Kind: "ReplicaSet" } owner
            || _replicaSets.Get(pod.Metadata.NamespaceProperty, owner.Name) is not { } replicaSet
            || Ownership.ControllerOf(replicaSet) is not { Kind: "Deployment" } deployment)
            return [];
        var key = new ObjectKey(pod.Metadata.NamespaceProperty, deployment.Name);
        return _deployments.Get(key.Namespace, key.Name)?.Spec.Strategy?.Type == "Recreate" ? [key] : [];
    }
}
