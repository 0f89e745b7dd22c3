using System.Globalization;
using System.Text.Json.Nodes;
using k8s.Models;

namespace ActorKube.Kubelet.Stats;

/// <summary>
/// <c>/stats/summary</c>: node and pods as Kubernetes' Summary API has them. CPU usage carries beside Kubernetes' fields <c>windowSeconds</c>, the time over which
/// it was measured. Pure. Source: https://kubernetes.io/docs/reference/instrumentation/node-metrics/#summary-api-source
/// </summary>
internal static class StatsSummary
{
    /// <summary>The document.</summary>
    /// <param name="nodeName">The node.</param>
    /// <param name="bootTime">When the machine started; null where it does not tell.</param>
    /// <param name="stats">What is used.</param>
    /// <param name="pods">The node's pods, for the times when they and their containers started.</param>
    /// <param name="onlyCpuAndMemory">Whether file systems are left out.</param>
    public static JsonObject Of(string nodeName, DateTimeOffset? bootTime, NodeStats stats, IEnumerable<V1Pod> pods, bool onlyCpuAndMemory)
    {
        var known = StartTimes.Of(pods);
        var node = new JsonObject { ["nodeName"] = nodeName };
        if (bootTime is { } boot)
            node["startTime"] = Time(boot);
        (node["cpu"], node["memory"]) = (Cpu(stats.Time, stats.Node.CpuNanoseconds, stats.Node.Rate), Memory(stats.Time, [stats.Node]));
        return new JsonObject
        {
            ["node"] = node,
            ["pods"] = new JsonArray([.. stats.Containers.GroupBy(c => c.PodUid).Select(g => Pod([.. g], known, onlyCpuAndMemory))]),
        };
    }

    private static JsonObject Pod(List<ContainerUsage> containers, StartTimes known, bool onlyCpuAndMemory)
    {
        var any = containers[0];
        var oldest = containers.Min(c => c.Time);
        var pod = new JsonObject { ["podRef"] = new JsonObject { ["name"] = any.Pod, ["namespace"] = any.Namespace, ["uid"] = any.PodUid } };
        if (known.OfPod(any.PodUid) is { } start)
            pod["startTime"] = Time(start);
        pod["containers"] = new JsonArray([.. containers.Select(c => Container(c, known, onlyCpuAndMemory))]);
        pod["cpu"] = Cpu(oldest, containers.Aggregate(0UL, (sum, c) => sum + c.Usage.CpuNanoseconds), Sum(containers));
        pod["memory"] = Memory(oldest, [.. containers.Select(c => c.Usage)]);
        return pod;
    }

    private static JsonObject Container(ContainerUsage container, StartTimes known, bool onlyCpuAndMemory)
    {
        var json = new JsonObject { ["name"] = container.Name };
        if (known.OfContainer(container.PodUid, container.Name) is { } start)
            json["startTime"] = Time(start);
        (json["cpu"], json["memory"]) = (Cpu(container.Time, container.Usage.CpuNanoseconds, container.Usage.Rate), Memory(container.Time, [container.Usage]));
        if (!onlyCpuAndMemory)
            json["rootfs"] = new JsonObject { ["time"] = Time(container.Time), ["usedBytes"] = container.RootfsBytes, ["inodesUsed"] = container.RootfsInodes };
        return json;
    }

    // A pod's rate is known when those of all its containers are; its window is the shortest of theirs.
    private static CpuRate? Sum(List<ContainerUsage> containers) => containers.All(c => c.Usage.Rate is not null)
        ? new CpuRate(containers.Aggregate(0UL, (sum, c) => sum + c.Usage.Rate!.NanoCores), containers.Min(c => c.Usage.Rate!.Window))
        : null;

    private static JsonObject Cpu(DateTimeOffset time, ulong nanoseconds, CpuRate? rate)
    {
        var json = new JsonObject { ["time"] = Time(time), ["usageCoreNanoSeconds"] = nanoseconds };
        if (rate is not null)
            (json["usageNanoCores"], json["windowSeconds"]) = (rate.NanoCores, Math.Round(rate.Window.TotalSeconds, 3));
        return json;
    }

    private static JsonObject Memory(DateTimeOffset time, IReadOnlyList<Usage> parts)
    {
        ulong Sum(Func<Usage, ulong> part) => parts.Aggregate(0UL, (sum, p) => sum + part(p));
        var json = new JsonObject { ["time"] = Time(time) };
        if (parts.All(p => p.AvailableBytes is not null))
            json["availableBytes"] = Sum(p => p.AvailableBytes!.Value);
        json["usageBytes"] = Sum(p => p.MemoryBytes);
        json["workingSetBytes"] = Sum(p => p.WorkingSetBytes);
        json["rssBytes"] = Sum(p => p.RssBytes);
        json["pageFaults"] = Sum(p => p.PageFaults);
        json["majorPageFaults"] = Sum(p => p.MajorPageFaults);
        return json;
    }

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
