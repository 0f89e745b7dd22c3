using System.Collections.Immutable;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.Kubelet.Pods;

/// <summary>One sandbox of a pod, as the runtime has it.</summary>
internal sealed record SandboxInstance(string Id, uint Attempt, bool Ready, DateTimeOffset CreatedAt, ImmutableArray<string> Addresses);

/// <summary>One container of a pod, as the runtime has it; a restart makes another instance.</summary>
internal sealed record ContainerInstance
{
    public required string Id { get; init; }
    public required string SandboxId { get; init; }
    public required string Name { get; init; }
    public int RestartCount { get; init; }
    public ContainerState State { get; init; }
    public DateTimeOffset CreatedAt { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public int ExitCode { get; init; }
    public string Reason { get; init; } = "";
    public string Message { get; init; } = "";
    public string Image { get; init; } = "";
    public string ImageId { get; init; } = "";
    public string Hash { get; init; } = "";
    public string LogPath { get; init; } = "";

    /// <summary>The CPU and memory it has; null when the runtime does not say.</summary>
    public LinuxContainerResources? Resources { get; init; }

    public bool IsRunning => State == ContainerState.ContainerRunning;

    public bool HasExited => State == ContainerState.ContainerExited;
}

/// <summary>What the runtime knows of one pod. Sandboxes and the instances of each container come newest first.</summary>
internal sealed record PodRuntimeStatus(ImmutableArray<SandboxInstance> Sandboxes, ImmutableArray<ContainerInstance> Containers)
{
    public static PodRuntimeStatus Empty { get; } = new([], []);

    /// <summary>Brings what the runtime listed into order.</summary>
    public static PodRuntimeStatus Ordered(IEnumerable<SandboxInstance> sandboxes, IEnumerable<ContainerInstance> containers) => new(
        [.. sandboxes.OrderByDescending(s => s.CreatedAt).ThenByDescending(s => s.Attempt)],
        [.. containers.OrderBy(c => c.Name, StringComparer.Ordinal).ThenByDescending(c => c.RestartCount).ThenByDescending(c => c.CreatedAt)]);

    /// <summary>The newest sandbox, ready or not.</summary>
    public SandboxInstance? Sandbox => Sandboxes.IsEmpty ? null : Sandboxes[0];

    /// <summary>The newest instance of a container.</summary>
    public ContainerInstance? Latest(string name) => Containers.FirstOrDefault(c => c.Name == name);

    /// <summary>All instances of a container, newest first.</summary>
    public IEnumerable<ContainerInstance> Of(string name) => Containers.Where(c => c.Name == name);

    /// <summary>Everything with a process, or of which that is not known.</summary>
    public IEnumerable<ContainerInstance> Alive => Containers.Where(c => c.State is ContainerState.ContainerRunning or ContainerState.ContainerUnknown);
}
