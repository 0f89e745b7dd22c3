using ActorKube.Api.Scheduling;
using k8s.Models;

namespace ActorKube.Scheduler.Plugins;

/// <summary>Keeps pods off tainted nodes; prefers nodes with few <c>PreferNoSchedule</c> taints that the pod does not tolerate.</summary>
public sealed class TaintToleration : SchedulerPlugin
{
    /// <inheritdoc/>
    public override string Name => "TaintToleration";

    /// <inheritdoc/>
    public override ClusterChange HelpedBy => ClusterChange.NodeAdded | ClusterChange.NodeTaints;

    /// <inheritdoc/>
    public override PodCheck? For(PodInfo pod, Snapshot snapshot) => new Check(pod.Tolerations);

    private sealed class Check(IList<V1Toleration> tolerations) : PodCheck
    {
        public override bool Scores => true;

        public override Rejection? Filter(NodeInfo node) =>
            node.Taints is { Count: > 0 } taints && Toleration.FindUntolerated(taints, tolerations) is { } taint
                ? new Rejection($"node(s) had untolerated taint {{{taint.Key}: {taint.Value}}}")
                : null;

        public override bool HelpedByPreemption(NodeInfo node) => false;

        public override void Score(ReadOnlySpan<NodeInfo> nodes, Span<long> scores)
        {
            for (var i = 0; i < nodes.Length; i++)
            {
                foreach (var taint in nodes[i].Taints)
                {
                    scores[i] += taint.Effect == "PreferNoSchedule" && !Toleration.Covers(tolerations, taint) ? 1 : 0;
                }
            }

            Normalize(scores, reverse: true);
        }
    }
}
