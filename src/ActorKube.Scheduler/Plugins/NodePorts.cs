using System.Collections.Immutable;

namespace ActorKube.Scheduler.Plugins;

/// <summary>A port of the node belongs to one pod.</summary>
public sealed class NodePorts : SchedulerPlugin
{
    /// <inheritdoc/>
    public override string Name => "NodePorts";

    /// <inheritdoc/>
    public override ClusterChange HelpedBy => ClusterChange.NodeAdded | ClusterChange.PodRemoved;

    /// <inheritdoc/>
    public override PodCheck? For(PodInfo pod, Snapshot snapshot) => pod.HostPorts.IsEmpty ? null : new Check(pod.HostPorts);

    private sealed class Check(ImmutableArray<HostPort> wanted) : PodCheck
    {
        private static readonly Rejection Taken = new("node(s) didn't have free ports for the requested pod ports");

        public override Rejection? Filter(NodeInfo node)
        {
            foreach (var used in node.UsedPorts)
            {
                foreach (var port in wanted)
                {
                    if (port.ConflictsWith(used))
                    {
                        return Taken;
                    }
                }
            }

            return null;
        }
    }
}
