using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.ReplicaSets;

/// <summary>
/// Keeps as many pods as a ReplicaSet asks for. Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/
/// </summary>
public static class ReplicaSetReconciler
{
    /// <summary>As many pods one plan creates or deletes at most.</summary>
    public const int Burst = 500;

    /// <summary>What brings the pods to the wanted number.</summary>
    /// <param name="replicaSet">The ReplicaSet.</param>
    /// <param name="candidates">Pods it controls and orphans of its namespace, in any order.</param>
    /// <param name="related">Pods of all ReplicaSets with the same owner.</param>
    /// <param name="context">Time, names and the last failure.</param>
    public static Plan Reconcile(V1ReplicaSet replicaSet, IEnumerable<V1Pod> candidates, IEnumerable<V1Pod> related, ReconcileContext context) =>
        Reconcile(replicaSet, replicaSet, candidates, related, context, status => SetStatus(replicaSet, status));

    /// <summary>The same for an owner of another kind that wants what <paramref name="replicaSet"/> says.</summary>
    internal static Plan Reconcile<TOwner>(
        TOwner owner, V1ReplicaSet replicaSet, IEnumerable<V1Pod> candidates, IEnumerable<V1Pod> related, ReconcileContext context, Func<V1ReplicaSetStatus, UpdateStatus> setStatus)
        where TOwner : class, IKubernetesObject<V1ObjectMeta>
    {
        var selector = LabelSelector.From(replicaSet.Spec.Selector);
        if (selector.IsEmpty)
            return Plan.Nothing;
        var claims = Claims<V1Pod>.Of(owner, selector, candidates.Where(p => !PodFacts.IsTerminal(p) || Ownership.IsControlledBy(p, replicaSet)));
        var active = claims.Owned.Where(PodFacts.IsActive).ToList();
        var terminating = claims.Owned.Count(PodFacts.IsTerminating);
        var actions = new List<PlannedAction>(claims.Actions);

        var failure = context.LastFailure is { Action: Create or Delete } last ? last : null;
        var status = ReplicaSetStatusRules.Calculate(replicaSet, active, terminating, failure, context.Now);
        var statusChanged = !SemanticEquality.Equal(status, replicaSet.Status);
        // After a failure people learn about it first; else pods come first.
        if (statusChanged && failure is not null)
            actions.Add(setStatus(status));
        if (replicaSet.Metadata.DeletionTimestamp is null)
            actions.AddRange(Manage(owner, replicaSet, active, related, context));
        if (statusChanged && failure is null)
            actions.Add(setStatus(status));
        return new Plan(actions, NextAvailable(replicaSet, active, context.Now));
    }

    private static IEnumerable<PlannedAction> Manage<TOwner>(TOwner owner, V1ReplicaSet replicaSet, List<V1Pod> active, IEnumerable<V1Pod> related, ReconcileContext context)
        where TOwner : class, IKubernetesObject<V1ObjectMeta>
    {
        var missing = (replicaSet.Spec.Replicas ?? 1) - active.Count;
        if (missing > 0)
        {
            var creates = new List<PlannedAction>();
            for (var i = 0; i < Math.Min(missing, Burst); i++)
            {
                var pod = PodFromTemplate(replicaSet, Ownership.Reference(owner), context.Names);
                creates.Add(new Create(pod)
                {
                    Announce = new Announcement(owner, "SuccessfulCreate", $"Created pod: {pod.Metadata.Name}", "FailedCreate", "Error creating: "),
                });
            }

            yield return new Together(creates, SlowStart: true);
        }
        else if (missing < 0)
        {
            yield return new Together([.. PodRanking.Victims(active, related, Math.Min(-missing, Burst), context.Now).Select(pod => new Delete(pod)
            {
                Announce = new Announcement(owner, "SuccessfulDelete", $"Deleted pod: {pod.Metadata.Name}", "FailedDelete", $"Error deleting: {pod.Metadata.Name}: "),
            })]);
        }
    }

    private static V1Pod PodFromTemplate(V1ReplicaSet replicaSet, V1OwnerReference owner, NameSuffixes names)
    {
        var template = ApiJson.Copy(replicaSet.Spec.Template);
        var prefix = $"{replicaSet.Metadata.Name}-";
        return new V1Pod
        {
            Metadata = new V1ObjectMeta
            {
                GenerateName = prefix,
                Name = names.Name(prefix),
                NamespaceProperty = replicaSet.Metadata.NamespaceProperty,
                Labels = template.Metadata?.Labels,
                Annotations = template.Metadata?.Annotations,
                Finalizers = template.Metadata?.Finalizers,
                OwnerReferences = [owner],
            },
            Spec = template.Spec,
        };
    }

    private static UpdateStatus SetStatus(V1ReplicaSet replicaSet, V1ReplicaSetStatus status)
    {
        var changed = ApiJson.Copy(replicaSet);
        changed.Status = status;
        return new UpdateStatus(changed);
    }

    // No change of the pod tells when minReadySeconds are over; the clock does.
    private static TimeSpan? NextAvailable(V1ReplicaSet replicaSet, List<V1Pod> active, DateTimeOffset now) => active
        .Select(p => PodFacts.WaitUntilAvailable(p, replicaSet.Spec.MinReadySeconds ?? 0, now))
        .Where(w => w > TimeSpan.Zero)
        .DefaultIfEmpty(null)
        .Min();
}
