namespace ActorKube.Scheduler.Plugins;

/// <summary>
/// Pods that want to be near other pods, or not; what the pods already running say about the new one counts too.
/// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#inter-pod-affinity-and-anti-affinity
/// </summary>
public sealed class InterPodAffinity : SchedulerPlugin
{
    /// <inheritdoc/>
    public override string Name => "InterPodAffinity";

    /// <inheritdoc/>
    public override ClusterChange HelpedBy =>
        ClusterChange.NodeAdded | ClusterChange.NodeLabels | ClusterChange.PodAdded | ClusterChange.PodRemoved | ClusterChange.PodLabels | ClusterChange.NamespaceLabels;

    /// <inheritdoc/>
    public override PodCheck? For(PodInfo pod, Snapshot snapshot) => pod.HasPodAffinity || snapshot.HasPodAffinity ? new PodAffinityCheck(pod, snapshot) : null;
}
