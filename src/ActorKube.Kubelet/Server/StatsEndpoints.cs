using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Client.Informers;
using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Pods;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using k8s.Models;

namespace ActorKube.Kubelet.Server;

/// <summary><c>/healthz</c>, <c>/pods</c>, <c>/stats/summary</c>, <c>/metrics</c> and <c>/metrics/resource</c>.</summary>
internal sealed class StatsEndpoints(KubeletSettings settings, IContainerRuntime runtime, Func<ILister<V1Pod>> pods, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", (RequestDelegate)(context => context.Response.WriteAsync("ok", context.RequestAborted)));
        routes.MapGet("/pods", (RequestDelegate)PodsAsync);
        routes.MapGet("/stats/summary", (RequestDelegate)(context => ServerException.HandleAsync(context, () => SummaryAsync(context))));
        routes.MapGet("/metrics", (RequestDelegate)(context => ServerException.HandleAsync(context, () => MetricsAsync(context))));
        routes.MapGet("/metrics/resource", (RequestDelegate)(context => ServerException.HandleAsync(context, () => ResourceMetricsAsync(context))));
    }

    private Task PodsAsync(HttpContext context)
    {
        var list = new V1PodList { ApiVersion = "v1", Kind = "PodList", Metadata = new V1ListMeta(), Items = [.. pods().List()] };
        context.Response.ContentType = "application/json";
        return context.Response.Body.WriteAsync(ApiJson.Serialize(list), context.RequestAborted).AsTask();
    }

    private Task<IReadOnlyList<ContainerStats>> StatsAsync(CancellationToken cancellationToken) =>
        runtime.ListContainerStatsAsync(new ContainerStatsFilter { LabelSelector = { [PodLabels.Node] = settings.NodeName } }, cancellationToken);

    private async Task SummaryAsync(HttpContext context)
    {
        var stats = await StatsAsync(context.RequestAborted).ConfigureAwait(false);
        var started = pods().List().ToDictionary(p => p.Metadata.Uid, p => p.Status?.StartTime);
        var podList = new JsonArray();
        foreach (var pod in stats.GroupBy(s => Label(s, PodLabels.PodUid)))
        {
            var any = pod.First();
            var all = pod.ToList();
            podList.Add(new JsonObject
            {
                ["podRef"] = new JsonObject { ["name"] = Label(any, PodLabels.PodName), ["namespace"] = Label(any, PodLabels.PodNamespace), ["uid"] = pod.Key },
                ["startTime"] = started.GetValueOrDefault(pod.Key) is { } start ? Time(start) : null,
                ["containers"] = new JsonArray([.. all.Select(One)]),
                ["cpu"] = Cpu(all),
                ["memory"] = Memory(all),
            });
        }

        var summary = new JsonObject
        {
            ["node"] = new JsonObject { ["nodeName"] = settings.NodeName, ["cpu"] = Cpu(stats), ["memory"] = Memory(stats) },
            ["pods"] = podList,
        };
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(summary.ToJsonString(), context.RequestAborted).ConfigureAwait(false);
    }

    private JsonNode One(ContainerStats stats) => new JsonObject
    {
        ["name"] = Label(stats, PodLabels.ContainerName),
        ["cpu"] = Cpu([stats]),
        ["memory"] = Memory([stats]),
        ["rootfs"] = new JsonObject { ["usedBytes"] = stats.WritableLayer?.UsedBytes?.Value ?? 0, ["inodesUsed"] = stats.WritableLayer?.InodesUsed?.Value ?? 0 },
    };

    private JsonObject Cpu(IEnumerable<ContainerStats> stats) => new()
    {
        ["time"] = Time(time.GetUtcNow().UtcDateTime),
        ["usageNanoCores"] = Sum(stats, s => s.Cpu?.UsageNanoCores),
        ["usageCoreNanoSeconds"] = Sum(stats, s => s.Cpu?.UsageCoreNanoSeconds),
    };

    private JsonObject Memory(IEnumerable<ContainerStats> stats) => new()
    {
        ["time"] = Time(time.GetUtcNow().UtcDateTime),
        ["usageBytes"] = Sum(stats, s => s.Memory?.UsageBytes),
        ["workingSetBytes"] = Sum(stats, s => s.Memory?.WorkingSetBytes),
        ["rssBytes"] = Sum(stats, s => s.Memory?.RssBytes),
    };

    private async Task MetricsAsync(HttpContext context)
    {
        var running = await runtime.ListContainersAsync(
            new ContainerFilter { LabelSelector = { [PodLabels.Node] = settings.NodeName } }, context.RequestAborted).ConfigureAwait(false);
        var text = new StringBuilder()
            .Append("# HELP kubelet_node_name [ALPHA] The node's name. The count is always 1.\n# TYPE kubelet_node_name gauge\n")
            .Append(CultureInfo.InvariantCulture, $"kubelet_node_name{{node=\"{settings.NodeName}\"}} 1\n")
            .Append("# HELP kubelet_running_pods [ALPHA] Number of pods that have a running pod sandbox\n# TYPE kubelet_running_pods gauge\n")
            .Append(CultureInfo.InvariantCulture, $"kubelet_running_pods {running.Where(c => c.State == ContainerState.ContainerRunning).Select(c => c.PodSandboxId).Distinct().Count()}\n")
            .Append("# HELP kubelet_running_containers [ALPHA] Number of containers currently running\n# TYPE kubelet_running_containers gauge\n");
        foreach (var state in running.GroupBy(c => c.State).OrderBy(g => g.Key))
            text.Append(CultureInfo.InvariantCulture, $"kubelet_running_containers{{container_state=\"{Name(state.Key)}\"}} {state.Count()}\n");
        await WriteAsync(context, text).ConfigureAwait(false);
    }

    private async Task ResourceMetricsAsync(HttpContext context)
    {
        var text = new StringBuilder("# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds\n# TYPE container_cpu_usage_seconds_total counter\n");
        var stats = await StatsAsync(context.RequestAborted).ConfigureAwait(false);
        foreach (var s in stats)
            text.Append(CultureInfo.InvariantCulture, $"container_cpu_usage_seconds_total{Labels(s)} {(s.Cpu?.UsageCoreNanoSeconds?.Value ?? 0) / 1e9}\n");
        text.Append("# HELP container_memory_working_set_bytes [STABLE] Current working set of the container in bytes\n# TYPE container_memory_working_set_bytes gauge\n");
        foreach (var s in stats)
            text.Append(CultureInfo.InvariantCulture, $"container_memory_working_set_bytes{Labels(s)} {s.Memory?.WorkingSetBytes?.Value ?? 0}\n");
        await WriteAsync(context, text).ConfigureAwait(false);
    }

    private static string Labels(ContainerStats s) =>
        $"{{container=\"{Label(s, PodLabels.ContainerName)}\",namespace=\"{Label(s, PodLabels.PodNamespace)}\",pod=\"{Label(s, PodLabels.PodName)}\"}}";

    private static Task WriteAsync(HttpContext context, StringBuilder text)
    {
        context.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        return context.Response.WriteAsync(text.ToString(), context.RequestAborted);
    }

    private static string Name(ContainerState state) => state switch
    {
        ContainerState.ContainerCreated => "created",
        ContainerState.ContainerRunning => "running",
        ContainerState.ContainerExited => "exited",
        _ => "unknown",
    };

    private static string Label(ContainerStats stats, string name) => stats.Attributes.Labels.TryGetValue(name, out var value) ? value : "";

    private static decimal Sum(IEnumerable<ContainerStats> stats, Func<ContainerStats, UInt64Value?> value) => stats.Sum(s => (decimal)(value(s)?.Value ?? 0));

    private static string Time(DateTime time) => DateTime.SpecifyKind(time, DateTimeKind.Utc).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
}
