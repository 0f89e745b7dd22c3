using System.Collections.Concurrent;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>What containers and images use. The size of a writable layer takes a walk, so it may be a minute old.</summary>
internal sealed class ContainerStatistics(RuntimeModel model, Cgroups cgroups, ContainerBundle bundles, ImageStore images, RuntimeDirectories directories)
{
    private const long ShortestRateNanoseconds = 100_000_000;
    private const long LayerAgeNanoseconds = 60_000_000_000;
    private readonly ConcurrentDictionary<string, (long At, ulong Bytes, ulong Inodes)> _layers = new();
    private readonly ConcurrentDictionary<string, (long At, ulong Cpu, ulong? Rate)> _lastCpu = new();

    public IReadOnlyList<ContainerStats> List(ContainerStatsFilter? filter)
    {
        foreach (var gone in _layers.Keys.Where(id => !model.Containers.ContainsKey(id)).ToArray())
        {
            _layers.TryRemove(gone, out _);
            _lastCpu.TryRemove(gone, out _);
        }
        return [.. model.Containers.Values.Where(c => c.Record.State == ContainerState.ContainerRunning && CriViews.Matches(c, filter)).Select(Of).OfType<ContainerStats>()];
    }

    public ImageFsInfoResponse ImageFileSystem()
    {
        var (bytes, inodes) = images.Usage();
        var (written, writtenInodes) = model.Containers.Values.Select(c => Layer(c.Id))
            .Aggregate((Bytes: 0UL, Inodes: 0UL), (sum, layer) => (sum.Bytes + layer.UsedBytes.Value, sum.Inodes + layer.InodesUsed.Value));
        return new ImageFsInfoResponse
        {
            ImageFilesystems = { FileSystem(directories.Images, (ulong)bytes, (ulong)inodes) },
            ContainerFilesystems = { FileSystem(directories.ContainerRecords, written, writtenInodes) },
        };
    }

    private ContainerStats? Of(ContainerEntry entry)
    {
        if (cgroups.Usage(entry.Record.CgroupPath) is not { } usage)
            return null;
        var now = model.Now();
        var stats = new ContainerStats
        {
            Attributes = new ContainerAttributes { Id = entry.Id, Metadata = entry.Config.Metadata, Labels = { entry.Config.Labels }, Annotations = { entry.Config.Annotations } },
            Cpu = new CpuUsage { Timestamp = now, UsageCoreNanoSeconds = Value(usage.CpuNanoseconds), UsageNanoCores = NanoCores(entry.Id, now, usage.CpuNanoseconds) },
            Memory = new MemoryUsage
            {
                Timestamp = now,
                WorkingSetBytes = Value(usage.MemoryWorkingSet),
                UsageBytes = Value(usage.MemoryUsage),
                RssBytes = Value(usage.MemoryRss),
                PageFaults = Value(usage.PageFaults),
                MajorPageFaults = Value(usage.MajorPageFaults),
                AvailableBytes = usage.MemoryLimit is { } limit ? Value(limit > usage.MemoryWorkingSet ? limit - usage.MemoryWorkingSet : 0) : null,
            },
            WritableLayer = Layer(entry.Id),
        };
        return stats;
    }

    /// <summary>The rate since it was last worked out; unknown the first time. Over less than a tenth of a second it would be noise.</summary>
    private UInt64Value? NanoCores(string id, long now, ulong cpu)
    {
        var known = _lastCpu.TryGetValue(id, out var last);
        if (known && now - last.At < ShortestRateNanoseconds)
            return last.Rate is { } rate ? Value(rate) : null;
        ulong? current = known && cpu >= last.Cpu ? (ulong)((cpu - last.Cpu) * 1e9 / (now - last.At)) : null;
        _lastCpu[id] = (now, cpu, current);
        return current is { } value ? Value(value) : null;
    }

    private FilesystemUsage Layer(string id)
    {
        var now = model.Now();
        if (!_layers.TryGetValue(id, out var layer) || now - layer.At > LayerAgeNanoseconds)
            _layers[id] = layer = Walk(bundles.WritableLayer(id), now);
        return FileSystem(directories.ContainerRecords, layer.Bytes, layer.Inodes, layer.At);
    }

    private static (long At, ulong Bytes, ulong Inodes) Walk(string directory, long now)
    {
        ulong bytes = 0, inodes = 0;
        if (Directory.Exists(directory))
        {
            var walk = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = 0, IgnoreInaccessible = true };
            foreach (var entry in new DirectoryInfo(directory).EnumerateFileSystemInfos("*", walk))
            {
                inodes++;
                if (entry is FileInfo { LinkTarget: null, Exists: true } file)
                    bytes += (ulong)file.Length;
            }
        }
        return (now, bytes, inodes);
    }

    private FilesystemUsage FileSystem(string directory, ulong bytes, ulong inodes, long at = 0) => new()
    {
        Timestamp = at > 0 ? at : model.Now(),
        FsId = new FilesystemIdentifier { Mountpoint = directory },
        UsedBytes = Value(bytes),
        InodesUsed = Value(inodes),
    };

    private static UInt64Value Value(ulong value) => new() { Value = value };
}
