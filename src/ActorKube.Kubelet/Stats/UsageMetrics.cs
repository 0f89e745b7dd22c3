using k8s.Models;

namespace ActorKube.Kubelet.Stats;

/// <summary>
/// <c>/metrics/resource</c>, which metrics-server reads, and of <c>/metrics/cadvisor</c> what is known of CPU and memory. Pure.
/// Source: https://kubernetes.io/docs/reference/instrumentation/metrics/
/// </summary>
internal static class UsageMetrics
{
    private const double Billion = 1e9;

    /// <summary><c>/metrics/resource</c>.</summary>
    public static string Resource(NodeStats stats, IEnumerable<V1Pod> pods)
    {
        var started = StartTimes.Of(pods);
        var byPod = stats.Containers.GroupBy(c => c.PodUid).Select(g => (Any: g.First(), Time: g.Min(c => c.Time), All: g.ToList())).ToList();
        var text = new PrometheusText();
        text.Family("container_cpu_usage_seconds_total", "counter", "[STABLE] Cumulative cpu time consumed by the container in core-seconds");
        foreach (var c in stats.Containers)
            text.Value("container_cpu_usage_seconds_total", c.Usage.CpuNanoseconds / Billion, c.Time, ("container", c.Name), ("namespace", c.Namespace), ("pod", c.Pod));
        text.Family("container_memory_working_set_bytes", "gauge", "[STABLE] Current working set of the container in bytes");
        foreach (var c in stats.Containers)
            text.Value("container_memory_working_set_bytes", c.Usage.WorkingSetBytes, c.Time, ("container", c.Name), ("namespace", c.Namespace), ("pod", c.Pod));
        text.Family("container_start_time_seconds", "gauge", "[STABLE] Start time of the container since unix epoch in seconds");
        foreach (var c in stats.Containers)
        {
            if (started.OfContainer(c.PodUid, c.Name) is { } start)
                text.Value("container_start_time_seconds", start.ToUnixTimeMilliseconds() / 1000.0, null, ("container", c.Name), ("namespace", c.Namespace), ("pod", c.Pod));
        }

        text.Family("node_cpu_usage_seconds_total", "counter", "[STABLE] Cumulative cpu time consumed by the node in core-seconds")
            .Value("node_cpu_usage_seconds_total", stats.Node.CpuNanoseconds / Billion, stats.Time)
            .Family("node_memory_working_set_bytes", "gauge", "[STABLE] Current working set of the node in bytes")
            .Value("node_memory_working_set_bytes", stats.Node.WorkingSetBytes, stats.Time);
        text.Family("pod_cpu_usage_seconds_total", "counter", "[STABLE] Cumulative cpu time consumed by the pod in core-seconds");
        foreach (var (any, time, all) in byPod)
            text.Value("pod_cpu_usage_seconds_total", all.Aggregate(0UL, (sum, c) => sum + c.Usage.CpuNanoseconds) / Billion, time, ("namespace", any.Namespace), ("pod", any.Pod));
        text.Family("pod_memory_working_set_bytes", "gauge", "[STABLE] Current working set of the pod in bytes");
        foreach (var (any, time, all) in byPod)
            text.Value("pod_memory_working_set_bytes", all.Aggregate(0UL, (sum, c) => sum + c.Usage.WorkingSetBytes), time, ("namespace", any.Namespace), ("pod", any.Pod));
        return text.Family("resource_scrape_error", "gauge", "[STABLE] 1 if there was an error while getting container metrics, 0 otherwise").Value("resource_scrape_error", 0).ToString();
    }

    /// <summary><c>/metrics/cadvisor</c>.</summary>
    public static string Cadvisor(NodeStats stats, IEnumerable<V1Pod> pods)
    {
        var known = pods.ToList();
        var started = StartTimes.Of(known);
        var images = known.SelectMany(p => p.Spec.Containers.Concat(p.Spec.InitContainers ?? []).Select(c => (Key: (p.Metadata.Uid, c.Name), c.Image)))
            .DistinctBy(c => c.Key).ToDictionary(c => c.Key, c => c.Image ?? "");
        var text = new PrometheusText();
        Write("container_cpu_usage_seconds_total", "counter", "Cumulative cpu time consumed in seconds.", c => c.Usage.CpuNanoseconds / Billion, ("cpu", "total"));
        Write("container_memory_usage_bytes", "gauge", "Current memory usage in bytes, including all memory regardless of when it was accessed", c => c.Usage.MemoryBytes);
        Write("container_memory_working_set_bytes", "gauge", "Current working set in bytes.", c => c.Usage.WorkingSetBytes);
        Write("container_memory_rss", "gauge", "Size of RSS in bytes.", c => c.Usage.RssBytes);
        Write("container_fs_usage_bytes", "gauge", "Number of bytes that are consumed by the container on this filesystem.", c => c.RootfsBytes);
        Write("container_start_time_seconds", "gauge", "Start time of the container since unix epoch in seconds.", c => started.OfContainer(c.PodUid, c.Name)?.ToUnixTimeSeconds() ?? 0);
        return text.Family("machine_cpu_cores", "gauge", "Number of logical CPU cores.").Value("machine_cpu_cores", Environment.ProcessorCount).ToString();

        void Write(string name, string type, string help, Func<ContainerUsage, double> value, params (string, string)[] more)
        {
            text.Family(name, type, help);
            foreach (var c in stats.Containers)
            {
                (string, string)[] labels =
                [
                    ("container", c.Name), .. more, ("id", c.Id), ("image", images.GetValueOrDefault((c.PodUid, c.Name), "")), ("name", c.Id), ("namespace", c.Namespace), ("pod", c.Pod),
                ];
                text.Value(name, value(c), c.Time, labels);
            }
        }
    }
}
