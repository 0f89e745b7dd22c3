using System.Diagnostics;
using System.Runtime.InteropServices;
using ActorKube.ApiServer.Registry;
using Prometheus;

namespace ActorKube.ApiServer.Monitoring;

/// <summary>What <c>/metrics</c> says of the server as a whole: brought up to date when somebody asks.</summary>
internal sealed class ServerMetrics
{
    private static readonly Gauge StorageObjects = Metrics.CreateGauge("apiserver_storage_objects", "Number of stored objects at the time of last check split by kind.", "resource");
    private static readonly Gauge ResourceObjects = Metrics.CreateGauge("apiserver_resource_objects", "Number of stored objects at the time of last check split by kind.", "group", "resource");
    private static readonly Counter ProcessorTime = Metrics.CreateCounter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.");
    private static readonly Gauge VirtualMemory = Metrics.CreateGauge("process_virtual_memory_bytes", "Virtual memory size in bytes.");
    private static readonly Gauge Started = Metrics.CreateGauge("process_start_time_seconds", "Start time of the process since unix epoch in seconds.");
    private static readonly Gauge ResidentMemory = Metrics.CreateGauge("process_resident_memory_bytes", "Resident memory size in bytes.");
    private static readonly Gauge OpenFiles = Metrics.CreateGauge("process_open_fds", "Number of open file descriptors.");

    private readonly ResourceRegistry _registry;

    static ServerMetrics()
    {
        // The library's own would listen to every meter of the framework, and so make every request dearer; and have names of their own.
        Metrics.SuppressDefaultMetrics(new SuppressDefaultMetricOptions { SuppressMeters = true, SuppressEventCounters = true, SuppressProcessMetrics = true, SuppressDebugMetrics = true });
        Metrics.CreateGauge(
            "kubernetes_build_info",
            "A metric with a constant '1' value labeled by major, minor, git version, git commit, git tree state, build date, Go version, and compiler from which Kubernetes was built, and platform on which it is running.",
            "build_date", "compiler", "git_commit", "git_tree_state", "git_version", "go_version", "major", "minor", "platform")
            .WithLabels(
                "1970-01-01T00:00:00Z", RuntimeInformation.FrameworkDescription, "", "clean", "v1.36.0", "", "1", "36", $"linux/{RuntimeInformation.OSArchitecture.ToString().ToLowerInvariant().Replace("x64", "amd64", StringComparison.Ordinal)}")
            .Set(1);
    }

    /// <summary>The metrics of a server.</summary>
    public ServerMetrics(ResourceRegistry registry)
    {
        _registry = registry;
        MeterBridge.Start();
    }

    /// <summary>Writes everything in Prometheus' text format.</summary>
    public async Task WriteAsync(Stream output, CancellationToken cancellationToken)
    {
        foreach (var cache in _registry.Caches)
        {
            if (cache.State is { } state)
            {
                var dot = cache.Resource.IndexOf('.', StringComparison.Ordinal);
                StorageObjects.WithLabels(cache.Resource).Set(state.Objects.Count);
                ResourceObjects.WithLabels(dot < 0 ? "" : cache.Resource[(dot + 1)..], dot < 0 ? cache.Resource : cache.Resource[..dot]).Set(state.Objects.Count);
            }
        }

        using (var process = Process.GetCurrentProcess())
        {
            ProcessorTime.IncTo(process.TotalProcessorTime.TotalSeconds);
            VirtualMemory.Set(process.VirtualMemorySize64);
            Started.Set(new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() / 1000d);
            ResidentMemory.Set(process.WorkingSet64);
        }

        if (Directory.Exists("/proc/self/fd"))
        {
            OpenFiles.Set(Directory.EnumerateFileSystemEntries("/proc/self/fd").Count());
        }

        await Metrics.DefaultRegistry.CollectAndExportAsTextAsync(output, cancellationToken).ConfigureAwait(false);
    }
}
