using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Disruption;

/// <summary>
/// How many pods may be evicted now without breaking a PodDisruptionBudget. Source: https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-budgets
/// </summary>
public static class DisruptionReconciler
{
    /// <summary>An eviction that was allowed and whose pod has not begun to end after this time did not happen.</summary>
    private static readonly TimeSpan DeletionTimeout = TimeSpan.FromMinutes(2);

    /// <summary>The plan that brings the budget's status up to date.</summary>
    /// <param name="budget">The budget.</param>
    /// <param name="namespacePods">Pods of its namespace.</param>
    /// <param name="scaleOf">How many pods the controller of a pod wants, by its uid; null when nobody knows.</param>
    /// <param name="context">Time, names and the last failure.</param>
    public static Plan Reconcile(V1PodDisruptionBudget budget, IEnumerable<V1Pod> namespacePods, Func<V1OwnerReference, (string Uid, int Scale)?> scaleOf, ReconcileContext context)
    {
        if (budget.Metadata.DeletionTimestamp is not null || budget.Spec.Selector is null)
            return Plan.Nothing;
        var selector = LabelSelector.From(budget.Spec.Selector);
        var pods = namespacePods.Where(p => !PodFacts.IsTerminal(p) && selector.Matches(p.Metadata.Labels)).ToList();
        var actions = new List<PlannedAction>();
        if (pods.Count == 0)
            actions.Add(new Tell(budget, "Normal", "NoPods", "No matching pods found"));
        var (expected, desired) = Count(budget, pods, scaleOf);
        var disrupted = new Dictionary<string, DateTime?>();
        TimeSpan? wake = null;
        foreach (var (name, noted) in budget.Status?.DisruptedPods ?? new Dictionary<string, DateTime?>())
        {
            var since = noted ?? context.Now.UtcDateTime;
            // One that is on its way out, or gone, is seen as such without a note.
            if (pods.FirstOrDefault(p => p.Metadata.Name == name) is not { Metadata.DeletionTimestamp: null })
                continue;
            var left = since + DeletionTimeout - context.Now.UtcDateTime;
            if (left <= TimeSpan.Zero)
                continue;
            disrupted[name] = since;
            wake = wake is { } w && w < left ? w : left;
        }

        var healthy = pods.Count(p => p.Metadata.DeletionTimestamp is null && PodFacts.IsReady(p) && !disrupted.ContainsKey(p.Metadata.Name));
        var allowed = expected <= 0 ? 0 : Math.Max(0, healthy - desired);
        var status = new V1PodDisruptionBudgetStatus
        {
            CurrentHealthy = healthy,
            DesiredHealthy = desired,
            ExpectedPods = expected,
            DisruptionsAllowed = allowed,
            DisruptedPods = disrupted.Count == 0 ? null : disrupted,
            ObservedGeneration = budget.Metadata.Generation,
            Conditions = Conditions(budget, allowed, context.Now),
        };
        if (SemanticEquality.Equal(status, budget.Status))
            return new Plan(actions.Count > 0 && budget.Status?.ObservedGeneration == budget.Metadata.Generation ? [] : actions, wake);
        var changed = ApiJson.Copy(budget);
        changed.Status = status;
        actions.Add(new UpdateStatus(changed));
        return new Plan(actions, wake);
    }

    // A number counts against the pods that there are; a percentage, and what may be missing, against what their controllers want.
    private static (int Expected, int Desired) Count(V1PodDisruptionBudget budget, List<V1Pod> pods, Func<V1OwnerReference, (string Uid, int Scale)?> scaleOf)
    {
        var minimum = budget.Spec.MinAvailable?.ToString();
        if (minimum is not null && !minimum.EndsWith('%'))
            return (pods.Count, Percentages.Resolve(minimum, pods.Count, Math.Ceiling));
        var scales = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            if (Ownership.ControllerOf(pod) is { } owner && scaleOf(owner) is { } known)
                scales[known.Uid] = known.Scale;
        }

        var expected = scales.Values.Sum();
        if (minimum is not null)
            return (expected, Percentages.Resolve(minimum, expected, Math.Ceiling));
        var missing = Percentages.Resolve(budget.Spec.MaxUnavailable?.ToString() ?? "0", expected, Math.Ceiling);
        return (expected, Math.Max(0, expected - missing));
    }

    private static List<V1Condition> Conditions(V1PodDisruptionBudget budget, int allowed, DateTimeOffset now)
    {
        const string Type = "DisruptionAllowed";
        var (status, reason) = allowed > 0 ? ("True", "SufficientPods") : ("False", "InsufficientPods");
        var conditions = new List<V1Condition>(budget.Status?.Conditions ?? []);
        var at = conditions.FindIndex(c => c.Type == Type);
        var condition = new V1Condition
        {
            Type = Type,
            Status = status,
            Reason = reason,
            Message = "",
            ObservedGeneration = budget.Metadata.Generation,
            LastTransitionTime = at >= 0 && conditions[at].Status == status ? conditions[at].LastTransitionTime : now.UtcDateTime,
        };
        if (at >= 0)
            conditions[at] = condition;
        else
            conditions.Add(condition);
        return conditions;
    }
}
