using ActorKube.Api.Machinery;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>Roll-outs of workloads that keep their templates in ControllerRevisions.</summary>
internal static class RevisionRollouts
{
    /// <summary>What is to be done about one.</summary>
    /// <param name="set">The workload.</param>
    /// <param name="template">Its template.</param>
    /// <param name="revisions">All revisions, indexed by their controller.</param>
    /// <param name="pods">All pods, indexed by their controller.</param>
    /// <param name="hashOf">What a revision's pods carry in their label.</param>
    /// <param name="isComplete">Whether all pods are of the revision of that name, and available.</param>
    /// <param name="setTemplate">Gives a copy of the workload another template.</param>
    /// <param name="withCondition">See <see cref="Rollout.WithCondition"/>.</param>
    /// <param name="context">The time.</param>
    public static Plan Reconcile<T>(
        T set, V1PodTemplateSpec template, ILister<V1ControllerRevision> revisions, ILister<V1Pod> pods, Func<V1ControllerRevision, string> hashOf,
        Func<string, bool> isComplete, Action<T, V1PodTemplateSpec> setTemplate, Func<(string Reason, string Message)?, T?> withCondition, ReconcileContext context)
        where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var all = TemplateRevisions.Of(set, template, revisions.ByIndex(Ownership.ByController, set.Metadata.Uid), null);
        // The set's own controller has yet to note its template.
        if (all.Actions.Count > 0)
            return Plan.Nothing;
        var rollout = new Rollout
        {
            Workload = set,
            Current = new RolloutRevision(all.Current, all.Current.Revision ?? 0),
            Others = [.. all.All.Where(r => r != all.Current).Select(r => new RolloutRevision(r, r.Revision ?? 0))],
            PodsOf = revision => pods.ByIndex(Ownership.ByController, set.Metadata.Uid).Where(p => TemplateRevisions.HashOf(p) == hashOf((V1ControllerRevision)revision.Object)),
            IsComplete = isComplete(all.Current.Metadata.Name),
            BlockedByBrokenPods = true,
            WithTemplateOf = revision =>
            {
                var changed = ApiJson.Copy(set);
                setTemplate(changed, TemplateRevisions.TemplateOf((V1ControllerRevision)revision.Object));
                return changed;
            },
            WithCondition = withCondition,
        };
        return RollbackReconciler.Reconcile(rollout, context, (check, marks) => HealthChecks.Round(rollout, check, marks));
    }
}
