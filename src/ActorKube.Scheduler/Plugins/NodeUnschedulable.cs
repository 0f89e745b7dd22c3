using ActorKube.Api.Scheduling;
using k8s.Models;

namespace ActorKube.Scheduler.Plugins;

/// <summary>A cordoned node takes no new pods but those that tolerate the taint which stands for it.</summary>
public sealed class NodeUnschedulable : SchedulerPlugin
{
    private static readonly V1Taint Taint = new() { Key = "node.kubernetes.io/unschedulable", Effect = "NoSchedule" };

    /// <inheritdoc/>
    public override string Name => "NodeUnschedulable";

    /// <inheritdoc/>
    public override ClusterChange HelpedBy => ClusterChange.NodeAdded | ClusterChange.NodeTaints;

    /// <inheritdoc/>
    public override PodCheck? For(PodInfo pod, Snapshot snapshot) => Toleration.Covers(pod.Tolerations, Taint) ? null : new Check();

    private sealed class Check : PodCheck
    {
        private static readonly Rejection Cordoned = new("node(s) were unschedulable");

        public override Rejection? Filter(NodeInfo node) => node.IsUnschedulable ? Cordoned : null;

        public override bool HelpedByPreemption(NodeInfo node) => false;
    }
}
