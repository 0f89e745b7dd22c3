using ActorKube.Kubelet.Logs;
using ActorKube.Kubelet.Pods;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using k8s.Models;

namespace ActorKube.Kubelet.Server;

/// <summary><c>GET /containerLogs/{namespace}/{pod}/{container}</c>: what <c>kubectl logs</c> shows.</summary>
internal sealed class LogsEndpoint(PodContainers containers, TimeProvider time)
{
    public void Map(IEndpointRouteBuilder routes) => routes.MapGet("/containerLogs/{ns}/{pod}/{container}", (RequestDelegate)HandleAsync);

    private Task HandleAsync(HttpContext context) => ServerException.HandleAsync(context, async () =>
    {
        var query = context.Request.Query;
        var options = LogOptions.Parse(name => query.TryGetValue(name, out var value) ? value.ToString() : null, time.GetUtcNow(), out var error)
            ?? throw new ServerException(StatusCodes.Status400BadRequest, error!);
        var pod = containers.Pod(Route(context, "ns"), Route(context, "pod"));
        var name = Route(context, "container");
        var instance = Choose(pod, name, options, await containers.InstancesAsync(pod, name, context.RequestAborted).ConfigureAwait(false));
        var path = Path.Combine(containers.Directories.Logs(pod), PodDirectories.LogFile(name, instance.RestartCount));
        if (!File.Exists(path))
            throw new ServerException(StatusCodes.Status404NotFound, $"unable to retrieve container logs for {instance.Id}");
        context.Response.ContentType = "text/plain";
        if (options.Follow)
            await context.Response.StartAsync(context.RequestAborted).ConfigureAwait(false);
        await LogReader.CopyAsync(path, options, context.Response.Body, ct => containers.IsRunningAsync(instance.Id, ct), context.RequestAborted).ConfigureAwait(false);
    });

    private static ContainerInstance Choose(V1Pod pod, string container, LogOptions options, IReadOnlyList<ContainerInstance> instances)
    {
        if (options.Previous)
        {
            // Between two runs the newest instance is the one that ended.
            var ended = instances.FirstOrDefault() is { HasExited: true } last && IsToRestart(pod, container, last) ? last : instances.Skip(1).FirstOrDefault(i => i.HasExited);
            return ended ?? throw new ServerException(StatusCodes.Status400BadRequest, $"previous terminated container \"{container}\" in pod \"{pod.Metadata.Name}\" not found");
        }

        if (instances.FirstOrDefault(i => i.StartedAt is not null) is { } started)
            return started;
        var reason = (pod.Status?.ContainerStatuses ?? []).Concat(pod.Status?.InitContainerStatuses ?? [])
            .FirstOrDefault(s => s.Name == container)?.State?.Waiting?.Reason ?? "ContainerCreating";
        throw new ServerException(StatusCodes.Status400BadRequest, reason is "ErrImagePull" or "ImagePullBackOff" or "InvalidImageName" or "ErrImageNeverPull"
            ? $"container \"{container}\" in pod \"{pod.Metadata.Name}\" is waiting to start: trying and failing to pull image"
            : $"container \"{container}\" in pod \"{pod.Metadata.Name}\" is waiting to start: {reason}");
    }

    private static bool IsToRestart(V1Pod pod, string container, ContainerInstance ended) =>
        ContainerSpecs.Find(pod, container) is { } spec && RestartPolicy.Restarts(pod, spec.Container, spec.Kind, ended.ExitCode);

    private static string Route(HttpContext context, string name) => (string)context.Request.RouteValues[name]!;
}
