using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Pods;

namespace ActorKube.Kubelet.Stats;

/// <summary>
/// What the node and its containers use: read from the runtime and the machine, kept for whoever asks. The <see cref="StatsActor"/> sees to it that it is read often
/// enough; who asks while nothing was read for long has it read.
/// </summary>
internal sealed class StatsBoard(KubeletSettings settings, IContainerRuntime runtime, MachineUsage machine, TimeProvider time) : IDisposable
{
    private const string Node = "";

    private readonly SemaphoreSlim _one = new(1);
    private readonly CpuRates _rates = new(settings.StatsWindow);
    private volatile NodeStats? _current;

    /// <summary>When the machine started; null where it does not tell.</summary>
    public DateTimeOffset? BootTime => machine.BootTime();

    /// <summary>What was read last, no older than two intervals.</summary>
    public async Task<NodeStats> CurrentAsync(CancellationToken cancellationToken)
    {
        var oldest = time.GetUtcNow() - (settings.StatsInterval * 2);
        return _current is { } current && current.Time >= oldest ? current : await RefreshAsync(oldest, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>Reads now.</summary>
    public Task<NodeStats> RefreshAsync(CancellationToken cancellationToken) => RefreshAsync(DateTimeOffset.MaxValue, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    private async Task<NodeStats> RefreshAsync(DateTimeOffset oldest, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            // Whoever waited for another's reading has it now.
            if (_current is { } current && current.Time >= oldest)
                return current;
            var filter = new ContainerStatsFilter { LabelSelector = { [PodLabels.Node] = settings.NodeName } };
            return _current = Take(await runtime.ListContainerStatsAsync(filter, cancellationToken).ConfigureAwait(false), time.GetUtcNow());
        }
        finally
        {
            _one.Release();
        }
    }

    private NodeStats Take(IReadOnlyList<ContainerStats> stats, DateTimeOffset now)
    {
        var containers = stats.Select(s => Container(s, now)).ToList();
        var node = machine.Read() ?? new Usage
        {
            CpuNanoseconds = containers.Aggregate(0UL, (sum, c) => sum + c.Usage.CpuNanoseconds),
            MemoryBytes = containers.Aggregate(0UL, (sum, c) => sum + c.Usage.MemoryBytes),
            WorkingSetBytes = containers.Aggregate(0UL, (sum, c) => sum + c.Usage.WorkingSetBytes),
            RssBytes = containers.Aggregate(0UL, (sum, c) => sum + c.Usage.RssBytes),
        };
        node = node with { Rate = _rates.Add(Node, now, node.CpuNanoseconds) };
        _rates.Keep(containers.Select(c => c.Id).Append(Node).ToHashSet());
        return new NodeStats(now, node, [.. containers.OrderBy(c => c.Namespace, StringComparer.Ordinal).ThenBy(c => c.Pod, StringComparer.Ordinal).ThenBy(c => c.Name, StringComparer.Ordinal)]);
    }

    private ContainerUsage Container(ContainerStats stats, DateTimeOffset now)
    {
        var id = stats.Attributes.Id;
        var cpu = stats.Cpu?.UsageCoreNanoSeconds?.Value ?? 0;
        var at = stats.Cpu?.Timestamp is > 0 and var nanoseconds ? DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / 100) : now;
        var memory = stats.Memory;
        var usage = new Usage
        {
            CpuNanoseconds = cpu,
            Rate = _rates.Add(id, at, cpu),
            MemoryBytes = memory?.UsageBytes?.Value ?? 0,
            WorkingSetBytes = memory?.WorkingSetBytes?.Value ?? 0,
            RssBytes = memory?.RssBytes?.Value ?? 0,
            AvailableBytes = memory?.AvailableBytes?.Value,
            PageFaults = memory?.PageFaults?.Value ?? 0,
            MajorPageFaults = memory?.MajorPageFaults?.Value ?? 0,
        };
        return new ContainerUsage(
            id, Label(stats, PodLabels.ContainerName), Label(stats, PodLabels.PodName), Label(stats, PodLabels.PodNamespace), Label(stats, PodLabels.PodUid), at, usage,
            stats.WritableLayer?.UsedBytes?.Value ?? 0, stats.WritableLayer?.InodesUsed?.Value ?? 0);
    }

    private static string Label(ContainerStats stats, string name) => stats.Attributes.Labels.TryGetValue(name, out var value) ? value : "";
}
