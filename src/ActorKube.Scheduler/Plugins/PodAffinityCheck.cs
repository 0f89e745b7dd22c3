using Domain = (string Key, string Value);

namespace ActorKube.Scheduler.Plugins;

/// <summary>Affinity between one new pod and all that run. A domain is a node label with its value.</summary>
internal sealed class PodAffinityCheck : PodCheck
{
    private static readonly Rejection NoFriend = new("node(s) didn't match pod affinity rules");
    private static readonly Rejection HasFoe = new("node(s) didn't match pod anti-affinity rules");
    private static readonly Rejection Unwelcome = new("node(s) didn't satisfy existing pods anti-affinity rules");
    private readonly PodInfo _pod;
    private readonly Snapshot _snapshot;
    private readonly HashSet<Domain> _friends = [];
    private readonly HashSet<Domain> _foes = [];
    private readonly HashSet<Domain> _unwelcome = [];

    public PodAffinityCheck(PodInfo pod, Snapshot snapshot)
    {
        _pod = pod;
        _snapshot = snapshot;
        foreach (var node in snapshot.Nodes)
        {
            Look(node);
        }
    }

    public override bool Scores => _snapshot.HasPodAffinity || _pod.PreferredAffinity.Length + _pod.PreferredAntiAffinity.Length > 0;

    public override Rejection? Filter(NodeInfo node)
    {
        // The first pod of a group that wants to be together has no friend yet: it may found the group.
        var founds = _friends.Count == 0 && _pod.RequiredAffinity.All(t => t.Matches(_pod, _snapshot.NamespaceLabels));
        foreach (var term in _pod.RequiredAffinity)
        {
            if (!node.Labels.TryGetValue(term.TopologyKey, out var value) || (!founds && !_friends.Contains((term.TopologyKey, value))))
            {
                return NoFriend;
            }
        }

        foreach (var term in _pod.RequiredAntiAffinity)
        {
            if (node.Labels.TryGetValue(term.TopologyKey, out var value) && _foes.Contains((term.TopologyKey, value)))
            {
                return HasFoe;
            }
        }

        return _unwelcome.Count > 0 && node.Labels.Any(l => _unwelcome.Contains((l.Key, l.Value))) ? Unwelcome : null;
    }

    public override void Score(ReadOnlySpan<NodeInfo> nodes, Span<long> scores)
    {
        var weights = PodAffinityWeights.Of(_pod, _snapshot);
        if (weights.Count == 0)
        {
            return;
        }

        long min = long.MaxValue, max = long.MinValue;
        for (var i = 0; i < nodes.Length; i++)
        {
            foreach (var (key, value) in nodes[i].Labels)
            {
                scores[i] += weights.GetValueOrDefault((key, value));
            }

            (min, max) = (Math.Min(min, scores[i]), Math.Max(max, scores[i]));
        }

        foreach (ref var score in scores)
        {
            score = max == min ? 0 : MaxScore * (score - min) / (max - min);
        }
    }

    private void Look(NodeInfo node)
    {
        foreach (var other in node.PodsWithAffinity)
        {
            foreach (var term in other.RequiredAntiAffinity)
            {
                Note(_unwelcome, node, term, term.Matches(_pod, _snapshot.NamespaceLabels));
            }
        }

        if (_pod.RequiredAffinity.Length + _pod.RequiredAntiAffinity.Length == 0)
        {
            return;
        }

        foreach (var other in node.Pods)
        {
            // A friend matches all terms at once; a foe any one.
            var friend = _pod.RequiredAffinity.Length > 0 && _pod.RequiredAffinity.All(t => t.Matches(other, _snapshot.NamespaceLabels));
            foreach (var term in _pod.RequiredAffinity)
            {
                Note(_friends, node, term, friend);
            }

            foreach (var term in _pod.RequiredAntiAffinity)
            {
                Note(_foes, node, term, term.Matches(other, _snapshot.NamespaceLabels));
            }
        }
    }

    private static void Note(HashSet<Domain> domains, NodeInfo node, AffinityTerm term, bool matches)
    {
        if (matches && node.Labels.TryGetValue(term.TopologyKey, out var value))
        {
            domains.Add((term.TopologyKey, value));
        }
    }
}
