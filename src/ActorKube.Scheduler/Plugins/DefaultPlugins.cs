namespace ActorKube.Scheduler.Plugins;

/// <summary>The rules every pod is scheduled by, in the order in which they filter.</summary>
public static class DefaultPlugins
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<SchedulerPlugin> All { get; } =
    [
        new NodeUnschedulable(),
        new NodeName(),
        new TaintToleration(),
        new NodeAffinity(),
        new NodePorts(),
        new NodeResourcesFit(),
        new VolumeBinding(),
        new PodTopologySpread(),
        new InterPodAffinity(),
        new NodeResourcesBalancedAllocation(),
        new ImageLocality(),
    ];
}
