namespace ActorKube.Scheduler.Plugins;

/// <summary>
/// What the pod asks for must be free; the emptiest node is best (least allocated).
/// Source: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/
/// </summary>
public sealed class NodeResourcesFit : SchedulerPlugin
{
    /// <inheritdoc/>
    public override string Name => "NodeResourcesFit";

    /// <inheritdoc/>
    public override ClusterChange HelpedBy => ClusterChange.NodeAdded | ClusterChange.NodeAllocatable | ClusterChange.PodRemoved;

    /// <inheritdoc/>
    public override PodCheck? For(PodInfo pod, Snapshot snapshot) => new Check(pod);

    private sealed class Check(PodInfo pod) : PodCheck
    {
        private readonly ResourceAmounts _wanted = pod.Requests;

        public override bool Scores => true;

        public override Rejection? Filter(NodeInfo node)
        {
            List<string>? reasons = null;
            if (node.Pods.Length + 1 > node.AllowedPods)
            {
                (reasons ??= []).Add("Too many pods");
            }

            if (!_wanted.IsZero)
            {
                var (has, used) = (node.Allocatable, node.Requested);
                Need("cpu", _wanted.MilliCpu, has.MilliCpu - used.MilliCpu);
                Need("memory", _wanted.Memory, has.Memory - used.Memory);
                Need("ephemeral-storage", _wanted.EphemeralStorage, has.EphemeralStorage - used.EphemeralStorage);
                foreach (var (name, amount) in _wanted.Extended)
                {
                    Need(name, amount, has[name] - used[name]);
                }
            }

            return reasons is null ? null : new Rejection(reasons);

            void Need(string name, long amount, long free)
            {
                if (amount > 0 && amount > free)
                {
                    (reasons ??= []).Add($"Insufficient {name}");
                }
            }
        }

        // A node that is too small stays too small.
        public override bool HelpedByPreemption(NodeInfo node) =>
            _wanted.MilliCpu <= node.Allocatable.MilliCpu && _wanted.Memory <= node.Allocatable.Memory && _wanted.EphemeralStorage <= node.Allocatable.EphemeralStorage
            && _wanted.Extended.All(e => e.Value <= node.Allocatable[e.Key]);

        /// <summary>Example: 2 of 4 cores and 1 of 4 GiB taken with the pod on it: (50 + 75) / 2 = 62.</summary>
        public override void Score(ReadOnlySpan<NodeInfo> nodes, Span<long> scores)
        {
            for (var i = 0; i < nodes.Length; i++)
            {
                var (has, used) = (nodes[i].Allocatable, nodes[i].NonZeroRequested);
                long sum = 0, kinds = 0;
                Add(has.MilliCpu, used.MilliCpu + pod.NonZeroRequests.MilliCpu);
                Add(has.Memory, used.Memory + pod.NonZeroRequests.Memory);
                scores[i] = kinds == 0 ? 0 : sum / kinds;

                void Add(long capacity, long requested)
                {
                    if (capacity > 0)
                    {
                        kinds++;
                        sum += requested > capacity ? 0 : (long)((Int128)(capacity - requested) * MaxScore / capacity);
                    }
                }
            }
        }
    }
}
