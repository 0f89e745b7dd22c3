namespace ActorKube.Scheduler.Plugins;

/// <summary>A pod that names its node runs there or nowhere.</summary>
public sealed class NodeName : SchedulerPlugin
{
    /// <inheritdoc/>
    public override string Name => "NodeName";

    /// <inheritdoc/>
    public override ClusterChange HelpedBy => ClusterChange.NodeAdded;

    /// <inheritdoc/>
    public override PodCheck? For(PodInfo pod, Snapshot snapshot) => string.IsNullOrEmpty(pod.Pod.Spec.NodeName) ? null : new Check(pod.Pod.Spec.NodeName);

    private sealed class Check(string wanted) : PodCheck
    {
        private static readonly Rejection OtherNode = new("node(s) didn't match the requested node name");

        public override Rejection? Filter(NodeInfo node) => node.Name == wanted ? null : OtherNode;

        public override bool HelpedByPreemption(NodeInfo node) => false;
    }
}
