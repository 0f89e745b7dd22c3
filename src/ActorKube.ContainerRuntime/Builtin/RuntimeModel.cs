using System.Collections.Concurrent;
using System.Security.Cryptography;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>A sandbox that the runtime knows. The record is replaced, never changed, and only under the gate.</summary>
internal sealed class SandboxEntry(SandboxRecord record, PodSandboxConfig config)
{
    private SandboxRecord _record = record;

    public string Id { get; } = record.Id;

    public PodSandboxConfig Config { get; } = config;

    public SemaphoreSlim Gate { get; } = new(1);

    public SandboxRecord Record
    {
        get => Volatile.Read(ref _record);
        set => Volatile.Write(ref _record, value);
    }

    /// <summary>What the pod shares; a pod that says nothing shares network and IPC, but not processes, as Kubernetes' pods by default.</summary>
    public NamespaceOption Namespaces => Config.Linux?.SecurityContext?.NamespaceOptions ?? new NamespaceOption { Pid = NamespaceMode.Container };

    public bool HasHostNetwork => Namespaces.Network == NamespaceMode.Node;
}

/// <summary>A container that the runtime knows. The record is replaced, never changed, and only under the gate.</summary>
internal sealed class ContainerEntry(ContainerRecord record, ContainerConfig config)
{
    private ContainerRecord _record = record;

    public string Id { get; } = record.Id;

    public ContainerConfig Config { get; } = config;

    public SemaphoreSlim Gate { get; } = new(1);

    /// <summary>Completes when the container's end is on record.</summary>
    public TaskCompletionSource Exited { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public ContainerRecord Record
    {
        get => Volatile.Read(ref _record);
        set => Volatile.Write(ref _record, value);
    }

    public NamespaceOption Namespaces => Config.Linux?.SecurityContext?.NamespaceOptions ?? new NamespaceOption { Pid = NamespaceMode.Container };
}

/// <summary>All sandboxes and containers of the runtime.</summary>
internal sealed class RuntimeModel(TimeProvider time)
{
    public ConcurrentDictionary<string, SandboxEntry> Sandboxes { get; } = new();

    public ConcurrentDictionary<string, ContainerEntry> Containers { get; } = new();

    public SandboxEntry Sandbox(string id) =>
        Sandboxes.GetValueOrDefault(id) ?? throw new ContainerRuntimeException($"an error occurred when try to find sandbox \"{id}\": not found", ContainerRuntimeError.NotFound);

    public ContainerEntry Container(string id) =>
        Containers.GetValueOrDefault(id) ?? throw new ContainerRuntimeException($"an error occurred when try to find container \"{id}\": not found", ContainerRuntimeError.NotFound);

    public IEnumerable<ContainerEntry> ContainersOf(string sandboxId) => Containers.Values.Where(c => c.Record.SandboxId == sandboxId);

    /// <summary>The time in nanoseconds since 1970, as CRI has it.</summary>
    public long Now() => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>A new identifier that nobody can guess or has had.</summary>
    public static string NewId() => RandomNumberGenerator.GetHexString(64, lowercase: true);
}
