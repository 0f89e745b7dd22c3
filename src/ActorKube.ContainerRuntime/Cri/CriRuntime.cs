using System.Text.Json;
using Grpc.Core;
using Grpc.Net.Client;

namespace ActorKube.ContainerRuntime.Cri;

/// <summary>
/// Containers through any runtime that speaks CRI runtime.v1 on a Unix socket: containerd 1.6 and up, CRI-O.
/// What CRI leaves to its client is done here: empty pod cgroups are removed, missing events are polled for, and images
/// are imported through containerd's own client.
/// </summary>
public sealed partial class CriRuntime : IContainerRuntime
{
    private readonly GrpcChannel _channel;
    private readonly RuntimeService.RuntimeServiceClient _runtime;
    private readonly ImageService.ImageServiceClient _images;
    private readonly PodCgroups _cgroups = new();
    private readonly CriRuntimeOptions _options;
    private readonly TimeProvider _time;

    private CriRuntime(string socketPath, GrpcChannel channel, string name, CriRuntimeOptions options, TimeProvider time)
    {
        SocketPath = socketPath;
        Name = name;
        _channel = channel;
        _runtime = new RuntimeService.RuntimeServiceClient(channel);
        _images = new ImageService.ImageServiceClient(channel);
        _options = options;
        _time = time;
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>The socket that this runtime is reached by.</summary>
    public string SocketPath { get; }

    /// <summary>
    /// Connects to a runtime and asks for its name. <paramref name="endpoint"/> is a path or a <c>unix://</c> address.
    /// Fails with <see cref="ContainerRuntimeError.Unavailable"/> when nothing answers there.
    /// </summary>
    public static async Task<CriRuntime> ConnectAsync(
        string endpoint, CriRuntimeOptions? options = null, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        var socketPath = CriChannel.SocketPath(endpoint);
        var channel = CriChannel.Open(socketPath);
        options ??= new CriRuntimeOptions();
        time ??= TimeProvider.System;
        try
        {
            var deadline = time.GetUtcNow().UtcDateTime + options.ConnectTimeout;
            var version = await new RuntimeService.RuntimeServiceClient(channel)
                .VersionAsync(new VersionRequest(), deadline: deadline, cancellationToken: cancellationToken).ConfigureAwait(false);
            return new CriRuntime(socketPath, channel, version.RuntimeName, options, time);
        }
        catch (RpcException e)
        {
            channel.Dispose();
            cancellationToken.ThrowIfCancellationRequested();
            throw CriErrors.Map($"No CRI runtime answers on {socketPath}", e);
        }
    }

    /// <inheritdoc/>
    public Task<VersionResponse> VersionAsync(CancellationToken cancellationToken = default) =>
        CallAsync("Version", o => _runtime.VersionAsync(new VersionRequest(), o), cancellationToken);

    /// <inheritdoc/>
    public Task<StatusResponse> StatusAsync(CancellationToken cancellationToken = default) =>
        CallAsync("Status", o => _runtime.StatusAsync(new StatusRequest(), o), cancellationToken);

    /// <summary>The image that the runtime starts pod sandboxes from, as it is configured; null where the runtime does not tell.</summary>
    public async Task<string?> SandboxImageAsync(CancellationToken cancellationToken = default)
    {
        var status = await CallAsync("Status", o => _runtime.StatusAsync(new StatusRequest { Verbose = true }, o), cancellationToken).ConfigureAwait(false);
        if (!status.Info.TryGetValue("config", out var json))
        {
            return null;
        }

        using var config = JsonDocument.Parse(json);
        return config.RootElement.TryGetProperty("sandboxImage", out var image) ? image.GetString() : null;
    }

    /// <inheritdoc/>
    public async Task<string> RunPodSandboxAsync(PodSandboxConfig config, string runtimeHandler = "", CancellationToken cancellationToken = default)
    {
        var request = new RunPodSandboxRequest { Config = config, RuntimeHandler = runtimeHandler };

        // Twice the usual time, as in the kubelet: the network plugins run inside this call.
        var response = await CallAsync("RunPodSandbox", o => _runtime.RunPodSandboxAsync(request, o), cancellationToken, _options.RequestTimeout)
            .ConfigureAwait(false);
        return response.PodSandboxId;
    }

    /// <inheritdoc/>
    public Task StopPodSandboxAsync(string podSandboxId, CancellationToken cancellationToken = default) =>
        UnlessGoneAsync(CallAsync(
            "StopPodSandbox", o => _runtime.StopPodSandboxAsync(new StopPodSandboxRequest { PodSandboxId = podSandboxId }, o), cancellationToken));

    /// <inheritdoc/>
    public async Task RemovePodSandboxAsync(string podSandboxId, CancellationToken cancellationToken = default)
    {
        string? cgroup;
        try
        {
            cgroup = PodCgroups.ParentOf(await SandboxStatusAsync(podSandboxId, verbose: true, cancellationToken).ConfigureAwait(false));
        }
        catch (ContainerRuntimeException e) when (e.IsNotFound)
        {
            return;
        }

        await UnlessGoneAsync(CallAsync(
            "RemovePodSandbox", o => _runtime.RemovePodSandboxAsync(new RemovePodSandboxRequest { PodSandboxId = podSandboxId }, o), cancellationToken))
            .ConfigureAwait(false);
        if (cgroup is not null)
        {
            // A cgroup that is still in use belongs to the pod's next sandbox, whose removal takes it along.
            _cgroups.RemoveEmpty(cgroup);
        }
    }

    /// <inheritdoc/>
    public async Task<PodSandboxStatus> PodSandboxStatusAsync(string podSandboxId, CancellationToken cancellationToken = default) =>
        (await SandboxStatusAsync(podSandboxId, verbose: false, cancellationToken).ConfigureAwait(false)).Status;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<PodSandbox>> ListPodSandboxAsync(PodSandboxFilter? filter = null, CancellationToken cancellationToken = default) =>
        (await CallAsync("ListPodSandbox", o => _runtime.ListPodSandboxAsync(new ListPodSandboxRequest { Filter = filter }, o), cancellationToken)
            .ConfigureAwait(false)).Items;

    /// <inheritdoc/>
    public async Task<string> CreateContainerAsync(
        string podSandboxId, ContainerConfig config, PodSandboxConfig sandboxConfig, CancellationToken cancellationToken = default)
    {
        var request = new CreateContainerRequest { PodSandboxId = podSandboxId, Config = config, SandboxConfig = sandboxConfig };
        return (await CallAsync("CreateContainer", o => _runtime.CreateContainerAsync(request, o), cancellationToken).ConfigureAwait(false)).ContainerId;
    }

    /// <inheritdoc/>
    public Task StartContainerAsync(string containerId, CancellationToken cancellationToken = default) =>
        CallAsync("StartContainer", o => _runtime.StartContainerAsync(new StartContainerRequest { ContainerId = containerId }, o), cancellationToken);

    /// <inheritdoc/>
    public Task StopContainerAsync(string containerId, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var request = new StopContainerRequest { ContainerId = containerId, Timeout = WholeSeconds(timeout) };
        return UnlessGoneAsync(CallAsync("StopContainer", o => _runtime.StopContainerAsync(request, o), cancellationToken, timeout));
    }

    /// <inheritdoc/>
    public Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken = default) =>
        UnlessGoneAsync(CallAsync(
            "RemoveContainer", o => _runtime.RemoveContainerAsync(new RemoveContainerRequest { ContainerId = containerId }, o), cancellationToken));

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Container>> ListContainersAsync(ContainerFilter? filter = null, CancellationToken cancellationToken = default) =>
        (await CallAsync("ListContainers", o => _runtime.ListContainersAsync(new ListContainersRequest { Filter = filter }, o), cancellationToken)
            .ConfigureAwait(false)).Containers;

    /// <inheritdoc/>
    public async Task<ContainerStatus> ContainerStatusAsync(string containerId, CancellationToken cancellationToken = default) =>
        (await CallAsync("ContainerStatus", o => _runtime.ContainerStatusAsync(new ContainerStatusRequest { ContainerId = containerId }, o), cancellationToken)
            .ConfigureAwait(false)).Status;

    /// <inheritdoc/>
    public Task UpdateContainerResourcesAsync(string containerId, LinuxContainerResources resources, CancellationToken cancellationToken = default)
    {
        var request = new UpdateContainerResourcesRequest { ContainerId = containerId, Linux = resources };
        return CallAsync("UpdateContainerResources", o => _runtime.UpdateContainerResourcesAsync(request, o), cancellationToken);
    }

    /// <inheritdoc/>
    public Task ReopenContainerLogAsync(string containerId, CancellationToken cancellationToken = default) =>
        CallAsync("ReopenContainerLog", o => _runtime.ReopenContainerLogAsync(new ReopenContainerLogRequest { ContainerId = containerId }, o), cancellationToken);

    /// <inheritdoc/>
    public Task<ExecSyncResponse> ExecSyncAsync(
        string containerId, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var request = new ExecSyncRequest { ContainerId = containerId, Cmd = { command }, Timeout = WholeSeconds(timeout) };
        return timeout > TimeSpan.Zero
            ? CallAsync("ExecSync", o => _runtime.ExecSyncAsync(request, o), cancellationToken, timeout)
            : CallAsync("ExecSync", o => _runtime.ExecSyncAsync(request, o), cancellationToken, Timeout.InfiniteTimeSpan);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ContainerStats>> ListContainerStatsAsync(ContainerStatsFilter? filter = null, CancellationToken cancellationToken = default) =>
        (await CallAsync("ListContainerStats", o => _runtime.ListContainerStatsAsync(new ListContainerStatsRequest { Filter = filter }, o), cancellationToken)
            .ConfigureAwait(false)).Stats;

    /// <inheritdoc/>
    public Task UpdateRuntimeConfigAsync(string podCidr, CancellationToken cancellationToken = default)
    {
        var request = new UpdateRuntimeConfigRequest { RuntimeConfig = new RuntimeConfig { NetworkConfig = new NetworkConfig { PodCidr = podCidr } } };
        return CallAsync("UpdateRuntimeConfig", o => _runtime.UpdateRuntimeConfigAsync(request, o), cancellationToken);
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync()
    {
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }

    private Task<PodSandboxStatusResponse> SandboxStatusAsync(string podSandboxId, bool verbose, CancellationToken cancellationToken)
    {
        var request = new PodSandboxStatusRequest { PodSandboxId = podSandboxId, Verbose = verbose };
        return CallAsync("PodSandboxStatus", o => _runtime.PodSandboxStatusAsync(request, o), cancellationToken);
    }

    // CRI counts time in whole seconds; half a second rounds up, for zero means "at once" or "for ever".
    private static long WholeSeconds(TimeSpan timeout) => (long)Math.Ceiling(timeout.TotalSeconds);

    private static async Task UnlessGoneAsync(Task call)
    {
        try
        {
            await call.ConfigureAwait(false);
        }
        catch (ContainerRuntimeException e) when (e.IsNotFound)
        {
            // Already what the caller wanted.
        }
    }

    private async Task<T> CallAsync<T>(
        string name, Func<CallOptions, AsyncUnaryCall<T>> call, CancellationToken cancellationToken, TimeSpan moreTime = default)
    {
        var deadline = moreTime == Timeout.InfiniteTimeSpan ? (DateTime?)null : _time.GetUtcNow().UtcDateTime + _options.RequestTimeout + moreTime;
        try
        {
            using var running = call(new CallOptions(deadline: deadline, cancellationToken: cancellationToken));
            return await running.ResponseAsync.ConfigureAwait(false);
        }
        catch (RpcException e)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw CriErrors.Map(name, e);
        }
    }
}
