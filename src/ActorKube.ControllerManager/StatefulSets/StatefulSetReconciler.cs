using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.StatefulSets;

/// <summary>
/// Keeps a StatefulSet's pods: each with a name and claims of its own, started in order and ended in the reverse order, one at a time where the set asks for that.
/// Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/
/// </summary>
public static class StatefulSetReconciler
{
    /// <summary>What brings the pods to where they should be.</summary>
    /// <param name="set">The StatefulSet.</param>
    /// <param name="candidates">Pods it controls and orphans of its namespace, in any order.</param>
    /// <param name="owned">Its revisions, in any order.</param>
    /// <param name="hasClaim">Whether a claim of that name exists in the set's namespace.</param>
    /// <param name="context">Time, names and the last failure.</param>
    public static Plan Reconcile(
        V1StatefulSet set, IEnumerable<V1Pod> candidates, IEnumerable<V1ControllerRevision> owned, Func<string, bool> hasClaim, ReconcileContext context)
    {
        var selector = LabelSelector.From(set.Spec.Selector);
        if (selector.IsEmpty)
            return Plan.Nothing;
        var claims = Claims<V1Pod>.Of(set, selector, candidates.Where(p => StatefulPods.OrdinalOf(set, p) >= 0));
        var collisions = context.LastFailure is { Action: Create { Object: V1ControllerRevision }, Reason: "AlreadyExists" } ? (set.Status?.CollisionCount ?? 0) + 1 : set.Status?.CollisionCount ?? 0;
        var revisions = TemplateRevisions.Of(set, set.Spec.Template, owned, collisions);
        // Pods name their revision whole, not by its hash alone.
        var update = revisions.Current.Metadata.Name;
        var current = revisions.All.FirstOrDefault(r => r.Metadata.Name == set.Status?.CurrentRevision) ?? revisions.Current;
        var view = new View(set, claims.Owned, current, revisions.Current, context.Now);
        var actions = new List<PlannedAction>(claims.Actions);
        if (set.Metadata.DeletionTimestamp is null)
        {
            actions.AddRange(revisions.Actions);
            var steps = Steps(view, hasClaim);
            actions.AddRange(steps);
            actions.AddRange(revisions.Truncate(set.Spec.RevisionHistoryLimit ?? 10, claims.Owned, current.Metadata.Name, update));
        }

        var status = Status(view, collisions);
        if (!SemanticEquality.Equal(status, set.Status))
        {
            var changed = ApiJson.Copy(set);
            changed.Status = status;
            actions.Add(new UpdateStatus(changed));
        }

        return new Plan(actions, view.NextAvailable);
    }

    private static List<PlannedAction> Steps(View view, Func<string, bool> hasClaim)
    {
        var steps = new List<PlannedAction>();
        for (var ordinal = view.First; ordinal <= view.Last; ordinal++)
        {
            var pod = view.At(ordinal);
            if (pod is null)
                steps.Add(new Together(Start(view, ordinal, hasClaim)));
            else if (PodFacts.IsTerminal(pod) && pod.Metadata.DeletionTimestamp is null)
                steps.Add(new Delete(pod) { Announce = new Announcement(view.Set, "RecreatingFailedPod", $"StatefulSet {view.Set.Metadata.NamespaceProperty}/{view.Set.Metadata.Name} is recreating failed Pod {pod.Metadata.Name}", Type: "Warning") });
            else if (view.IsAvailable(pod) || !view.Ordered)
                continue;
            // In order: the next one waits until this one serves.
            if (view.Ordered)
                return steps;
        }

        foreach (var pod in view.Condemned)
        {
            if (view.Ordered && (pod.Metadata.DeletionTimestamp is not null || (!PodFacts.IsReady(pod) && pod != view.FirstUnhealthy)))
                return steps;
            if (pod.Metadata.DeletionTimestamp is null)
                steps.Add(Stop(view.Set, pod));
            if (view.Ordered)
                return steps;
        }

        return steps.Count > 0 || view.Set.Spec.UpdateStrategy?.Type == "OnDelete" ? steps : Roll(view);
    }

    // The highest ordinal that is not of the new template makes way, once all above it serve.
    private static List<PlannedAction> Roll(View view)
    {
        var steps = new List<PlannedAction>();
        var rolling = view.Set.Spec.UpdateStrategy?.RollingUpdate;
        var room = Math.Max(1, Percentages.Resolve(rolling?.MaxUnavailable ?? "1", view.Last - view.First + 1, Math.Ceiling));
        for (var ordinal = view.Last; ordinal >= Math.Max(view.First, view.First + (rolling?.Partition ?? 0)) && room > 0; ordinal--)
        {
            if (view.At(ordinal) is not { } pod)
                continue;
            if (TemplateRevisions.HashOf(pod) != view.Update.Metadata.Name && pod.Metadata.DeletionTimestamp is null)
            {
                steps.Add(Stop(view.Set, pod));
                room--;
            }
            else if (!view.IsAvailable(pod))
            {
                room--;
            }
        }

        return steps;
    }

    private static List<PlannedAction> Start(View view, int ordinal, Func<string, bool> hasClaim)
    {
        var set = view.Set;
        var revision = view.RevisionFor(ordinal);
        var pod = StatefulPods.Pod(set, ordinal, TemplateRevisions.TemplateOf(revision), revision.Metadata.Name);
        var name = pod.Metadata.Name;
        return
        [
            .. StatefulPods.Claims(set, name).Where(c => !hasClaim(c.Metadata.Name)).Select(c => new Create(c)
            {
                Announce = new Announcement(set, "SuccessfulCreate", $"create Claim {c.Metadata.Name} Pod {name} in StatefulSet {set.Metadata.Name} success",
                    "FailedCreate", $"create Claim {c.Metadata.Name} for Pod {name} in StatefulSet {set.Metadata.Name} failed error: "),
            }),
            new Create(pod)
            {
                Announce = new Announcement(set, "SuccessfulCreate", $"create Pod {name} in StatefulSet {set.Metadata.Name} successful",
                    "FailedCreate", $"create Pod {name} in StatefulSet {set.Metadata.Name} failed error: "),
            },
        ];
    }

    private static Delete Stop(V1StatefulSet set, V1Pod pod) => new(pod)
    {
        Announce = new Announcement(set, "SuccessfulDelete", $"delete Pod {pod.Metadata.Name} in StatefulSet {set.Metadata.Name} successful",
            "FailedDelete", $"delete Pod {pod.Metadata.Name} in StatefulSet {set.Metadata.Name} failed error: "),
    };

    private static V1StatefulSetStatus Status(View view, int collisions)
    {
        var (update, current) = (view.Update.Metadata.Name, view.Current.Metadata.Name);
        var pods = view.Pods;
        var live = pods.Where(p => p.Metadata.DeletionTimestamp is null).ToList();
        var (ready, available) = (pods.Count(IsRunningAndReady), pods.Count(view.IsAvailable));
        var (ofUpdate, ofCurrent) = (live.Count(p => TemplateRevisions.HashOf(p) == update), live.Count(p => TemplateRevisions.HashOf(p) == current));
        // Once every pod is of the new template and serves, that is the current one.
        if (view.Set.Spec.UpdateStrategy?.Type != "OnDelete" && update != current && ofUpdate == pods.Count && ready == pods.Count)
            (current, ofCurrent) = (update, ofUpdate);
        return new V1StatefulSetStatus
        {
            Replicas = pods.Count,
            ReadyReplicas = Shown(ready),
            AvailableReplicas = available,
            CurrentReplicas = Shown(ofCurrent),
            UpdatedReplicas = Shown(ofUpdate),
            CurrentRevision = current,
            UpdateRevision = update,
            CollisionCount = collisions,
            ObservedGeneration = view.Set.Metadata.Generation,
            Conditions = view.Set.Status?.Conditions,
        };
    }

    private static int? Shown(int count) => count == 0 ? null : count;

    private static bool IsRunningAndReady(V1Pod pod) => pod.Status?.Phase == "Running" && PodFacts.IsReady(pod);

    private sealed class View
    {
        private readonly Dictionary<int, V1Pod> _byOrdinal = [];
        private readonly int _minReady;

        public View(V1StatefulSet set, IReadOnlyList<V1Pod> pods, V1ControllerRevision current, V1ControllerRevision update, DateTimeOffset now)
        {
            (Set, Current, Update, Pods, Now) = (set, current, update, pods, now);
            _minReady = set.Spec.MinReadySeconds ?? 0;
            foreach (var pod in pods)
                _byOrdinal[StatefulPods.OrdinalOf(set, pod)] = pod;
            First = StatefulPods.Start(set);
            Last = First + (set.Spec.Replicas ?? 1) - 1;
            Condemned = [.. _byOrdinal.Where(p => p.Key < First || p.Key > Last).OrderByDescending(p => p.Key).Select(p => p.Value)];
            FirstUnhealthy = _byOrdinal.Where(p => !IsRunningAndReady(p.Value) || p.Value.Metadata.DeletionTimestamp is not null).OrderBy(p => p.Key).Select(p => p.Value).FirstOrDefault();
            NextAvailable = pods.Select(p => PodFacts.WaitUntilAvailable(p, _minReady, now)).Where(w => w > TimeSpan.Zero).DefaultIfEmpty(null).Min();
        }

        public V1StatefulSet Set { get; }

        public V1ControllerRevision Current { get; }

        public V1ControllerRevision Update { get; }

        public IReadOnlyList<V1Pod> Pods { get; }

        public DateTimeOffset Now { get; }

        public int First { get; }

        public int Last { get; }

        public IReadOnlyList<V1Pod> Condemned { get; }

        public V1Pod? FirstUnhealthy { get; }

        public TimeSpan? NextAvailable { get; }

        public bool Ordered => Set.Spec.PodManagementPolicy != "Parallel";

        public V1Pod? At(int ordinal) => _byOrdinal.GetValueOrDefault(ordinal);

        public bool IsAvailable(V1Pod pod) => IsRunningAndReady(pod) && pod.Metadata.DeletionTimestamp is null && PodFacts.IsAvailable(pod, _minReady, Now);

        // Below the partition, a pod that is made anew is of the template that the others there are of.
        public V1ControllerRevision RevisionFor(int ordinal) =>
            Set.Spec.UpdateStrategy is { Type: not "OnDelete", RollingUpdate.Partition: > 0 and var partition } && ordinal < First + partition ? Current : Update;
    }
}
