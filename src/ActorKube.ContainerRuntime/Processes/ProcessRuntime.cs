using System.Collections.Concurrent;
using System.Reflection;
using System.Security.Cryptography;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>
/// For machines without root or without Linux: containers are plain child processes. Nothing isolates them from each other or from
/// the host, limits are not kept, all pods share the host's network, and a program sees the host's files under <c>/</c>: the image's
/// lie in the directory it starts in, and its programs come first on the PATH. Good to develop against, not to run strangers' code.
/// </summary>
public sealed partial class ProcessRuntime : IContainerRuntime
{
    private const string Warning =
        "Containers are plain processes of this machine: nothing isolates them, and no limit is enforced.";

    private readonly ProcessRuntimeOptions _options;
    private readonly ILogger _logger;
    private readonly TimeProvider _time;
    private readonly ProcessRecords _records;
    private readonly ImageStore _images;
    private readonly ContainerEventHub _events = new();
    private readonly ConcurrentDictionary<string, SandboxRecord> _sandboxes = new();
    private readonly ConcurrentDictionary<string, ProcessContainer> _containers = new();

    /// <summary>Opens the runtime on its directory, and ends what an earlier one left running there.</summary>
    public ProcessRuntime(ProcessRuntimeOptions options, ILoggerFactory? loggers = null, TimeProvider? time = null)
    {
        _options = options;
        _logger = (loggers ?? NullLoggerFactory.Instance).CreateLogger<ProcessRuntime>();
        _time = time ?? TimeProvider.System;
        _records = new ProcessRecords(options.RootDirectory);
        _images = new ImageStore(Path.Combine(options.RootDirectory, "images"), _logger, options.Registries, overlay: false);
        foreach (var sandbox in _records.Sandboxes())
        {
            _sandboxes[sandbox.Status.Id] = sandbox;
        }

        foreach (var record in _records.Containers())
        {
            var container = NewContainer(record);
            _containers[container.Id] = container;
            container.Recover();
        }
    }

    /// <inheritdoc/>
    public string Name => "process";

    private static string VersionText => typeof(ProcessRuntime).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <inheritdoc/>
    public Task<VersionResponse> VersionAsync(CancellationToken cancellationToken = default) => Task.FromResult(
        new VersionResponse { Version = "0.1.0", RuntimeName = Name, RuntimeVersion = VersionText, RuntimeApiVersion = "v1" });

    /// <inheritdoc/>
    public Task<StatusResponse> StatusAsync(CancellationToken cancellationToken = default) => Task.FromResult(new StatusResponse
    {
        Status = new RuntimeStatus
        {
            Conditions =
            {
                new RuntimeCondition { Type = "RuntimeReady", Status = true, Reason = "NoIsolation", Message = Warning },
                new RuntimeCondition { Type = "NetworkReady", Status = true, Reason = "HostNetwork", Message = "All pods share this machine's network." },
            },
        },
    });

    /// <inheritdoc/>
    public Task<string> RunPodSandboxAsync(PodSandboxConfig config, string runtimeHandler = "", CancellationToken cancellationToken = default)
    {
        if (runtimeHandler.Length > 0)
        {
            throw new ContainerRuntimeException($"no runtime for \"{runtimeHandler}\" is configured: the process runtime has no handlers");
        }

        if (config.LogDirectory.Length > 0)
        {
            Directory.CreateDirectory(config.LogDirectory);
        }

        var status = new PodSandboxStatus
        {
            Id = NewId(),
            Metadata = config.Metadata,
            State = PodSandboxState.SandboxReady,
            CreatedAt = _time.GetUtcNow().UnixNanoseconds(),
            Network = new PodSandboxNetworkStatus { Ip = _options.PodIp },
            Linux = new LinuxPodSandboxStatus
            {
                Namespaces = new Namespace { Options = new NamespaceOption { Network = NamespaceMode.Node, Pid = NamespaceMode.Node, Ipc = NamespaceMode.Node } },
            },
            Labels = { config.Labels },
            Annotations = { config.Annotations },
        };
        Save(new SandboxRecord(config.Clone(), status));
        Publish(status.Id, status.Id, ContainerEventType.ContainerCreatedEvent);
        Publish(status.Id, status.Id, ContainerEventType.ContainerStartedEvent);
        return Task.FromResult(status.Id);
    }

    /// <inheritdoc/>
    public async Task StopPodSandboxAsync(string podSandboxId, CancellationToken cancellationToken = default)
    {
        await Task.WhenAll(ContainersOf(podSandboxId).Select(c => StopContainerAsync(c.Id, TimeSpan.Zero, cancellationToken))).ConfigureAwait(false);
        if (_sandboxes.TryGetValue(podSandboxId, out var sandbox) && sandbox.Status.State == PodSandboxState.SandboxReady)
        {
            var status = sandbox.Status.Clone();
            status.State = PodSandboxState.SandboxNotready;
            Save(sandbox with { Status = status });
            Publish(podSandboxId, podSandboxId, ContainerEventType.ContainerStoppedEvent);
        }
    }

    /// <inheritdoc/>
    public async Task RemovePodSandboxAsync(string podSandboxId, CancellationToken cancellationToken = default)
    {
        await StopPodSandboxAsync(podSandboxId, cancellationToken).ConfigureAwait(false);
        foreach (var container in ContainersOf(podSandboxId))
        {
            await RemoveContainerAsync(container.Id, cancellationToken).ConfigureAwait(false);
        }

        if (_sandboxes.TryRemove(podSandboxId, out _))
        {
            _records.DeleteSandbox(podSandboxId);
            Publish(podSandboxId, podSandboxId, ContainerEventType.ContainerDeletedEvent);
        }
    }

    /// <inheritdoc/>
    public Task<PodSandboxStatus> PodSandboxStatusAsync(string podSandboxId, CancellationToken cancellationToken = default) =>
        Task.FromResult(Sandbox(podSandboxId).Status.Clone());

    /// <inheritdoc/>
    public Task<IReadOnlyList<PodSandbox>> ListPodSandboxAsync(PodSandboxFilter? filter = null, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<PodSandbox>>(
        [
            .. _sandboxes.Values.Select(s => s.Status)
                .Where(s => filter is null || (Matches(filter.Id, s.Id) && (filter.State is null || filter.State.State == s.State) && Matches(filter.LabelSelector, s.Labels)))
                .Select(s => new PodSandbox
                {
                    Id = s.Id, Metadata = s.Metadata, State = s.State, CreatedAt = s.CreatedAt, Labels = { s.Labels }, Annotations = { s.Annotations },
                }),
        ]);

    /// <inheritdoc/>
    public IAsyncEnumerable<ContainerEventResponse> GetContainerEventsAsync(CancellationToken cancellationToken = default) => _events.ListenAsync(cancellationToken);

    /// <inheritdoc/>
    public Task UpdateRuntimeConfigAsync(string podCidr, CancellationToken cancellationToken = default) => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task<IReadOnlyList<Image>> ListImagesAsync(CancellationToken cancellationToken = default)
    {
        await Task.CompletedTask.ConfigureAwait(false);
        return [.. _images.List().Select(image => image.ToCri())];
    }

    /// <inheritdoc/>
    public Task<Image?> ImageStatusAsync(string image, CancellationToken cancellationToken = default) => Task.FromResult(_images.Find(image)?.ToCri());

    /// <inheritdoc/>
    public async Task<string> PullImageAsync(string image, AuthConfig? auth, PodSandboxConfig? sandboxConfig, CancellationToken cancellationToken = default) =>
        (await _images.PullAsync(image, auth, cancellationToken).ConfigureAwait(false)).Id;

    /// <inheritdoc/>
    public Task RemoveImageAsync(string image, CancellationToken cancellationToken = default) => _images.RemoveAsync(image, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ImportImageAsync(Stream archive, CancellationToken cancellationToken = default) =>
        _images.ImportAsync(archive, cancellationToken);

    /// <inheritdoc/>
    public Task<ImageFsInfoResponse> ImageFsInfoAsync(CancellationToken cancellationToken = default)
    {
        var (bytes, inodes) = _images.Usage();
        return Task.FromResult(new ImageFsInfoResponse
        {
            ImageFilesystems =
            {
                new FilesystemUsage
                {
                    Timestamp = _time.GetUtcNow().UnixNanoseconds(),
                    FsId = new FilesystemIdentifier { Mountpoint = Path.Combine(_options.RootDirectory, "images") },
                    UsedBytes = new UInt64Value { Value = (ulong)bytes },
                    InodesUsed = new UInt64Value { Value = (ulong)inodes },
                },
            },
        });
    }

    /// <summary>Ends every container: none outlives its runtime.</summary>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_containers.Keys.Select(id => StopContainerAsync(id, TimeSpan.Zero))).ConfigureAwait(false);
        foreach (var container in _containers.Values)
        {
            container.Dispose();
        }
    }

    private static string NewId() => RandomNumberGenerator.GetHexString(64, lowercase: true);

    private static bool Matches(string wanted, string id) => wanted.Length == 0 || id.StartsWith(wanted, StringComparison.Ordinal);

    private static bool Matches(IDictionary<string, string> selector, IDictionary<string, string> labels) =>
        selector.All(s => labels.TryGetValue(s.Key, out var value) && value == s.Value);

    private SandboxRecord Sandbox(string id) => _sandboxes.TryGetValue(id, out var sandbox)
        ? sandbox : throw new ContainerRuntimeException($"sandbox {id}: not found", ContainerRuntimeError.NotFound);

    private IEnumerable<ProcessContainer> ContainersOf(string podSandboxId) => _containers.Values.Where(c => c.PodSandboxId == podSandboxId);

    private void Save(SandboxRecord record)
    {
        _records.Save(record);
        _sandboxes[record.Status.Id] = record;
    }

    private void Publish(string containerId, string podSandboxId, ContainerEventType type) => _events.Publish(new ContainerEventResponse
    {
        ContainerId = containerId,
        ContainerEventType = type,
        CreatedAt = _time.GetUtcNow().UnixNanoseconds(),
        PodSandboxStatus = _sandboxes.GetValueOrDefault(podSandboxId)?.Status.Clone(),
        ContainersStatuses = { ContainersOf(podSandboxId).Select(c => c.Status) },
    });
}
