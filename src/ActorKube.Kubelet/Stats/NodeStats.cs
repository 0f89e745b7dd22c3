using System.Collections.Immutable;

namespace ActorKube.Kubelet.Stats;

/// <summary>What a node and its containers used at one moment. Immutable.</summary>
/// <param name="Time">When it was read.</param>
/// <param name="Node">The machine.</param>
/// <param name="Containers">The containers that run.</param>
internal sealed record NodeStats(DateTimeOffset Time, Usage Node, ImmutableArray<ContainerUsage> Containers);

/// <summary>CPU time and memory.</summary>
internal sealed record Usage
{
    /// <summary>CPU time since the beginning, in nanoseconds.</summary>
    public required ulong CpuNanoseconds { get; init; }

    /// <summary>CPU time per time; null until there are two samples.</summary>
    public CpuRate? Rate { get; init; }

    /// <summary>All memory, caches included.</summary>
    public ulong MemoryBytes { get; init; }

    /// <summary>Memory that cannot be taken back at once: without the file pages that were not used of late.</summary>
    public ulong WorkingSetBytes { get; init; }

    /// <summary>Anonymous memory.</summary>
    public ulong RssBytes { get; init; }

    /// <summary>What is left of the limit; null where there is none.</summary>
    public ulong? AvailableBytes { get; init; }

    /// <summary>Page faults since the beginning.</summary>
    public ulong PageFaults { get; init; }

    /// <summary>Page faults that had to read.</summary>
    public ulong MajorPageFaults { get; init; }
}

/// <summary>What one container used.</summary>
/// <param name="Id">The runtime's name for it.</param>
/// <param name="Name">The container's name in its pod.</param>
/// <param name="Pod">The pod's name.</param>
/// <param name="Namespace">The pod's namespace.</param>
/// <param name="PodUid">The pod's uid.</param>
/// <param name="Time">When the runtime read it.</param>
/// <param name="Usage">CPU time and memory.</param>
/// <param name="RootfsBytes">What it has written into its file system.</param>
/// <param name="RootfsInodes">Files in it.</param>
internal sealed record ContainerUsage(
    string Id, string Name, string Pod, string Namespace, string PodUid, DateTimeOffset Time, Usage Usage, ulong RootfsBytes, ulong RootfsInodes);

/// <summary>CPU time per time.</summary>
/// <param name="NanoCores">Billionths of a core.</param>
/// <param name="Window">The time over which it was measured.</param>
internal sealed record CpuRate(ulong NanoCores, TimeSpan Window);
