using ActorKube.Api.Scheduling;

namespace ActorKube.Scheduler.Preemption;

/// <summary>
/// Looks for a node that pods of lower priority can leave to a pod that fits nowhere. Decides only; whoever has to go is told by the actor.
/// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/
/// </summary>
public static class Preemptor
{
    // Nodes that would do are searched until there are this many, or this part of all.
    private const int MinCandidates = 100;
    private const int CandidatePercentage = 10;

    private const string NoVictims = "No preemption victims found for incoming pod";
    private const string NotHelpful = "Preemption is not helpful for scheduling";

    /// <summary>Finds a node for the pod.</summary>
    /// <param name="pod">The pod that fits nowhere.</param>
    /// <param name="snapshot">The cluster as the pod sees it.</param>
    /// <param name="cycle">The rules.</param>
    /// <param name="budgets">What is to be kept where it can be.</param>
    /// <param name="nominations">Who is to come where.</param>
    public static PreemptionResult Find(PodInfo pod, Snapshot snapshot, SchedulingCycle cycle, DisruptionBudgets budgets, Nominations nominations)
    {
        if (pod.Pod.Spec.PreemptionPolicy == "Never")
            return PreemptionResult.Nothing("not eligible due to preemptionPolicy=Never.");
        if (nominations.NodeOf(pod.Uid) is { } nominated && snapshot.Find(nominated) is { } clearing && clearing.Pods.Any(p => p.Priority < pod.Priority && IsLeaving(p)))
            return PreemptionResult.Nothing("not eligible due to a terminating pod on the nominated node.");

        var helpless = cycle.Unhelped(pod, snapshot);
        var enough = Math.Max(MinCandidates, snapshot.Nodes.Length * CandidatePercentage / 100);
        var candidates = new List<PreemptionCandidate>();
        var without = 0;
        foreach (var node in snapshot.Nodes)
        {
            if (candidates.Count >= enough)
                break;
            if (helpless.Contains(node.Name))
                continue;
            if (Victims.On(pod, node, snapshot, budgets, (s, n) => cycle.FitsOn(pod, s, n)) is { } candidate)
                candidates.Add(candidate);
            else
                without++;
        }

        return Victims.Cheapest(candidates) is { } best
            ? new PreemptionResult(best, "", nominations.Below(pod.Priority, best.Node))
            : PreemptionResult.Nothing(Explain(snapshot.Nodes.Length, without, helpless.Count));
    }

    // Somebody was already told to go for this pod's sake: it waits for that first.
    private static bool IsLeaving(PodInfo pod) =>
        pod.IsTerminating && DisruptionTarget.IsIn(pod.Pod, PodWrites.PreemptionReason);

    private static string Explain(int nodes, int without, int helpless)
    {
        var reasons = new[] { (Count: without, Text: NoVictims), (Count: helpless, Text: NotHelpful) }.Where(r => r.Count > 0).Select(r => $"{r.Count} {r.Text}").Order(StringComparer.Ordinal);
        return nodes == 0 ? "0/0 nodes are available." : $"0/{nodes} nodes are available: {string.Join(", ", reasons)}.";
    }
}
