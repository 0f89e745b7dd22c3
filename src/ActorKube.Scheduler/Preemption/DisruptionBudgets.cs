using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Scheduler.Preemption;

/// <summary>The disruption budgets of the cluster, by namespace. Preemption keeps them where it can. Not thread-safe: the scheduler's state owns it.</summary>
public sealed class DisruptionBudgets
{
    private readonly Dictionary<string, Dictionary<string, Budget>> _namespaces = new(StringComparer.Ordinal);

    /// <summary>A budget appeared or changed.</summary>
    public void Put(V1PodDisruptionBudget budget)
    {
        var ns = budget.Metadata.NamespaceProperty ?? "";
        if (!_namespaces.TryGetValue(ns, out var budgets))
            _namespaces[ns] = budgets = new(StringComparer.Ordinal);
        budgets[budget.Metadata.Name] = new Budget(budget);
    }

    /// <summary>A budget is gone.</summary>
    public void Remove(V1PodDisruptionBudget budget)
    {
        if (_namespaces.TryGetValue(budget.Metadata.NamespaceProperty ?? "", out var budgets))
            budgets.Remove(budget.Metadata.Name);
    }

    /// <summary>
    /// Which of the pods could not go, were they taken in this order, without a budget falling short: two pods of a budget with one place
    /// left give one of each.
    /// </summary>
    public (List<PodInfo> Violating, List<PodInfo> Free) Split(IEnumerable<PodInfo> pods)
    {
        var (violating, free) = (new List<PodInfo>(), new List<PodInfo>());
        var left = new Dictionary<Budget, int>();
        foreach (var pod in pods)
        {
            var violates = false;
            if (_namespaces.TryGetValue(pod.Namespace, out var budgets) && pod.Labels is { Count: > 0 } labels)
            {
                foreach (var budget in budgets.Values.Where(b => b.Covers(pod.Name, labels)))
                {
                    left[budget] = left.GetValueOrDefault(budget, budget.Allowed) - 1;
                    violates |= left[budget] < 0;
                }
            }

            (violates ? violating : free).Add(pod);
        }

        return (violating, free);
    }

    private sealed class Budget(V1PodDisruptionBudget budget)
    {
        // A budget without a selector covers nothing here: nobody would be spared by it.
        private readonly LabelSelector? _selector = budget.Spec?.Selector is { } s && (s.MatchLabels?.Count > 0 || s.MatchExpressions?.Count > 0) ? LabelSelector.From(s) : null;

        public int Allowed { get; } = budget.Status?.DisruptionsAllowed ?? 0;

        // A pod that is on its way out already has taken its place.
        public bool Covers(string name, IDictionary<string, string> labels) =>
            _selector?.Matches(labels) == true && budget.Status?.DisruptedPods?.ContainsKey(name) != true;
    }
}
