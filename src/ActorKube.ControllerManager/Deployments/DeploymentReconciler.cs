using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Deployments;

/// <summary>
/// Rolls a Deployment's template out over ReplicaSets, one step at a time: each plan changes sizes in one direction, and the next one starts from what came of it.
/// Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/
/// </summary>
public static class DeploymentReconciler
{
    private static readonly Dictionary<V1ReplicaSet, int> NoSizes = [];

    /// <summary>The next step.</summary>
    /// <param name="deployment">The Deployment.</param>
    /// <param name="candidates">ReplicaSets it controls and orphans of its namespace, in any order.</param>
    /// <param name="pods">Pods of its ReplicaSets.</param>
    /// <param name="nameTaken">Whether another ReplicaSet of the namespace has the name.</param>
    /// <param name="context">Time, names and the last failure.</param>
    public static Plan Reconcile(V1Deployment deployment, IEnumerable<V1ReplicaSet> candidates, IEnumerable<V1Pod> pods, Func<string, bool> nameTaken, ReconcileContext context)
    {
        var selector = LabelSelector.From(deployment.Spec.Selector);
        if (selector.IsEmpty)
            return Plan.Nothing;
        var claims = Claims<V1ReplicaSet>.Of(deployment, selector, candidates);
        if (claims.Actions.Count > 0)
            return new Plan(claims.Actions);

        var all = pods.ToList();
        var view = DeploymentView.Of(deployment, claims.Owned, all, context.Now);
        var step = new Step(view, context, nameTaken);
        if (deployment.Metadata.DeletionTimestamp is not null)
            return step.StatusOnly();
        if (deployment.Spec.Paused == true)
            return step.Paused();
        if (Scaling.WasScaled(view) && step.Rescaled() is { } rescaled)
            return rescaled;
        return view.IsRolling ? step.Rolling() : step.Recreate(all);
    }

    /// <summary>One call's way through the rules.</summary>
    private sealed class Step(DeploymentView view, ReconcileContext context, Func<string, bool> nameTaken)
    {
        private IReadOnlyList<V1DeploymentCondition> _conditions = PauseRules(view, context.Now);
        private Canary _canary = new((int?)null);

        public Plan StatusOnly() => Finish([], DeploymentStatusRules.Calculate(view, _conditions, Collisions, context.Now));

        public Plan Paused()
        {
            var actions = ReplicaSetWrites.For(view, Scaling.Proportional(view)).Concat(Revisions.CleanUp(view)).ToList();
            return Finish(actions, DeploymentStatusRules.Calculate(view, _conditions, Collisions, context.Now));
        }

        public Plan? Rescaled()
        {
            var actions = ReplicaSetWrites.For(view, Scaling.Proportional(view)).ToList();
            return actions.Count == 0 ? null : Finish(actions, DeploymentStatusRules.Calculate(view, _conditions, Collisions, context.Now));
        }

        public Plan Rolling()
        {
            _canary = Canary.Of(view, context.Now);
            var room = Math.Min(Scaling.NewSize(view), _canary.Cap ?? int.MaxValue);
            if (view.New is not { } current)
                return CreateNew(room);
            Found(current);
            if (_canary.Note is { } note)
                return Rollout([new Merge(current, new { metadata = new { annotations = new Dictionary<string, string> { [Canary.NoteAnnotation] = note } } })]);
            var size = DeploymentView.Size(current);
            var wanted = Math.Min(view.Replicas, Math.Max(size, room));
            if (size != wanted)
                return Rollout(ReplicaSetWrites.For(view, Sized(current, wanted)));
            // While the new version must not grow, the old one stays as large as that leaves it.
            var old = Scaling.ShrinkOld(view, keep: _canary.Cap is null ? 0 : view.Replicas - size);
            return old.Count > 0 ? Rollout(ReplicaSetWrites.For(view, old)) : Settled();
        }

        public Plan Recreate(IReadOnlyList<V1Pod> pods)
        {
            if (view.New is { } found)
                Found(found);
            if (view.ActiveOld.Count > 0)
                return Rollout(ReplicaSetWrites.For(view, view.ActiveOld.ToDictionary(r => r, _ => 0, ReferenceEqualityComparer.Instance as IEqualityComparer<V1ReplicaSet>)));
            if (pods.Any(p => !PodFacts.IsTerminal(p) && view.Old.Any(r => Ownership.IsControlledBy(p, r))))
                return Rollout(ReplicaSetWrites.For(view, NoSizes));
            if (view.New is not { } current)
                return CreateNew(view.Replicas);
            return DeploymentView.Size(current) != view.Replicas ? Rollout(ReplicaSetWrites.For(view, Sized(current, view.Replicas))) : Settled();
        }

        private int? Collisions => view.Deployment.Status?.CollisionCount;

        private Plan CreateNew(int size)
        {
            var replicaSet = Revisions.Create(view, size);
            if (nameTaken(replicaSet.Metadata.Name))
            {
                // Another template hashed to the same name; counted, the collision changes the hash.
                return Finish([], DeploymentStatusRules.OfRollout(view, _conditions, (Collisions ?? 0) + 1, null, context.Now));
            }

            var create = new Create(replicaSet)
            {
                Announce = size == 0 ? null : new Announcement(
                    view.Deployment, "ScalingReplicaSet", $"Scaled up replica set {replicaSet.Metadata.Name} from 0 to {size}", "ReplicaSetCreateError", $"Failed to create new replica set \"{replicaSet.Metadata.Name}\": "),
            };
            if (context.LastFailure is { Action: Create { Object: V1ReplicaSet }, Reason: not "AlreadyExists" } failure)
            {
                var failed = Finish([], DeploymentStatusRules.OfRollout(view, _conditions, Collisions, failure, context.Now));
                return failed with { Actions = [.. failed.Actions, create] };
            }

            if (view.ProgressDeadline is not null)
                SetProgressing("True", "NewReplicaSetCreated", $"Created new replica set \"{replicaSet.Metadata.Name}\"");
            return Rollout([create]);
        }

        private void Found(V1ReplicaSet replicaSet)
        {
            if (view.ProgressDeadline is not null && DeploymentConditions.Find(_conditions, DeploymentStatusRules.Progressing) is null)
                SetProgressing("True", "FoundNewReplicaSet", $"Found new replica set \"{replicaSet.Metadata.Name}\"");
        }

        private void SetProgressing(string status, string reason, string message) =>
            _conditions = DeploymentConditions.With(_conditions, DeploymentStatusRules.Progressing, status, reason, message, context.Now);

        private Plan Settled() => Rollout(
            ReplicaSetWrites.For(view, NoSizes).Concat(DeploymentStatusRules.IsComplete(view, view.Deployment.Status) ? Revisions.CleanUp(view) : []));

        private Plan Rollout(IEnumerable<PlannedAction> actions) =>
            Finish([.. actions], DeploymentStatusRules.OfRollout(view, _conditions, Collisions, null, context.Now, _canary.Holding));

        private Plan Finish(IReadOnlyList<PlannedAction> actions, V1DeploymentStatus status)
        {
            var all = new List<PlannedAction>(actions);
            var revision = RevisionToNote(actions) is { } next && next != Revisions.Of(view.Deployment.Metadata) ? next : (long?)null;
            if (revision is not null || !SemanticEquality.Equal(status, view.Deployment.Status))
            {
                var changed = ApiJson.Copy(view.Deployment);
                changed.Status = status;
                // A Deployment's annotations may be written with its status, and the controller may write no other part of it in one go.
                if (revision is { } noted)
                    (changed.Metadata.Annotations ??= new Dictionary<string, string>())[Revisions.Revision] = noted.ToString(CultureInfo.InvariantCulture);
                all.Add(new UpdateStatus(changed));
            }

            var deadline = DeploymentStatusRules.UntilDeadline(view, status, context.Now);
            return new Plan(all, _canary.Wait is { } step && !(deadline < step) ? step : deadline);
        }

        private long? RevisionToNote(IReadOnlyList<PlannedAction> actions) =>
            view.New is not null || actions.Any(a => a is Create) ? Revisions.Next(view) : null;

        private static Dictionary<V1ReplicaSet, int> Sized(V1ReplicaSet replicaSet, int size) => new(ReferenceEqualityComparer.Instance) { [replicaSet] = size };
    }

    // A pause stops the progress deadline's clock, and going on starts it anew. A rollout that is stuck already stays so.
    private static IReadOnlyList<V1DeploymentCondition> PauseRules(DeploymentView view, DateTimeOffset now)
    {
        IReadOnlyList<V1DeploymentCondition> conditions = [.. view.Deployment.Status?.Conditions ?? []];
        if (view.ProgressDeadline is null)
            return conditions;
        var paused = view.Deployment.Spec.Paused == true;
        return (DeploymentConditions.Find(conditions, DeploymentStatusRules.Progressing)?.Reason, paused) switch
        {
            ("ProgressDeadlineExceeded", _) => conditions,
            ("DeploymentPaused", false) =>
                DeploymentConditions.With(conditions, DeploymentStatusRules.Progressing, "Unknown", "DeploymentResumed", "Deployment is resumed", now),
            (not "DeploymentPaused", true) =>
                DeploymentConditions.With(conditions, DeploymentStatusRules.Progressing, "Unknown", "DeploymentPaused", "Deployment is paused", now),
            _ => conditions,
        };
    }
}
