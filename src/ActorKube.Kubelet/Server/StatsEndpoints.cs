using ActorKube.Api.Machinery;
using ActorKube.Client.Informers;
using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Stats;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using k8s.Models;

namespace ActorKube.Kubelet.Server;

/// <summary><c>/healthz</c>, <c>/pods</c>, <c>/stats/summary</c>, <c>/metrics</c>, <c>/metrics/resource</c> and <c>/metrics/cadvisor</c>.</summary>
internal sealed class StatsEndpoints(KubeletSettings settings, IContainerRuntime runtime, Func<ILister<V1Pod>> pods, StatsBoard stats)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet("/healthz", (RequestDelegate)(context => context.Response.WriteAsync("ok", context.RequestAborted)));
        routes.MapGet("/pods", (RequestDelegate)PodsAsync);
        routes.MapGet("/stats/summary", (RequestDelegate)(context => ServerException.HandleAsync(context, () => SummaryAsync(context))));
        routes.MapGet("/metrics", (RequestDelegate)(context => ServerException.HandleAsync(context, () => MetricsAsync(context))));
        routes.MapGet("/metrics/resource", (RequestDelegate)(context => ServerException.HandleAsync(context, () => UsageAsync(context, UsageMetrics.Resource))));
        routes.MapGet("/metrics/cadvisor", (RequestDelegate)(context => ServerException.HandleAsync(context, () => UsageAsync(context, UsageMetrics.Cadvisor))));
    }

    private Task PodsAsync(HttpContext context)
    {
        var list = new V1PodList { ApiVersion = "v1", Kind = "PodList", Metadata = new V1ListMeta(), Items = [.. pods().List()] };
        context.Response.ContentType = "application/json";
        return context.Response.Body.WriteAsync(ApiJson.Serialize(list), context.RequestAborted).AsTask();
    }

    private async Task SummaryAsync(HttpContext context)
    {
        var current = await stats.CurrentAsync(context.RequestAborted).ConfigureAwait(false);
        var summary = StatsSummary.Of(settings.NodeName, stats.BootTime, current, pods().List(), context.Request.Query["only_cpu_and_memory"] == "true");
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(summary.ToJsonString(), context.RequestAborted).ConfigureAwait(false);
    }

    private async Task UsageAsync(HttpContext context, Func<NodeStats, IEnumerable<V1Pod>, string> write) =>
        await WriteAsync(context, write(await stats.CurrentAsync(context.RequestAborted).ConfigureAwait(false), pods().List())).ConfigureAwait(false);

    private async Task MetricsAsync(HttpContext context)
    {
        var running = await runtime.ListContainersAsync(
            new ContainerFilter { LabelSelector = { [PodLabels.Node] = settings.NodeName } }, context.RequestAborted).ConfigureAwait(false);
        var text = new PrometheusText()
            .Family("kubelet_node_name", "gauge", "[ALPHA] The node's name. The count is always 1.")
            .Value("kubelet_node_name", 1, null, ("node", settings.NodeName))
            .Family("kubelet_running_pods", "gauge", "[ALPHA] Number of pods that have a running pod sandbox")
            .Value("kubelet_running_pods", running.Where(c => c.State == ContainerState.ContainerRunning).Select(c => c.PodSandboxId).Distinct().Count())
            .Family("kubelet_running_containers", "gauge", "[ALPHA] Number of containers currently running");
        foreach (var state in running.GroupBy(c => c.State).OrderBy(g => g.Key))
            text.Value("kubelet_running_containers", state.Count(), null, ("container_state", Name(state.Key)));
        await WriteAsync(context, text.ToString()).ConfigureAwait(false);
    }

    private static Task WriteAsync(HttpContext context, string text)
    {
        context.Response.ContentType = PrometheusText.ContentType;
        return context.Response.WriteAsync(text, context.RequestAborted);
    }

    private static string Name(ContainerState state) => state switch
    {
        ContainerState.ContainerCreated => "created",
        ContainerState.ContainerRunning => "running",
        ContainerState.ContainerExited => "exited",
        _ => "unknown",
    };
}
