using System.Threading.Channels;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime;

/// <summary>
/// What the kubelet needs of a container runtime, in the words of the Container Runtime Interface (runtime.v1),
/// so that a CRI socket, the built-in runtime and plain processes are interchangeable.
/// Every method is safe to call concurrently. An expected failure throws <see cref="ContainerRuntimeException"/>.
/// Source: https://kubernetes.io/docs/concepts/architecture/cri/
/// </summary>
public interface IContainerRuntime : IAsyncDisposable
{
    /// <summary>What the node reports: <c>containerd</c>, <c>builtin</c> or <c>process</c>.</summary>
    string Name { get; }

    /// <summary>Runtime name and version, as in <c>status.nodeInfo.containerRuntimeVersion</c>.</summary>
    Task<VersionResponse> VersionAsync(CancellationToken cancellationToken = default);

    /// <summary>Whether the runtime and its network are ready to run pods (conditions RuntimeReady, NetworkReady).</summary>
    Task<StatusResponse> StatusAsync(CancellationToken cancellationToken = default);

    /// <summary>Creates and starts a pod sandbox: namespaces, network, log directory, cgroup parent. Returns its id.</summary>
    Task<string> RunPodSandboxAsync(PodSandboxConfig config, string runtimeHandler = "", CancellationToken cancellationToken = default);

    /// <summary>Stops the sandbox and every container in it, and releases its network. Idempotent.</summary>
    Task StopPodSandboxAsync(string podSandboxId, CancellationToken cancellationToken = default);

    /// <summary>Removes a stopped sandbox, its containers and its cgroup. Idempotent.</summary>
    Task RemovePodSandboxAsync(string podSandboxId, CancellationToken cancellationToken = default);

    /// <summary>State and addresses of one sandbox; <see cref="ContainerRuntimeException.IsNotFound"/> when it is gone.</summary>
    Task<PodSandboxStatus> PodSandboxStatusAsync(string podSandboxId, CancellationToken cancellationToken = default);

    /// <summary>Sandboxes that match the filter; null lists all.</summary>
    Task<IReadOnlyList<PodSandbox>> ListPodSandboxAsync(PodSandboxFilter? filter = null, CancellationToken cancellationToken = default);

    /// <summary>Creates, but does not start, a container in a sandbox. The image must be present. Returns its id.</summary>
    Task<string> CreateContainerAsync(string podSandboxId, ContainerConfig config, PodSandboxConfig sandboxConfig, CancellationToken cancellationToken = default);

    /// <summary>Starts a created container.</summary>
    Task StartContainerAsync(string containerId, CancellationToken cancellationToken = default);

    /// <summary>Sends the stop signal, waits <paramref name="timeout"/>, then kills. Idempotent; zero kills at once.</summary>
    Task StopContainerAsync(string containerId, TimeSpan timeout, CancellationToken cancellationToken = default);

    /// <summary>Removes a container, killing it when it runs. Idempotent. Its log file stays: the kubelet owns it.</summary>
    Task RemoveContainerAsync(string containerId, CancellationToken cancellationToken = default);

    /// <summary>Containers that match the filter; null lists all.</summary>
    Task<IReadOnlyList<Container>> ListContainersAsync(ContainerFilter? filter = null, CancellationToken cancellationToken = default);

    /// <summary>Everything known of one container: state, exit code, reason (Completed, Error, OOMKilled), times in Unix nanoseconds.</summary>
    Task<ContainerStatus> ContainerStatusAsync(string containerId, CancellationToken cancellationToken = default);

    /// <summary>Changes cgroup limits of a running container (in-place resize).</summary>
    Task UpdateContainerResourcesAsync(string containerId, LinuxContainerResources resources, CancellationToken cancellationToken = default);

    /// <summary>Makes the runtime reopen the log file after the kubelet rotated it.</summary>
    Task ReopenContainerLogAsync(string containerId, CancellationToken cancellationToken = default);

    /// <summary>Runs a command to its end and returns what it printed. A time-out throws with <see cref="ContainerRuntimeException.IsTimeout"/>.</summary>
    Task<ExecSyncResponse> ExecSyncAsync(string containerId, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancellationToken = default);

    /// <summary>Runs a command with live streams and returns its exit code. Ends stdin when <see cref="ContainerStreams.Stdin"/> ends.</summary>
    Task<int> ExecAsync(string containerId, IReadOnlyList<string> command, bool tty, ContainerStreams streams, CancellationToken cancellationToken = default);

    /// <summary>Attaches to a running container's main process until it ends or the caller cancels.</summary>
    Task AttachAsync(string containerId, bool tty, ContainerStreams streams, CancellationToken cancellationToken = default);

    /// <summary>Joins <paramref name="stream"/> to a TCP port on the sandbox's loopback until either side closes.</summary>
    Task PortForwardAsync(string podSandboxId, int port, Stream stream, CancellationToken cancellationToken = default);

    /// <summary>CPU, memory and writable-layer use per container.</summary>
    Task<IReadOnlyList<ContainerStats>> ListContainerStatsAsync(ContainerStatsFilter? filter = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Containers created, started, stopped and deleted, as they happen, until cancelled. A runtime that has no events
    /// polls <see cref="ListContainersAsync"/> itself, so the caller need not care.
    /// </summary>
    IAsyncEnumerable<ContainerEventResponse> GetContainerEventsAsync(CancellationToken cancellationToken = default);

    /// <summary>Tells the runtime the node's pod ranges (comma-separated CIDRs), once they are known and whenever they change.</summary>
    Task UpdateRuntimeConfigAsync(string podCidr, CancellationToken cancellationToken = default);

    /// <summary>Images on this node.</summary>
    Task<IReadOnlyList<Image>> ListImagesAsync(CancellationToken cancellationToken = default);

    /// <summary>The image, or null when it is not present.</summary>
    Task<Image?> ImageStatusAsync(string image, CancellationToken cancellationToken = default);

    /// <summary>Pulls an image, checking digests, and returns its reference (an id to start containers from).</summary>
    Task<string> PullImageAsync(string image, AuthConfig? auth, PodSandboxConfig? sandboxConfig, CancellationToken cancellationToken = default);

    /// <summary>Removes an image with all its tags. Idempotent.</summary>
    Task RemoveImageAsync(string image, CancellationToken cancellationToken = default);

    /// <summary>Imports an OCI-layout or docker-archive tar. Returns the references that it brought.</summary>
    Task<IReadOnlyList<string>> ImportImageAsync(Stream archive, CancellationToken cancellationToken = default);

    /// <summary>Space that images take.</summary>
    Task<ImageFsInfoResponse> ImageFsInfoAsync(CancellationToken cancellationToken = default);
}

/// <summary>The live streams of an exec or attach session. A null stream is not connected.</summary>
/// <param name="Stdin">Read until it ends; its end half-closes the process's stdin.</param>
/// <param name="Stdout">Written with the process's output (and its errors too when a terminal is used).</param>
/// <param name="Stderr">Written with the process's errors; not used with a terminal.</param>
/// <param name="Resize">Terminal sizes as the user's window changes.</param>
public sealed record ContainerStreams(Stream? Stdin, Stream? Stdout, Stream? Stderr, ChannelReader<TerminalSize>? Resize = null);

/// <summary>A terminal's size in characters.</summary>
public readonly record struct TerminalSize(ushort Width, ushort Height);

/// <summary>A call that the runtime refused or could not carry out.</summary>
public sealed class ContainerRuntimeException(string message, ContainerRuntimeError error = ContainerRuntimeError.Failed, Exception? inner = null)
    : Exception(message, inner)
{
    /// <summary>What kind of failure it was.</summary>
    public ContainerRuntimeError Error { get; } = error;

    /// <summary>The container, sandbox or image does not exist.</summary>
    public bool IsNotFound => Error == ContainerRuntimeError.NotFound;

    /// <summary>The call took longer than the caller allowed.</summary>
    public bool IsTimeout => Error == ContainerRuntimeError.Timeout;
}

/// <summary>The kinds of failure that a caller treats differently.</summary>
public enum ContainerRuntimeError
{
    /// <summary>Anything else; the message says what.</summary>
    Failed,

    /// <summary>No such container, sandbox or image.</summary>
    NotFound,

    /// <summary>The caller's time-out passed.</summary>
    Timeout,

    /// <summary>The runtime cannot be reached.</summary>
    Unavailable,

    /// <summary>The runtime does not offer this call.</summary>
    Unimplemented,
}
