using Domain = (string Key, string Value);

namespace ActorKube.Scheduler.Plugins;

/// <summary>Adds up how much each domain is liked: by the new pod for the pods in it, and by the pods in it for the new one.</summary>
internal static class PodAffinityWeights
{
    /// <summary>A running pod that requires pods like the new one near it likes it this much.</summary>
    private const int HardAffinityWeight = 1;

    public static Dictionary<Domain, long> Of(PodInfo pod, Snapshot snapshot)
    {
        var weights = new Dictionary<Domain, long>();
        var namespaces = snapshot.NamespaceLabels;
        var wants = pod.PreferredAffinity.Length + pod.PreferredAntiAffinity.Length > 0;
        foreach (var node in snapshot.Nodes)
        {
            foreach (var other in wants ? node.Pods : node.PodsWithAffinity)
            {
                foreach (var term in pod.PreferredAffinity)
                {
                    Add(node, term, term.Weight, other);
                }

                foreach (var term in pod.PreferredAntiAffinity)
                {
                    Add(node, term, -term.Weight, other);
                }

                foreach (var term in other.RequiredAffinity)
                {
                    Add(node, term, HardAffinityWeight, pod);
                }

                foreach (var term in other.PreferredAffinity)
                {
                    Add(node, term, term.Weight, pod);
                }

                foreach (var term in other.PreferredAntiAffinity)
                {
                    Add(node, term, -term.Weight, pod);
                }
            }
        }

        return weights;

        void Add(NodeInfo node, AffinityTerm term, int weight, PodInfo meant)
        {
            if (node.Labels.TryGetValue(term.TopologyKey, out var value) && term.Matches(meant, namespaces))
            {
                var domain = (term.TopologyKey, value);
                weights[domain] = weights.GetValueOrDefault(domain) + weight;
            }
        }
    }
}
