namespace ActorKube.Scheduler.Plugins;

/// <summary>The soft constraints of one pod: the fewer pods of its kind in a node's domains, the better.</summary>
internal sealed class SpreadScore(PodInfo pod, Snapshot snapshot, SpreadConstraint[] soft) : PodCheck
{
    public override bool Scores => true;

    public override void Score(ReadOnlySpan<NodeInfo> nodes, Span<long> scores)
    {
        var raw = new double[nodes.Length];
        foreach (var constraint in soft)
        {
            Add(constraint, nodes, raw);
        }

        // Turned round: the fullest domain gets what the emptiest is worth.
        var (min, max) = (raw.Min(), raw.Max());
        for (var i = 0; i < scores.Length; i++)
        {
            scores[i] = max == 0 ? MaxScore : (long)(MaxScore * (max + min - raw[i]) / max);
        }
    }

    /// <summary>
    /// The more domains there are, the more a pod in one weighs: ln(domains + 2). Small skews are evened out by adding maxSkew - 1.
    /// A node without the label neither wins nor loses by it.
    /// </summary>
    private void Add(SpreadConstraint constraint, ReadOnlySpan<NodeInfo> nodes, double[] raw)
    {
        // A node is its own domain in all clusters but strange ones: no need to look at the other nodes.
        var perNode = constraint.Key == PodTopologySpread.HostnameKey;
        var counts = new Dictionary<string, int>();
        foreach (var node in nodes)
        {
            if (node.Labels.TryGetValue(constraint.Key, out var domain))
            {
                counts.TryAdd(domain, 0);
            }
        }

        if (counts.Count == 0)
        {
            return;
        }

        foreach (var node in perNode ? nodes : snapshot.Nodes)
        {
            if (node.Labels.TryGetValue(constraint.Key, out var domain) && counts.TryGetValue(domain, out var count) && constraint.Counts(pod, node))
            {
                counts[domain] = count + constraint.PodsOn(pod, node);
            }
        }

        var weight = Math.Log(counts.Count + 2);
        for (var i = 0; i < nodes.Length; i++)
        {
            raw[i] += nodes[i].Labels.TryGetValue(constraint.Key, out var domain) ? (counts[domain] * weight) + (constraint.MaxSkew - 1) : 0;
        }
    }
}
