namespace ActorKube.Scheduler;

/// <summary>What a scheduling cycle found.</summary>
public abstract record SchedulingResult
{
    /// <summary>The best node.</summary>
    /// <param name="Node">Its name.</param>
    /// <param name="Evaluated">How many nodes were looked at.</param>
    /// <param name="Feasible">How many of them fit.</param>
    public sealed record Fits(string Node, int Evaluated, int Feasible) : SchedulingResult;

    /// <summary>No node fits.</summary>
    /// <param name="Error">Why.</param>
    public sealed record FitsNowhere(FitError Error) : SchedulingResult;
}

/// <summary>
/// Chooses a node for one pod: filters, scores, takes the best. Deterministic: the same seed and the same sequence of calls give the
/// same nodes. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/kube-scheduler/
/// </summary>
/// <param name="plugins">The rules, in the order in which they filter; the first that rejects a node is the one that is reported.</param>
/// <param name="weights">How much each rule's score counts; 1 when not named.</param>
/// <param name="percentageOfNodesToScore">0 chooses by cluster size.</param>
/// <param name="seed">Start of the random numbers that break ties.</param>
public sealed class SchedulingCycle(
    IReadOnlyList<SchedulerPlugin> plugins, IReadOnlyDictionary<string, int> weights, int percentageOfNodesToScore, int seed)
{
    private const int MinFeasibleNodes = 100;
    private readonly Random _random = new(seed);
    private int _start;

    /// <summary>Chooses a node for the pod.</summary>
    public SchedulingResult Schedule(PodInfo pod, Snapshot snapshot)
    {
        var nodes = snapshot.Nodes;
        if (nodes.IsEmpty)
        {
            return new SchedulingResult.FitsNowhere(new FitError(0, new Dictionary<string, int>(), ClusterChange.NodeAdded));
        }

        var checks = ChecksOf(pod, snapshot);
        if (checks.FirstOrDefault(c => c.Check.RejectsAll is not null) is { Check: { } rejecting } all)
        {
            return new SchedulingResult.FitsNowhere(new FitError(nodes.Length, new Dictionary<string, int>(), all.Plugin.HelpedBy) { Whole = rejecting.RejectsAll });
        }

        var only = checks.Select(c => c.Check.OnlyNodes).FirstOrDefault(o => o is not null);
        var wanted = FeasibleNodesToFind(nodes.Length);
        var feasible = new List<NodeInfo>(Math.Min(wanted, nodes.Length));
        var reasons = new Dictionary<string, int>();
        var helpedBy = ClusterChange.None;
        var evaluated = 0;
        for (; evaluated < nodes.Length && feasible.Count < wanted; evaluated++)
        {
            var node = nodes[(_start + evaluated) % nodes.Length];
            if (only is not null && !only.Contains(node.Name))
            {
                Count(reasons, "node(s) didn't satisfy plugin(s) [NodeAffinity]");
                helpedBy |= ClusterChange.NodeAdded;
                continue;
            }

            if (Filter(checks, node) is var (plugin, rejection))
            {
                helpedBy |= plugin.HelpedBy;
                foreach (var reason in rejection.Reasons)
                {
                    Count(reasons, reason);
                }
            }
            else
            {
                feasible.Add(node);
            }
        }

        // The next pod starts where this one stopped, so that all nodes get their turn.
        _start = (_start + evaluated) % nodes.Length;
        return feasible.Count == 0
            ? new SchedulingResult.FitsNowhere(new FitError(nodes.Length, reasons, helpedBy))
            : new SchedulingResult.Fits(Best(checks, feasible), evaluated, feasible.Count);
    }

    /// <summary>
    /// How many fitting nodes are enough. Example: 1,000 nodes: 50 - 1000/125 = 42 percent, 420 nodes.
    /// </summary>
    public int FeasibleNodesToFind(int nodeCount)
    {
        if (nodeCount < MinFeasibleNodes || percentageOfNodesToScore >= 100)
        {
            return nodeCount;
        }

        var percent = percentageOfNodesToScore > 0 ? percentageOfNodesToScore : Math.Max(5, 50 - (nodeCount / 125));
        return Math.Max(MinFeasibleNodes, nodeCount * percent / 100);
    }

    /// <summary>Whether the pod fits on one node.</summary>
    public bool FitsOn(PodInfo pod, Snapshot snapshot, string node) => snapshot.Find(node) is { } found && Filter(ChecksOf(pod, snapshot), found) is null;

    /// <summary>Nodes that would not do for the pod, whoever left them.</summary>
    public IReadOnlySet<string> Unhelped(PodInfo pod, Snapshot snapshot)
    {
        var checks = ChecksOf(pod, snapshot);
        var unhelped = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in snapshot.Nodes)
        {
            if (checks.FirstOrDefault(c => c.Check.Filter(node) is not null) is { Check: { } first } && !first.HelpedByPreemption(node))
            {
                unhelped.Add(node.Name);
            }
        }

        return unhelped;
    }

    private List<(SchedulerPlugin Plugin, PodCheck Check)> ChecksOf(PodInfo pod, Snapshot snapshot)
    {
        var checks = new List<(SchedulerPlugin Plugin, PodCheck Check)>(plugins.Count);
        foreach (var plugin in plugins)
        {
            if (plugin.For(pod, snapshot) is { } check)
            {
                checks.Add((plugin, check));
            }
        }

        return checks;
    }

    private static (SchedulerPlugin Plugin, Rejection Rejection)? Filter(List<(SchedulerPlugin Plugin, PodCheck Check)> checks, NodeInfo node)
    {
        foreach (var (plugin, check) in checks)
        {
            if (check.Filter(node) is { } rejection)
            {
                return (plugin, rejection);
            }
        }

        return null;
    }

    private string Best(List<(SchedulerPlugin Plugin, PodCheck Check)> checks, List<NodeInfo> feasible)
    {
        if (feasible.Count == 1)
        {
            return feasible[0].Name;
        }

        var nodes = System.Runtime.InteropServices.CollectionsMarshal.AsSpan(feasible);
        var total = new long[nodes.Length];
        var scores = new long[nodes.Length];
        foreach (var (plugin, check) in checks)
        {
            var weight = weights.GetValueOrDefault(plugin.Name, 1);
            if (!check.Scores || weight == 0)
            {
                continue;
            }

            Array.Clear(scores);
            check.Score(nodes, scores);
            for (var i = 0; i < total.Length; i++)
            {
                total[i] += weight * scores[i];
            }
        }

        // One pass that keeps each of n equally good nodes with probability 1/n.
        var best = 0;
        var ties = 1;
        for (var i = 1; i < total.Length; i++)
        {
            if (total[i] > total[best])
            {
                (best, ties) = (i, 1);
            }
            else if (total[i] == total[best] && _random.Next(++ties) == 0)
            {
                best = i;
            }
        }

        return nodes[best].Name;
    }

    private static void Count(Dictionary<string, int> reasons, string reason) => reasons[reason] = reasons.GetValueOrDefault(reason) + 1;
}
