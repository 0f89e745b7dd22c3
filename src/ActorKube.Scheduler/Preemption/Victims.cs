namespace ActorKube.Scheduler.Preemption;

/// <summary>Which pods would have to leave a node for another to fit, and which node costs least.</summary>
public static class Victims
{
    /// <summary>
    /// The fewest and least important pods of lower priority whose going makes the pod fit: all are taken away, then each that the pod
    /// leaves room for is put back, those first whose budget would be broken, and among them the most important.
    /// Null when the pod does not fit even on a node without them, or when there are none.
    /// </summary>
    /// <param name="pod">The pod that looks for room.</param>
    /// <param name="node">The node.</param>
    /// <param name="snapshot">The cluster.</param>
    /// <param name="budgets">What is to be kept.</param>
    /// <param name="fits">Whether the pod fits on the node in a snapshot.</param>
    public static PreemptionCandidate? On(PodInfo pod, NodeInfo node, Snapshot snapshot, DisruptionBudgets budgets, Func<Snapshot, string, bool> fits)
    {
        var lower = node.Pods.Where(p => p.Priority < pod.Priority).ToList();
        if (lower.Count == 0)
            return null;
        var left = lower.Aggregate(node, (n, p) => n.Without(p));
        if (!fits(snapshot.With(left), node.Name))
            return null;
        lower.Sort(ByImportance);
        var (violating, free) = budgets.Split(lower);
        var victims = new List<PodInfo>();
        var violations = 0;
        foreach (var one in violating.Concat(free))
        {
            var kept = left.With(one);
            if (fits(snapshot.With(kept), node.Name))
            {
                left = kept;
                continue;
            }

            victims.Add(one);
            violations += violating.Contains(one) ? 1 : 0;
        }

        // A pod that fits when all are back had no need of this: something else kept it away.
        if (victims.Count == 0)
            return null;
        victims.Sort(ByImportance);
        return new PreemptionCandidate(node.Name, victims, violations);
    }

    /// <summary>
    /// The cheapest: fewest broken budgets, then the lowest of the highest priorities, the lowest sum of priorities, the fewest pods, and
    /// the one whose most important victims began last. Null for none.
    /// </summary>
    public static PreemptionCandidate? Cheapest(IReadOnlyList<PreemptionCandidate> candidates) => candidates
        .OrderBy(c => c.Violations)
        .ThenBy(c => c.Victims[0].Priority)
        .ThenBy(c => c.Victims.Sum(v => v.Priority - (long)int.MinValue))
        .ThenBy(c => c.Victims.Count)
        .ThenByDescending(c => c.Victims.Where(v => v.Priority == c.Victims[0].Priority).Min(StartOf))
        .FirstOrDefault();

    // Higher priority first, then who has run longer.
    private static int ByImportance(PodInfo a, PodInfo b)
    {
        var byPriority = b.Priority.CompareTo(a.Priority);
        return byPriority != 0 ? byPriority : StartOf(a).CompareTo(StartOf(b));
    }

    // A pod that has not started yet is the youngest of all.
    private static DateTime StartOf(PodInfo pod) => pod.Pod.Status?.StartTime ?? DateTime.MaxValue;
}
