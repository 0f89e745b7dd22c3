using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Streaming;
using ActorKube.Kubelet.Logs;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Routing;

namespace ActorKube.Kubelet.Server;

/// <summary><c>/exec</c>, <c>/attach</c> and <c>/portForward</c>, over SPDY/3.1 and WebSocket.</summary>
internal sealed class StreamingEndpoints(PodContainers containers, IContainerRuntime runtime, TimeProvider time)
{
    private static readonly string[] Methods = ["GET", "POST"];

    public void Map(IEndpointRouteBuilder routes)
    {
        foreach (var path in new[] { "/{ns}/{pod}/{container}", "/{ns}/{pod}/{uid}/{container}" })
        {
            routes.MapMethods("/exec" + path, Methods, (RequestDelegate)(context => ServerException.HandleAsync(context, () => ExecAsync(context))));
            routes.MapMethods("/attach" + path, Methods, (RequestDelegate)(context => ServerException.HandleAsync(context, () => AttachAsync(context))));
        }

        foreach (var path in new[] { "/{ns}/{pod}", "/{ns}/{pod}/{uid}" })
            routes.MapMethods("/portForward" + path, Methods, (RequestDelegate)(context => ServerException.HandleAsync(context, () => PortForwardAsync(context))));
    }

    private async Task ExecAsync(HttpContext context)
    {
        var command = context.Request.Query["command"].Select(c => c ?? "").ToList();
        if (command.Count == 0)
            throw new ServerException(StatusCodes.Status400BadRequest, "you must specify at least one command for the container");
        var pod = containers.Pod(Route(context, "ns")!, Route(context, "pod")!, Route(context, "uid"));
        var container = await containers.RunningAsync(pod, Route(context, "container")!, context.RequestAborted).ConfigureAwait(false);
        var options = Options(context.Request.Query);
        await ServeAsync(context, options, (streams, ct) => runtime.ExecAsync(container.Id, command, options.Tty, streams, ct)).ConfigureAwait(false);
    }

    private async Task AttachAsync(HttpContext context)
    {
        var pod = containers.Pod(Route(context, "ns")!, Route(context, "pod")!, Route(context, "uid"));
        var name = Route(context, "container")!;
        var container = await containers.RunningAsync(pod, name, context.RequestAborted).ConfigureAwait(false);
        var spec = Pods.ContainerSpecs.Find(pod, name)!.Value.Container;

        // The terminal is the container's, not the client's choice.
        var options = Options(context.Request.Query) with { Tty = spec.Tty == true };
        await ServeAsync(context, options, async (streams, ct) =>
        {
            await runtime.AttachAsync(container.Id, options.Tty, streams, ct).ConfigureAwait(false);
            return 0;
        }).ConfigureAwait(false);
    }

    private async Task PortForwardAsync(HttpContext context)
    {
        var pod = containers.Pod(Route(context, "ns")!, Route(context, "pod")!, Route(context, "uid"));
        var sandbox = await containers.SandboxAsync(pod, context.RequestAborted).ConfigureAwait(false);
        Task ForwardAsync(int port, Stream stream, CancellationToken ct) => runtime.PortForwardAsync(sandbox, port, stream, ct);
        if (context.WebSockets.IsWebSocketRequest)
        {
            var protocol = RemoteCommandProtocol.Negotiate(context.WebSockets.WebSocketRequestedProtocols, [PortForwardProtocol.WebSocketTunnel])
                ?? throw new ServerException(StatusCodes.Status403Forbidden, $"no supported subprotocol, expected {PortForwardProtocol.WebSocketTunnel}");
            // The protocol's name has a slash in it, which .NET takes for no name of a subprotocol: so the header is written here.
            context.Response.Headers.SecWebSocketProtocol = protocol;
            using var socket = await context.WebSockets.AcceptWebSocketAsync().ConfigureAwait(false);
            await PortForwardServer.ServeWebSocketAsync(socket, pod.Metadata.Name, ForwardAsync, time, context.RequestAborted).ConfigureAwait(false);
            return;
        }

        var (transport, _) = await UpgradeAsync(context, PortForwardProtocol.Supported).ConfigureAwait(false);
        await PortForwardServer.ServeSpdyAsync(transport, pod.Metadata.Name, ForwardAsync, time, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task ServeAsync(HttpContext context, RemoteCommandOptions options, Func<ContainerStreams, CancellationToken, Task<int>> run)
    {
        if (context.WebSockets.IsWebSocketRequest)
        {
            var requested = context.WebSockets.WebSocketRequestedProtocols;
            var agreed = RemoteCommandProtocol.Negotiate(requested, RemoteCommandProtocol.WebSocket);
            if (agreed is null && requested.Count > 0)
                throw new ServerException(StatusCodes.Status403Forbidden, $"no supported subprotocol, expected one of {string.Join(", ", RemoteCommandProtocol.WebSocket)}");
            using var socket = await context.WebSockets.AcceptWebSocketAsync(agreed).ConfigureAwait(false);
            await RemoteCommandServer.ServeWebSocketAsync(socket, options, run, context.RequestAborted).ConfigureAwait(false);
            return;
        }

        var (transport, protocol) = await UpgradeAsync(context, RemoteCommandProtocol.Spdy).ConfigureAwait(false);
        await RemoteCommandServer.ServeSpdyAsync(transport, protocol, options, run, context.RequestAborted).ConfigureAwait(false);
    }

    private static async Task<(Stream Transport, string Protocol)> UpgradeAsync(HttpContext context, IReadOnlyList<string> supported)
    {
        var upgrade = context.Features.Get<IHttpUpgradeFeature>();
        if (upgrade is not { IsUpgradableRequest: true } || !context.Request.Headers.Upgrade.ToString().Equals(RemoteCommandProtocol.SpdyUpgrade, StringComparison.OrdinalIgnoreCase))
            throw new ServerException(StatusCodes.Status400BadRequest, "unable to upgrade: missing upgrade headers in request");
        var protocol = RemoteCommandProtocol.Negotiate(context.Request.Headers[RemoteCommandProtocol.VersionHeader], supported);
        if (protocol is null)
        {
            context.Response.Headers[RemoteCommandProtocol.AcceptedVersionsHeader] = supported.ToArray();
            throw new ServerException(StatusCodes.Status403Forbidden, $"unable to upgrade: unable to negotiate protocol: server supports [{string.Join(' ', supported)}]");
        }

        context.Response.Headers.Upgrade = RemoteCommandProtocol.SpdyUpgrade;
        context.Response.Headers[RemoteCommandProtocol.VersionHeader] = protocol;
        return (await upgrade.UpgradeAsync().ConfigureAwait(false), protocol);
    }

    // The API server's words and the kubelet's own are both understood.
    private static RemoteCommandOptions Options(IQueryCollection query)
    {
        bool Set(params ReadOnlySpan<string> names)
        {
            foreach (var name in names)
            {
                if (query.TryGetValue(name, out var value) && LogOptions.Flag(value))
                    return true;
            }

            return false;
        }

        return new RemoteCommandOptions(Set("stdin", "input"), Set("stdout", "output"), Set("stderr", "error"), Set("tty"));
    }

    private static string? Route(HttpContext context, string name) => context.Request.RouteValues[name] as string;
}
