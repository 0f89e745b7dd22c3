using ActorKube.ContainerRuntime.Images;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>Where the built-in runtime keeps its things and what it drives. Two runtimes on one machine must differ in both directories, the cgroup parent and the bridge.</summary>
public sealed record BuiltinRuntimeOptions
{
    /// <summary>Images, layers, containers' writable layers and records: what outlives a reboot.</summary>
    public required string RootDirectory { get; init; }

    /// <summary>Namespaces, sockets, bundles and exit codes: best on a tmpfs such as <c>/run</c>.</summary>
    public required string StateDirectory { get; init; }

    /// <summary>The cgroup of pods whose configuration names none.</summary>
    public string CgroupParent { get; init; } = "/actorkube";

    /// <summary>The bridge that carries this node's pods; at most 15 characters.</summary>
    public string BridgeName { get; init; } = "ak0";

    /// <summary>The pods' maximum packet size; 1450 where VXLAN joins the nodes.</summary>
    public int Mtu { get; init; } = 1500;

    /// <summary>crun or runc; found on the PATH when null, crun first.</summary>
    public string? OciRuntimePath { get; init; }

    /// <summary>conmon; found on the PATH when null.</summary>
    public string? ConmonPath { get; init; }

    /// <summary>How often processes are looked at in case that a notification was missed.</summary>
    public TimeSpan PollInterval { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>How registries are reached.</summary>
    public RegistryOptions Registries { get; init; } = new();

    /// <summary>The clock.</summary>
    public TimeProvider TimeProvider { get; init; } = TimeProvider.System;

    /// <summary>Where the runtime logs.</summary>
    public ILogger Logger { get; init; } = NullLogger.Instance;
}
