using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Deployments;
using ActorKube.ControllerManager.Shell;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>Watches Deployments, ReplicaSets and pods for the <see cref="RollbackReconciler"/>.</summary>
internal sealed class DeploymentRollbackController : IController
{
    private readonly ILister<V1Deployment> _deployments;
    private readonly ILister<V1ReplicaSet> _replicaSets;
    private readonly ILister<V1Pod> _pods;

    public DeploymentRollbackController(IInformerFactory informers)
    {
        var (deployments, replicaSets, pods) = (informers.Informer<V1Deployment>(), informers.Informer<V1ReplicaSet>(), informers.Informer<V1Pod>());
        Ownership.AddIndex(replicaSets);
        Ownership.AddIndex(pods);
        (_deployments, _replicaSets, _pods) = (deployments.Lister, replicaSets.Lister, pods.Lister);
        Sources = [Source.Own(deployments), Source.Of(replicaSets, Ownership.OwnerOf<V1Deployment>), Source.Of(pods, OfPod)];
    }

    public string Name => "deployment-rollback";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context) =>
        _deployments.Get(key.Namespace, key.Name) is { } deployment && RollbackReconciler.Concerns(deployment)
        && RolloutOf(deployment, _replicaSets.ByIndex(Ownership.ByController, deployment.Metadata.Uid), r => _pods.ByIndex(Ownership.ByController, r.Metadata.Uid), context.Now) is { } rollout
            ? RollbackReconciler.Reconcile(rollout, context, (check, marks) => HealthChecks.Round(rollout, check, marks))
            : Plan.Nothing;

    // Only Deployments that ask for it are worth a look for each of their pods' changes.
    private IEnumerable<ObjectKey> OfPod(V1Pod pod) =>
        Ownership.OwnerOf<V1ReplicaSet>(pod).SelectMany(r => _replicaSets.Get(r.Namespace, r.Name) is { } replicaSet ? Ownership.OwnerOf<V1Deployment>(replicaSet) : [])
            .Where(d => _deployments.Get(d.Namespace, d.Name) is { } deployment && RollbackReconciler.Concerns(deployment));

    /// <summary>A Deployment's roll-out; null while its template has no ReplicaSet yet.</summary>
    internal static Rollout? RolloutOf(V1Deployment deployment, IEnumerable<V1ReplicaSet> owned, Func<V1ReplicaSet, IEnumerable<V1Pod>> podsOf, DateTimeOffset now)
    {
        var view = DeploymentView.Of(deployment, owned, [], now);
        if (view.New is not { } current)
            return null;
        var seen = deployment.Status?.ObservedGeneration >= (deployment.Metadata.Generation ?? 0);
        return new Rollout
        {
            Workload = deployment,
            Current = Revision(current),
            Others = [.. view.Old.Select(Revision)],
            PodsOf = revision => podsOf((V1ReplicaSet)revision.Object),
            IsComplete = DeploymentStatusRules.IsComplete(view, deployment.Status),
            IsPaused = deployment.Spec.Paused == true,
            IsOverdue = seen && DeploymentStatusRules.IsOverdue(deployment.Status),
            WithTemplateOf = revision =>
            {
                var changed = ApiJson.Copy(deployment);
                changed.Spec.Template = PodTemplates.WithoutHash(ApiJson.Copy(((V1ReplicaSet)revision.Object).Spec.Template));
                return changed;
            },
            WithCondition = told => WithCondition(deployment, told, now),
        };
    }

    private static RolloutRevision Revision(V1ReplicaSet replicaSet) => new(replicaSet, Revisions.Of(replicaSet.Metadata));

    private static V1Deployment? WithCondition(V1Deployment deployment, (string Reason, string Message)? told, DateTimeOffset now)
    {
        IReadOnlyList<V1DeploymentCondition> before = [.. deployment.Status?.Conditions ?? []];
        var after = told is { } because
            ? DeploymentConditions.With(before, RollbackConditions.Type, "True", because.Reason, because.Message, now)
            : DeploymentConditions.Find(before, RollbackConditions.Type) is null ? before : DeploymentConditions.Without(before, RollbackConditions.Type);
        if (ReferenceEquals(before, after))
            return null;
        var changed = ApiJson.Copy(deployment);
        (changed.Status ??= new V1DeploymentStatus()).Conditions = [.. after];
        return changed;
    }
}
