namespace ActorKube.Scheduler.Plugins;

/// <summary>The hard constraints of one pod: a domain may have at most maxSkew pods more than the emptiest.</summary>
internal sealed class SpreadFilter : PodCheck
{
    private static readonly Rejection NoLabel = new("node(s) didn't match pod topology spread constraints (missing required label)");
    private static readonly Rejection TooSkewed = new("node(s) didn't match pod topology spread constraints");
    private readonly PodInfo _pod;
    private readonly SpreadConstraint[] _hard;
    private readonly SpreadScore? _soft;
    private readonly Dictionary<string, int>[] _counts;
    private readonly int[] _emptiest;

    public SpreadFilter(PodInfo pod, Snapshot snapshot, SpreadConstraint[] hard, SpreadConstraint[] soft)
    {
        _pod = pod;
        _hard = hard;
        _soft = soft.Length > 0 ? new SpreadScore(pod, snapshot, soft) : null;
        _counts = [.. hard.Select(_ => new Dictionary<string, int>())];
        foreach (var node in snapshot.Nodes)
        {
            if (!hard.All(c => node.Labels.ContainsKey(c.Key)))
            {
                continue;
            }

            for (var i = 0; i < hard.Length; i++)
            {
                if (hard[i].Counts(pod, node))
                {
                    var domain = node.Labels[hard[i].Key];
                    _counts[i][domain] = _counts[i].GetValueOrDefault(domain) + hard[i].PodsOn(pod, node);
                }
            }
        }

        _emptiest = [.. hard.Select((c, i) => _counts[i].Count < c.MinDomains || _counts[i].Count == 0 ? 0 : _counts[i].Values.Min())];
    }

    public override bool Scores => _soft is not null;

    public override Rejection? Filter(NodeInfo node)
    {
        for (var i = 0; i < _hard.Length; i++)
        {
            if (!node.Labels.TryGetValue(_hard[i].Key, out var domain))
            {
                return NoLabel;
            }

            var self = _hard[i].Means(_pod) ? 1 : 0;
            if (_counts[i].GetValueOrDefault(domain) + self - _emptiest[i] > _hard[i].MaxSkew)
            {
                return TooSkewed;
            }
        }

        return null;
    }

    public override bool HelpedByPreemption(NodeInfo node) => _hard.All(c => node.Labels.ContainsKey(c.Key));

    public override void Score(ReadOnlySpan<NodeInfo> nodes, Span<long> scores) => _soft?.Score(nodes, scores);
}
