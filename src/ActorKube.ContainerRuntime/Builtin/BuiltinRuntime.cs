using ActorKube.ContainerRuntime.Builtin.Native;
using ActorKube.ContainerRuntime.Builtin.Network;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>
/// The runtime for machines without containerd or CRI-O: C# pulls, unpacks, mounts and wires the network; crun (or runc) starts the processes and conmon
/// minds them. Containers live on when this process ends, however it ends; the next one takes them up from the directories.
/// </summary>
public sealed class BuiltinRuntime : IContainerRuntime
{
    private const string CriVersion = "v1";
    private readonly RuntimeModel _model;
    private readonly ImageStore _images;
    private readonly OciRuntime _oci;
    private readonly PodNetwork _network;
    private readonly SandboxService _sandboxes;
    private readonly ContainerService _containers;
    private readonly ContainerEvents _events;
    private readonly ContainerExec _exec;
    private readonly ContainerAttach _attach;
    private readonly PortForwarder _ports;
    private readonly ContainerStatistics _statistics;
    private readonly ExitMonitor _monitor;
    private readonly Lazy<string> _version;
    private readonly FileStream _lock;

    /// <summary>Opens the runtime's directories and takes up the sandboxes and containers in them. Needs root on Linux, crun or runc, and conmon.</summary>
    public BuiltinRuntime(BuiltinRuntimeOptions options)
    {
        if (!BuiltinRuntimeRequirements.IsRootOnLinux)
            throw new ContainerRuntimeException("the built-in runtime needs root on Linux", ContainerRuntimeError.Unavailable);
        var ociPath = BuiltinRuntimeRequirements.FindOciRuntime(options.OciRuntimePath)
            ?? throw new ContainerRuntimeException("the built-in runtime needs crun or runc: apt-get install crun", ContainerRuntimeError.Unavailable);
        var conmonPath = BuiltinRuntimeRequirements.Find("conmon", options.ConmonPath)
            ?? throw new ContainerRuntimeException("the built-in runtime needs conmon: apt-get install conmon", ContainerRuntimeError.Unavailable);
        var directories = new RuntimeDirectories(options);
        _lock = Lock(options.RootDirectory);
        var cgroups = Cgroups.Detect();
        _model = new RuntimeModel(options.TimeProvider);
        _images = new ImageStore(directories.Images, options.Logger, options.Registries) { LayersInUse = () => _model.Containers.Values.SelectMany(c => c.Record.Layers) };
        _oci = new OciRuntime(ociPath, directories.OciRuntime, cgroups.IsHybrid);
        _version = new Lazy<string>(_oci.Version);
        var conmon = new Conmon(conmonPath, _oci, directories);
        var bundles = new ContainerBundle(directories, _images, cgroups);
        _events = new ContainerEvents(_model);
        _network = new PodNetwork(options.BridgeName, options.Mtu, options.Logger);
        _containers = new ContainerService(options, _model, directories, _images, bundles, _oci, conmon, cgroups, _events);
        _sandboxes = new SandboxService(options, _model, directories, _network, new HostPorts(options.Logger), new PauseProcess(directories, _oci, conmon), _containers, cgroups, _events);
        _exec = new ContainerExec(options, _model, directories, _oci);
        _attach = new ContainerAttach(_model, directories, conmon);
        _ports = new PortForwarder(_model, directories);
        _statistics = new ContainerStatistics(_model, cgroups, bundles, _images, directories);
        new Leftovers(directories, _oci, options.Logger).Remove();
        _sandboxes.Recover();
        _containers.Recover();
        _images.CollectGarbage();
        _monitor = new ExitMonitor(options, _model, directories, _containers);
        // An end between the look at recovery and the start of the watch.
        foreach (var container in _model.Containers.Values)
            _containers.ObserveAsync(container).GetAwaiter().GetResult();
    }

    /// <inheritdoc />
    public string Name => "builtin";

    /// <summary>The images, for whoever imports some of their own.</summary>
    public ImageStore Images => _images;

    /// <inheritdoc />
    public async Task<VersionResponse> VersionAsync(CancellationToken cancellationToken = default)
    {
        var version = await DedicatedThread.RunAsync(() => _version.Value).ConfigureAwait(false);
        return new VersionResponse { Version = "0.1.0", RuntimeName = Name, RuntimeVersion = version.Replace(" version ", "-", StringComparison.Ordinal), RuntimeApiVersion = CriVersion };
    }

    /// <inheritdoc />
    public Task<StatusResponse> StatusAsync(CancellationToken cancellationToken = default)
    {
        var network = new RuntimeCondition { Type = "NetworkReady", Status = _network.IsReady };
        if (!network.Status)
        {
            network.Reason = "NetworkPluginNotReady";
            network.Message = "the node has no pod CIDR yet";
        }
        return Task.FromResult(new StatusResponse
        {
            Status = new RuntimeStatus { Conditions = { new RuntimeCondition { Type = "RuntimeReady", Status = true }, network } },
            RuntimeHandlers = { new RuntimeHandler { Features = new RuntimeHandlerFeatures() } },
            Features = new RuntimeFeatures { SupplementalGroupsPolicy = true },
        });
    }

    /// <inheritdoc />
    public Task<string> RunPodSandboxAsync(PodSandboxConfig config, string runtimeHandler = "", CancellationToken cancellationToken = default) =>
        _sandboxes.RunAsync(config.Clone(), runtimeHandler);

    /// <inheritdoc />
    public Task StopPodSandboxAsync(string podSandboxId, CancellationToken cancellationToken = default) => _sandboxes.StopAsync(podSandboxId);

    /// <inheritdoc />
    public Task RemovePodSandboxAsync(string podSandboxId, CancellationToken cancellationToken = default) => _sandboxes.RemoveAsync(podSandboxId);

    /// <inheritdoc />
    public Task<PodSandboxStatus> PodSandboxStatusAsync(string podSandboxId, CancellationToken cancellationToken = default) =>
        Task.FromResult(CriViews.ToSandboxStatus(_model.Sandbox(podSandboxId)));

    /// <inheritdoc />
    public Task<IReadOnlyList<PodSandbox>> ListPodSandboxAsync(PodSandboxFilter? filter = null, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<PodSandbox>>([.. _model.Sandboxes.Values.Where(s => CriViews.Matches(s, filter)).Select(CriViews.ToSandbox)]);

    /// <inheritdoc />
    public Task<string> CreateContainerAsync(string podSandboxId, ContainerConfig config, PodSandboxConfig sandboxConfig, CancellationToken cancellationToken = default)
    {
        var sandbox = _model.Sandbox(podSandboxId);
        var own = config.Clone();
        var wish = own.Linux?.SecurityContext?.NamespaceOptions ?? sandbox.Namespaces;
        return _containers.CreateAsync(sandbox, own, _sandboxes.NamespacesFor(sandbox, wish), _sandboxes.MountsFor(sandbox));
    }

    /// <inheritdoc />
    public Task StartContainerAsync(string containerId, CancellationToken cancellationToken = default) => _containers.StartAsync(containerId);

    /// <inheritdoc />
    public Task StopContainerAsync(string containerId, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        _containers.StopAsync(containerId, timeout, cancellationToken);

    /// <inheritdoc />
    public Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken = default) => _containers.RemoveAsync(containerId);

    /// <inheritdoc />
    public Task<IReadOnlyList<Container>> ListContainersAsync(ContainerFilter? filter = null, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<Container>>([.. _model.Containers.Values.Where(c => CriViews.Matches(c, filter)).Select(CriViews.ToContainer)]);

    /// <inheritdoc />
    public Task<ContainerStatus> ContainerStatusAsync(string containerId, CancellationToken cancellationToken = default) =>
        Task.FromResult(CriViews.ToContainerStatus(_model.Container(containerId)));

    /// <inheritdoc />
    public Task UpdateContainerResourcesAsync(string containerId, LinuxContainerResources resources, CancellationToken cancellationToken = default) =>
        _containers.UpdateAsync(containerId, resources);

    /// <inheritdoc />
    public Task ReopenContainerLogAsync(string containerId, CancellationToken cancellationToken = default) =>
        DedicatedThread.RunAsync(() => _containers.ReopenLog(containerId));

    /// <inheritdoc />
    public Task<ExecSyncResponse> ExecSyncAsync(string containerId, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancellationToken = default) =>
        _exec.RunAsync(containerId, command, timeout, cancellationToken);

    /// <inheritdoc />
    public Task<int> ExecAsync(string containerId, IReadOnlyList<string> command, bool tty, ContainerStreams streams, CancellationToken cancellationToken = default) =>
        _exec.StreamAsync(containerId, command, tty, streams, cancellationToken);

    /// <inheritdoc />
    public Task AttachAsync(string containerId, bool tty, ContainerStreams streams, CancellationToken cancellationToken = default) =>
        _attach.AttachAsync(containerId, streams, cancellationToken);

    /// <inheritdoc />
    public Task PortForwardAsync(string podSandboxId, int port, Stream stream, CancellationToken cancellationToken = default) =>
        _ports.ForwardAsync(podSandboxId, port, stream, cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<ContainerStats>> ListContainerStatsAsync(ContainerStatsFilter? filter = null, CancellationToken cancellationToken = default) =>
        DedicatedThread.RunAsync(() => _statistics.List(filter));

    /// <inheritdoc />
    public IAsyncEnumerable<ContainerEventResponse> GetContainerEventsAsync(CancellationToken cancellationToken = default) => _events.ListenAsync(cancellationToken);

    /// <inheritdoc />
    public Task UpdateRuntimeConfigAsync(string podCidr, CancellationToken cancellationToken = default) =>
        DedicatedThread.RunAsync(() => _network.Configure(podCidr, _sandboxes.AddressesInUse()));

    /// <inheritdoc />
    public Task<IReadOnlyList<Image>> ListImagesAsync(CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<Image>>([.. _images.List().Select(i => i.ToCri())]);

    /// <inheritdoc />
    public Task<Image?> ImageStatusAsync(string image, CancellationToken cancellationToken = default) => Task.FromResult(_images.Find(image)?.ToCri());

    /// <inheritdoc />
    public async Task<string> PullImageAsync(string image, AuthConfig? auth, PodSandboxConfig? sandboxConfig, CancellationToken cancellationToken = default) =>
        (await _images.PullAsync(image, auth, cancellationToken).ConfigureAwait(false)).Id;

    /// <inheritdoc />
    public Task RemoveImageAsync(string image, CancellationToken cancellationToken = default) => _images.RemoveAsync(image, cancellationToken);

    /// <inheritdoc />
    public Task<IReadOnlyList<string>> ImportImageAsync(Stream archive, CancellationToken cancellationToken = default) => _images.ImportAsync(archive, cancellationToken);

    /// <inheritdoc />
    public Task<ImageFsInfoResponse> ImageFsInfoAsync(CancellationToken cancellationToken = default) => DedicatedThread.RunAsync(_statistics.ImageFileSystem);

    /// <summary>Lets go of everything but the containers, which run on.</summary>
    public ValueTask DisposeAsync()
    {
        _monitor.Dispose();
        _events.Complete();
        _lock.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>One process at a time: the lock goes with the process, however it ends.</summary>
    private static FileStream Lock(string rootDirectory)
    {
        var path = Path.Combine(rootDirectory, "lock");
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new ContainerRuntimeException($"another process runs containers from {rootDirectory}: {e.Message}", ContainerRuntimeError.Unavailable, e);
        }
    }
}
