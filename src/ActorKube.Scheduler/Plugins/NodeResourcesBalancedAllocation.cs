namespace ActorKube.Scheduler.Plugins;

/// <summary>Prefers nodes whose CPU and memory are used to the same degree with the pod on them, so that neither runs out while the other lies idle.</summary>
public sealed class NodeResourcesBalancedAllocation : SchedulerPlugin
{
    /// <inheritdoc/>
    public override string Name => "NodeResourcesBalancedAllocation";

    /// <inheritdoc/>
    public override ClusterChange HelpedBy => ClusterChange.None;

    /// <inheritdoc/>
    public override PodCheck? For(PodInfo pod, Snapshot snapshot) =>
        pod.Requests is { MilliCpu: 0, Memory: 0 } ? null : new Check(pod.Requests);

    private sealed class Check(ResourceAmounts wanted) : PodCheck
    {
        public override bool Scores => true;

        /// <summary>Example: CPU 75 %, memory 25 % used: the standard deviation is 0.25, the score 75.</summary>
        public override void Score(ReadOnlySpan<NodeInfo> nodes, Span<long> scores)
        {
            for (var i = 0; i < nodes.Length; i++)
            {
                var (has, used) = (nodes[i].Allocatable, nodes[i].Requested);
                if (has.MilliCpu == 0 || has.Memory == 0)
                {
                    scores[i] = MaxScore;
                    continue;
                }

                var cpu = Math.Min(1.0, (double)(used.MilliCpu + wanted.MilliCpu) / has.MilliCpu);
                var memory = Math.Min(1.0, (double)(used.Memory + wanted.Memory) / has.Memory);
                scores[i] = (long)((1 - (Math.Abs(cpu - memory) / 2)) * MaxScore);
            }
        }
    }
}
