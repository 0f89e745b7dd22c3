using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>Where <see cref="ProcessRuntime"/> keeps its things, and how it presents itself.</summary>
public sealed record ProcessRuntimeOptions
{
    /// <summary>The directory for images, containers and records; owned by one runtime alone.</summary>
    public required string RootDirectory { get; init; }

    /// <summary>The address that every pod reports: the host's own, since there is no other network.</summary>
    public string PodIp { get; init; } = "127.0.0.1";

    /// <summary>How registries are reached.</summary>
    public RegistryOptions Registries { get; init; } = new();
}
