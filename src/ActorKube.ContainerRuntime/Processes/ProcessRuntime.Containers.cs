using System.Net.Sockets;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;
using ActorKube.ContainerRuntime.Streaming;

namespace ActorKube.ContainerRuntime.Processes;

public sealed partial class ProcessRuntime
{
    /// <inheritdoc/>
    public async Task<string> CreateContainerAsync(
        string podSandboxId, ContainerConfig config, PodSandboxConfig sandboxConfig, CancellationToken cancellationToken = default)
    {
        if (Sandbox(podSandboxId).Status.State != PodSandboxState.SandboxReady)
        {
            throw new ContainerRuntimeException($"sandbox container {podSandboxId} is not running");
        }

        var image = ImageOf(config);
        var record = new ContainerRecord(podSandboxId, config.Clone(), image.Config, new ContainerStatus
        {
            Id = NewId(),
            Metadata = config.Metadata,
            State = ContainerState.ContainerCreated,
            CreatedAt = _time.GetUtcNow().UnixNanoseconds(),
            Image = config.Image,
            ImageRef = image.Reference,
            ImageId = image.Id,
            Labels = { config.Labels },
            Annotations = { config.Annotations },
            Mounts = { config.Mounts },
            LogPath = LogPath(Sandbox(podSandboxId), config) ?? "",
        });
        var container = NewContainer(record);
        try
        {
            await Task.Run(
                () =>
                {
                    _images.UnpackFlat(image, container.Root, cancellationToken);
                    ProcessRoot.RelativizeLinks(container.Root);
                    ProcessRoot.LinkMounts(container.Root, config.Mounts, _logger);
                    _records.Save(record);
                }, cancellationToken).ConfigureAwait(false);
        }
        catch
        {
            _records.DeleteContainer(container.Id);
            throw;
        }

        _containers[container.Id] = container;
        Publish(container.Id, podSandboxId, ContainerEventType.ContainerCreatedEvent);
        return container.Id;
    }

    /// <inheritdoc/>
    public Task StartContainerAsync(string containerId, CancellationToken cancellationToken = default)
    {
        var container = Container(containerId);
        var sandbox = Sandbox(container.PodSandboxId);
        try
        {
            var launch = ProcessLaunch.OfContainer(container.Config, container.Image, container.Root, sandbox.Config.Hostname);
            container.Start(launch, LogPath(sandbox, container.Config));
        }
        catch (ContainerRuntimeException e) when (container.Status.State == ContainerState.ContainerCreated)
        {
            container.FailedToStart(e.Message);
            throw;
        }

        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task StopContainerAsync(string containerId, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        _containers.TryGetValue(containerId, out var container)
            ? container.StopAsync(UnixSignals.StopSignal(container.Config.StopSignal, container.Image.StopSignal), timeout, cancellationToken)
            : Task.CompletedTask;

    /// <inheritdoc/>
    public async Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken = default)
    {
        await StopContainerAsync(containerId, TimeSpan.Zero, cancellationToken).ConfigureAwait(false);
        if (_containers.TryRemove(containerId, out var container))
        {
            container.Dispose();
            await Task.Run(() => _records.DeleteContainer(containerId), cancellationToken).ConfigureAwait(false);
            Publish(containerId, container.PodSandboxId, ContainerEventType.ContainerDeletedEvent);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<Container>> ListContainersAsync(ContainerFilter? filter = null, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<Container>>(
        [
            .. from container in _containers.Values
               let status = container.Status
               where filter is null || (Matches(filter.Id, status.Id) && Matches(filter.PodSandboxId, container.PodSandboxId)
                   && (filter.State is null || filter.State.State == status.State) && Matches(filter.LabelSelector, status.Labels))
               select new Container
               {
                   Id = status.Id, PodSandboxId = container.PodSandboxId, Metadata = status.Metadata, Image = status.Image, ImageRef = status.ImageRef,
                   ImageId = status.ImageId, State = status.State, CreatedAt = status.CreatedAt, Labels = { status.Labels }, Annotations = { status.Annotations },
               },
        ]);

    /// <inheritdoc/>
    public Task<ContainerStatus> ContainerStatusAsync(string containerId, CancellationToken cancellationToken = default) =>
        Task.FromResult(Container(containerId).Status);

    /// <inheritdoc/>
    public Task UpdateContainerResourcesAsync(string containerId, LinuxContainerResources resources, CancellationToken cancellationToken = default) =>
        throw new ContainerRuntimeException("The process runtime enforces no limits, so it cannot change them.", ContainerRuntimeError.Unimplemented);

    /// <inheritdoc/>
    public Task ReopenContainerLogAsync(string containerId, CancellationToken cancellationToken = default)
    {
        Container(containerId).ReopenLog();
        return Task.CompletedTask;
    }

    /// <inheritdoc/>
    public Task<ExecSyncResponse> ExecSyncAsync(
        string containerId, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        ProcessExec.RunAsync(ExecLaunch(containerId, command), timeout, _time, cancellationToken);

    /// <inheritdoc/>
    public Task<int> ExecAsync(
        string containerId, IReadOnlyList<string> command, bool tty, ContainerStreams streams, CancellationToken cancellationToken = default) =>
        !tty ? ProcessExec.RunAsync(ExecLaunch(containerId, command), streams, cancellationToken)
        : OperatingSystem.IsLinux() ? ProcessTerminal.RunAsync(ExecLaunch(containerId, command), streams, cancellationToken)
        : throw new ContainerRuntimeException(
            "The process runtime has terminals only on Linux; run the command without one (kubectl exec -i).", ContainerRuntimeError.Unimplemented);

    /// <inheritdoc/>
    public Task AttachAsync(string containerId, bool tty, ContainerStreams streams, CancellationToken cancellationToken = default) =>
        Container(containerId).AttachAsync(streams, cancellationToken);

    /// <inheritdoc/>
    public async Task PortForwardAsync(string podSandboxId, int port, Stream stream, CancellationToken cancellationToken = default)
    {
        Sandbox(podSandboxId);
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync("localhost", port, cancellationToken).ConfigureAwait(false);
        }
        catch (SocketException e)
        {
            throw new ContainerRuntimeException($"failed to connect to localhost:{port}: {e.Message}", inner: e);
        }

        await DuplexCopy.JoinAsync(
            stream, client.GetStream(),
            _ =>
            {
                client.Client.Shutdown(SocketShutdown.Send);
                return Task.CompletedTask;
            }, cancellationToken).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<ContainerStats>> ListContainerStatsAsync(ContainerStatsFilter? filter = null, CancellationToken cancellationToken = default)
    {
        if (_containers.IsEmpty)
        {
            return Task.FromResult<IReadOnlyList<ContainerStats>>([]);
        }

        var trees = ProcessTrees.Read();
        return Task.FromResult<IReadOnlyList<ContainerStats>>(
        [
            .. _containers.Values
                .Where(c => filter is null
                    || (Matches(filter.Id, c.Id) && Matches(filter.PodSandboxId, c.PodSandboxId) && Matches(filter.LabelSelector, c.Config.Labels)))
                .Select(c => c.Stats(trees)).OfType<ContainerStats>(),
        ]);
    }

    private static string? LogPath(SandboxRecord sandbox, ContainerConfig config) =>
        sandbox.Config.LogDirectory.Length > 0 && config.LogPath.Length > 0 ? Path.Combine(sandbox.Config.LogDirectory, config.LogPath) : null;

    private ProcessContainer NewContainer(ContainerRecord record) =>
        new(record, _records, _time, (container, type) => Publish(container.Id, container.PodSandboxId, type));

    private ProcessContainer Container(string id) => _containers.TryGetValue(id, out var container)
        ? container : throw new ContainerRuntimeException($"container {id}: not found", ContainerRuntimeError.NotFound);

    private StoredImage ImageOf(ContainerConfig config) => _images.Find(config.Image.Image)
        ?? throw new ContainerRuntimeException($"image \"{config.Image.Image}\": not found", ContainerRuntimeError.NotFound);

    private ProcessLaunch ExecLaunch(string containerId, IReadOnlyList<string> command)
    {
        var container = Container(containerId);
        if (container.Status.State != ContainerState.ContainerRunning)
        {
            throw new ContainerRuntimeException($"container {containerId} is not running");
        }

        return ProcessLaunch.Of(command, container.Config, container.Image, container.Root, Sandbox(container.PodSandboxId).Config.Hostname);
    }
}
