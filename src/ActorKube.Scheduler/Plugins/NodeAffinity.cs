using ActorKube.Api.Scheduling;
using k8s.Models;

namespace ActorKube.Scheduler.Plugins;

/// <summary>Keeps to the pod's nodeSelector and required node affinity; prefers the nodes its preferred terms match.</summary>
public sealed class NodeAffinity : SchedulerPlugin
{
    /// <inheritdoc/>
    public override string Name => "NodeAffinity";

    /// <inheritdoc/>
    public override ClusterChange HelpedBy => ClusterChange.NodeAdded | ClusterChange.NodeLabels;

    /// <inheritdoc/>
    public override PodCheck? For(PodInfo pod, Snapshot snapshot) =>
        pod.Pod.Spec.NodeSelector is { Count: > 0 } || pod.Pod.Spec.Affinity?.NodeAffinity is not null ? new Check(pod.Pod) : null;

    private sealed class Check(V1Pod pod) : PodCheck
    {
        private static readonly Rejection NoMatch = new("node(s) didn't match Pod's node affinity/selector");
        private readonly IList<V1PreferredSchedulingTerm>? _preferred = pod.Spec.Affinity?.NodeAffinity?.PreferredDuringSchedulingIgnoredDuringExecution;

        public override IReadOnlySet<string>? OnlyNodes { get; } = NamedNodes(pod.Spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution);

        public override bool Scores => _preferred is { Count: > 0 };

        public override Rejection? Filter(NodeInfo node) => NodeSelector.MatchesRequired(pod, node.Labels, node.Name) ? null : NoMatch;

        public override bool HelpedByPreemption(NodeInfo node) => false;

        public override void Score(ReadOnlySpan<NodeInfo> nodes, Span<long> scores)
        {
            for (var i = 0; i < nodes.Length; i++)
            {
                foreach (var term in _preferred ?? [])
                {
                    scores[i] += NodeSelector.Matches(term.Preference, nodes[i].Labels, nodes[i].Name) ? term.Weight : 0;
                }
            }

            Normalize(scores);
        }

        /// <summary>
        /// The nodes that the terms name, when every term names some, as a DaemonSet's pods do: no other node has to be looked at.
        /// </summary>
        private static HashSet<string>? NamedNodes(V1NodeSelector? required)
        {
            if (required?.NodeSelectorTerms is not { Count: > 0 } terms)
            {
                return null;
            }

            var names = new HashSet<string>();
            foreach (var term in terms)
            {
                if (term.MatchFields?.FirstOrDefault(f => f.Key == "metadata.name" && f.OperatorProperty == "In")?.Values is not { } named)
                {
                    return null;
                }

                names.UnionWith(named);
            }

            return names;
        }
    }
}
