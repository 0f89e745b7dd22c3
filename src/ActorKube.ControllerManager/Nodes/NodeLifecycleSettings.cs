namespace ActorKube.ControllerManager.Nodes;

/// <summary>The section <c>actorkube.controller-manager.node-lifecycle</c>; each key is explained in <c>reference.conf</c>.</summary>
public sealed record NodeLifecycleSettings
{
    /// <summary>How long a node may be silent. A Lease that says it is good for longer is believed.</summary>
    public TimeSpan GracePeriod { get; init; } = TimeSpan.FromSeconds(8);

    /// <summary>How long a node of old may take until this controller-manager, which has just started, hears of it.</summary>
    public TimeSpan ReconnectGracePeriod { get; init; } = TimeSpan.FromSeconds(20);

    /// <summary>How long a new node may take until it is first heard of.</summary>
    public TimeSpan StartupGracePeriod { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Seconds between two nodes whose pods begin to be evicted, in one zone.</summary>
    public TimeSpan EvictionInterval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>The same while a large part of a large zone is down.</summary>
    public TimeSpan SecondaryEvictionInterval { get; init; } = TimeSpan.FromSeconds(100);

    /// <summary>The part of a zone's nodes that must be down for its disruption to count as large.</summary>
    public double UnhealthyZoneThreshold { get; init; } = 0.55;

    /// <summary>From how many nodes on a zone is large: smaller ones evict nobody during a large disruption.</summary>
    public int LargeClusterSize { get; init; } = 50;
}
