using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using System.Threading.Channels;
using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.Kubelet.Tests.Fakes;

/// <summary>A container runtime in memory with CRI's rules: states, labels, idempotent stops, events, logs on disk.</summary>
internal sealed class FakeRuntime(TimeProvider? time = null) : IContainerRuntime
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, (PodSandbox Sandbox, PodSandboxConfig Config)> _sandboxes = [];
    private readonly Dictionary<string, (Container Container, ContainerStatus Status, ContainerConfig Config)> _containers = [];
    private readonly List<Channel<ContainerEventResponse>> _listeners = [];
    private int _ids;

    public string Name => "fake";

    /// <summary>What was asked for, such as <c>start main</c>.</summary>
    public ConcurrentQueue<string> Calls { get; } = new();

    /// <summary>Images present, by full name.</summary>
    public ConcurrentDictionary<string, Image> Images { get; } = new();

    /// <summary>Images a registry would give.</summary>
    public HashSet<string> Registry { get; } = ["registry.local/app:1", "registry.local/app:2", "registry.local/side:1"];

    /// <summary>Thrown by the next call of the name.</summary>
    public ConcurrentDictionary<string, Exception> Failures { get; } = new();

    /// <summary>Holds a call of the name until completed.</summary>
    public ConcurrentDictionary<string, TaskCompletionSource> Gates { get; } = new();

    /// <summary>Answers commands; exit code 0 by default.</summary>
    public Func<string, IReadOnlyList<string>, ExecSyncResponse> OnExec { get; set; } = (_, _) => new ExecSyncResponse();

    /// <summary>Containers whose process does not listen to its stop signal.</summary>
    public HashSet<string> Stubborn { get; } = [];

    public bool NetworkReady { get; set; } = true;

    public bool SendEvents { get; set; } = true;

    public string PodCidr { get; private set; } = "";

    /// <summary>How many ever listened to events.</summary>
    public int Listeners
    {
        get
        {
            lock (_lock)
                return _listeners.Count;
        }
    }

    public IReadOnlyList<ContainerConfig> Configs
    {
        get
        {
            lock (_lock)
                return [.. _containers.Values.Select(c => c.Config)];
        }
    }

    public IReadOnlyList<PodSandboxConfig> SandboxConfigs
    {
        get
        {
            lock (_lock)
                return [.. _sandboxes.Values.Select(c => c.Config)];
        }
    }

    public IReadOnlyList<PodSandbox> Sandboxes
    {
        get
        {
            lock (_lock)
                return [.. _sandboxes.Values.Select(s => s.Sandbox.Clone())];
        }
    }

    /// <summary>The newest container of the name.</summary>
    public Container? Find(string name)
    {
        lock (_lock)
            return _containers.Values.Select(c => c.Container).Where(c => c.Metadata.Name == name).MaxBy(c => c.Metadata.Attempt);
    }

    /// <summary>A process ends by itself.</summary>
    public void Exit(string name, int code) => End(Find(name)!.Id, code);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    public Task<VersionResponse> VersionAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult(new VersionResponse { RuntimeName = "fake", RuntimeVersion = "1.2.3" });

    public Task<StatusResponse> StatusAsync(CancellationToken cancellationToken = default) => Task.FromResult(new StatusResponse
    {
        Status = new RuntimeStatus
        {
            Conditions =
            {
                new RuntimeCondition { Type = "RuntimeReady", Status = true },
                new RuntimeCondition { Type = "NetworkReady", Status = NetworkReady, Reason = NetworkReady ? "" : "NetworkPluginNotReady", Message = NetworkReady ? "" : "no ranges yet" },
            },
        },
    });

    /// <summary>The handler that each sandbox was asked for with.</summary>
    public List<string> Handlers { get; } = [];

    public async Task<string> RunPodSandboxAsync(PodSandboxConfig config, string runtimeHandler = "", CancellationToken cancellationToken = default)
    {
        await CallAsync("sandbox", config.Metadata.Name, cancellationToken);
        lock (_lock)
        {
            var id = $"sandbox-{_ids++}";
            Handlers.Add(runtimeHandler);
            var sandbox = new PodSandbox { Id = id, Metadata = config.Metadata.Clone(), State = PodSandboxState.SandboxReady, CreatedAt = Now() };
            sandbox.Labels.Add(config.Labels);
            sandbox.Annotations.Add(config.Annotations);
            _sandboxes[id] = (sandbox, config);
            return id;
        }
    }

    public async Task StopPodSandboxAsync(string podSandboxId, CancellationToken cancellationToken = default)
    {
        await CallAsync("stop-sandbox", podSandboxId, cancellationToken);
        List<string> running;
        lock (_lock)
        {
            if (!_sandboxes.TryGetValue(podSandboxId, out var entry))
                return;
            entry.Sandbox.State = PodSandboxState.SandboxNotready;
            running = [.. _containers.Values.Where(c => c.Container.PodSandboxId == podSandboxId).Select(c => c.Container.Id)];
        }

        foreach (var id in running)
            End(id, 137);
    }

    public async Task RemovePodSandboxAsync(string podSandboxId, CancellationToken cancellationToken = default)
    {
        await StopPodSandboxAsync(podSandboxId, cancellationToken);
        Calls.Enqueue($"remove-sandbox {podSandboxId}");
        lock (_lock)
        {
            _sandboxes.Remove(podSandboxId);
            foreach (var id in _containers.Where(c => c.Value.Container.PodSandboxId == podSandboxId).Select(c => c.Key).ToList())
                _containers.Remove(id);
        }
    }

    public Task<PodSandboxStatus> PodSandboxStatusAsync(string podSandboxId, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (!_sandboxes.TryGetValue(podSandboxId, out var entry))
                throw NotFound(podSandboxId);
            var status = new PodSandboxStatus
            {
                Id = podSandboxId,
                Metadata = entry.Sandbox.Metadata.Clone(),
                State = entry.Sandbox.State,
                CreatedAt = entry.Sandbox.CreatedAt,
                Network = new PodSandboxNetworkStatus { Ip = "10.0.0.7" },
            };
            return Task.FromResult(status);
        }
    }

    public Task<IReadOnlyList<PodSandbox>> ListPodSandboxAsync(PodSandboxFilter? filter = null, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked("list");
        lock (_lock)
            return Task.FromResult<IReadOnlyList<PodSandbox>>([.. _sandboxes.Values.Select(s => s.Sandbox.Clone()).Where(s => Matches(s.Labels, filter?.LabelSelector))]);
    }

    public async Task<string> CreateContainerAsync(string podSandboxId, ContainerConfig config, PodSandboxConfig sandboxConfig, CancellationToken cancellationToken = default)
    {
        await CallAsync("create", config.Metadata.Name, cancellationToken);
        lock (_lock)
        {
            if (!_sandboxes.ContainsKey(podSandboxId))
                throw NotFound(podSandboxId);
            var id = $"container-{_ids++}";
            var container = new Container
            {
                Id = id,
                PodSandboxId = podSandboxId,
                Metadata = config.Metadata.Clone(),
                Image = config.Image.Clone(),
                ImageRef = config.Image.Image,
                State = ContainerState.ContainerCreated,
                CreatedAt = Now(),
            };
            container.Labels.Add(config.Labels);
            container.Annotations.Add(config.Annotations);
            var status = new ContainerStatus
            {
                Id = id,
                Metadata = config.Metadata.Clone(),
                State = ContainerState.ContainerCreated,
                CreatedAt = container.CreatedAt,
                Image = config.Image.Clone(),
                ImageRef = config.Image.Image,
                LogPath = Path.Combine(sandboxConfig.LogDirectory, config.LogPath),
                Resources = config.Linux?.Resources is { } given ? new ContainerResources { Linux = given.Clone() } : null,
            };
            status.Labels.Add(config.Labels);
            status.Annotations.Add(config.Annotations);
            _containers[id] = (container, status, config);
            return id;
        }
    }

    public async Task StartContainerAsync(string containerId, CancellationToken cancellationToken = default)
    {
        await CallAsync("start", NameOf(containerId), cancellationToken);
        lock (_lock)
        {
            var (container, status, _) = _containers[containerId];
            container.State = status.State = ContainerState.ContainerRunning;
            status.StartedAt = Now();
            Log(status, $"hello from {container.Metadata.Name} {container.Metadata.Attempt}");
        }

        Tell(containerId, ContainerEventType.ContainerStartedEvent);
    }

    public async Task StopContainerAsync(string containerId, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        await CallAsync("stop", string.Create(CultureInfo.InvariantCulture, $"{NameOf(containerId)} {timeout.TotalSeconds:0}"), cancellationToken);
        End(containerId, Stubborn.Contains(NameOf(containerId)) ? 137 : 143);
    }

    public async Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken = default)
    {
        await CallAsync("remove", NameOf(containerId), cancellationToken);
        lock (_lock)
            _containers.Remove(containerId);
    }

    public Task<IReadOnlyList<Container>> ListContainersAsync(ContainerFilter? filter = null, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked("list");
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<Container>>(
            [
                .. _containers.Values.Select(c => c.Container.Clone())
                    .Where(c => Matches(c.Labels, filter?.LabelSelector) && (filter?.State is null || filter.State.State == c.State)),
            ]);
        }
    }

    public Task<ContainerStatus> ContainerStatusAsync(string containerId, CancellationToken cancellationToken = default)
    {
        lock (_lock)
            return _containers.TryGetValue(containerId, out var entry) ? Task.FromResult(entry.Status.Clone()) : throw NotFound(containerId);
    }

    public Task UpdateContainerResourcesAsync(string containerId, LinuxContainerResources resources, CancellationToken cancellationToken = default)
    {
        Calls.Enqueue($"resize {NameOf(containerId)} {resources.CpuShares} {resources.CpuQuota} {resources.MemoryLimitInBytes}");
        lock (_lock)
            _containers[containerId].Status.Resources = new ContainerResources { Linux = resources.Clone() };
        return Task.CompletedTask;
    }

    public Task ReopenContainerLogAsync(string containerId, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked("reopen");
        lock (_lock)
            File.WriteAllText(_containers[containerId].Status.LogPath, "");
        return Task.CompletedTask;
    }

    public Task<ExecSyncResponse> ExecSyncAsync(string containerId, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        Calls.Enqueue($"exec {NameOf(containerId)} {string.Join(' ', command)}");
        return Task.FromResult(OnExec(NameOf(containerId), command));
    }

    public async Task<int> ExecAsync(string containerId, IReadOnlyList<string> command, bool tty, ContainerStreams streams, CancellationToken cancellationToken = default)
    {
        await streams.Stdout!.WriteAsync(Encoding.UTF8.GetBytes($"{NameOf(containerId)}: {string.Join(' ', command)}\n"), cancellationToken);
        if (streams.Stdin is not null)
            await streams.Stdin.CopyToAsync(streams.Stdout, cancellationToken);
        return 7;
    }

    public Task AttachAsync(string containerId, bool tty, ContainerStreams streams, CancellationToken cancellationToken = default) =>
        streams.Stdout!.WriteAsync(Encoding.UTF8.GetBytes("attached\n"), cancellationToken).AsTask();

    public Task PortForwardAsync(string podSandboxId, int port, Stream stream, CancellationToken cancellationToken = default) => stream.CopyToAsync(stream, cancellationToken);

    public Task<IReadOnlyList<ContainerStats>> ListContainerStatsAsync(ContainerStatsFilter? filter = null, CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            return Task.FromResult<IReadOnlyList<ContainerStats>>(
            [
                .. _containers.Values.Select(c =>
                {
                    var stats = new ContainerStats
                    {
                        Attributes = new ContainerAttributes { Id = c.Container.Id },
                        Cpu = new CpuUsage { UsageCoreNanoSeconds = new UInt64Value { Value = 5_000_000_000 } },
                        Memory = new MemoryUsage { WorkingSetBytes = new UInt64Value { Value = 1024 } },
                    };
                    stats.Attributes.Labels.Add(c.Container.Labels);
                    return stats;
                }),
            ]);
        }
    }

    public async IAsyncEnumerable<ContainerEventResponse> GetContainerEventsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var channel = Channel.CreateUnbounded<ContainerEventResponse>();
        lock (_lock)
            _listeners.Add(channel);
        await foreach (var happened in channel.Reader.ReadAllAsync(cancellationToken))
            yield return happened;
    }

    public Task UpdateRuntimeConfigAsync(string podCidr, CancellationToken cancellationToken = default)
    {
        ThrowIfAsked("ranges");
        (PodCidr, NetworkReady) = (podCidr, true);
        return Task.CompletedTask;
    }

    public Task<IReadOnlyList<Image>> ListImagesAsync(CancellationToken cancellationToken = default) => Task.FromResult<IReadOnlyList<Image>>([.. Images.Values]);

    public Task<Image?> ImageStatusAsync(string image, CancellationToken cancellationToken = default) => Task.FromResult(Images.GetValueOrDefault(image));

    public async Task<string> PullImageAsync(string image, AuthConfig? auth, PodSandboxConfig? sandboxConfig, CancellationToken cancellationToken = default)
    {
        await CallAsync("pull", auth is null ? image : $"{image} as {auth.Username}", cancellationToken);
        if (!Registry.Contains(image))
            throw new ContainerRuntimeException($"{image}: not found", ContainerRuntimeError.NotFound);
        var pulled = new Image { Id = $"sha256:{image.GetHashCode(StringComparison.Ordinal):x}", Size = 1234, Uid = new Int64Value { Value = 0 } };
        pulled.RepoTags.Add(image);
        Images[image] = pulled;
        return pulled.Id;
    }

    public Task RemoveImageAsync(string image, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<IReadOnlyList<string>> ImportImageAsync(Stream archive, CancellationToken cancellationToken = default) => throw new NotSupportedException();

    public Task<ImageFsInfoResponse> ImageFsInfoAsync(CancellationToken cancellationToken = default) => throw new NotSupportedException();

    private static bool Matches(IDictionary<string, string> labels, IDictionary<string, string>? selector) =>
        selector is null || selector.All(s => labels.TryGetValue(s.Key, out var value) && value == s.Value);

    private static ContainerRuntimeException NotFound(string id) => new($"{id} not found", ContainerRuntimeError.NotFound);

    private static void Log(ContainerStatus status, string line)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(status.LogPath)!);
        File.AppendAllText(status.LogPath, $"2026-01-31T12:00:00.000000001Z stdout F {line}\n");
    }

    private async Task CallAsync(string what, string about, CancellationToken cancellationToken)
    {
        Calls.Enqueue($"{what} {about}");
        if (Gates.TryGetValue(what, out var gate))
            await gate.Task.WaitAsync(cancellationToken);
        ThrowIfAsked(what);
    }

    private void ThrowIfAsked(string what)
    {
        if (Failures.TryRemove(what, out var failure))
            throw failure;
    }

    private string NameOf(string id)
    {
        lock (_lock)
            return _containers.TryGetValue(id, out var entry) ? entry.Container.Metadata.Name : throw NotFound(id);
    }

    private void End(string id, int code)
    {
        lock (_lock)
        {
            if (!_containers.TryGetValue(id, out var entry) || entry.Container.State != ContainerState.ContainerRunning)
                return;
            entry.Container.State = entry.Status.State = ContainerState.ContainerExited;
            entry.Status.ExitCode = code;
            entry.Status.FinishedAt = Now();
            entry.Status.Reason = code == 0 ? "Completed" : "Error";
        }

        Tell(id, ContainerEventType.ContainerStoppedEvent);
    }

    private void Tell(string id, ContainerEventType type)
    {
        if (!SendEvents)
            return;
        lock (_lock)
        {
            var happened = new ContainerEventResponse { ContainerId = id, ContainerEventType = type };
            happened.ContainersStatuses.Add(_containers[id].Status.Clone());
            foreach (var listener in _listeners)
                listener.Writer.TryWrite(happened);
        }
    }

    private long Now() => _time.GetUtcNow().ToUnixTimeMilliseconds() * 1_000_000;
}
