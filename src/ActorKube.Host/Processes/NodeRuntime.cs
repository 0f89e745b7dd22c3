using System.Security.Cryptography;
using System.Text;
using ActorKube.ContainerRuntime;
using ActorKube.ContainerRuntime.Builtin;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;
using ActorKube.ContainerRuntime.Processes;
using ActorKube.Host.Commands;
using ActorKube.Host.Machine;
using ActorKube.KubeProxy.PodNetwork;
using Microsoft.Extensions.Logging;

namespace ActorKube.Host.Processes;

/// <summary>The container runtime of a node process, with the host packages it needs.</summary>
public sealed class NodeRuntime : IAsyncDisposable
{
    private volatile IReadOnlyList<string> _gateways = [];

    private NodeRuntime(DiscoveredRuntime found) => (Runtime, Kind, Description) = (found.Runtime, found.Kind, found.Explanation);

    /// <summary>What runs the containers.</summary>
    public IContainerRuntime Runtime { get; }

    /// <summary>Which one it is.</summary>
    public RuntimeKind Kind { get; }

    /// <summary>What it is and why, for people.</summary>
    public string Description { get; }

    /// <summary>The node's own addresses in its pod ranges, where its DNS listens; empty until the ranges are known.</summary>
    public IReadOnlyList<string> Gateways => _gateways;

    /// <summary>Finds the runtime, installing missing host packages first where that is wanted and possible.</summary>
    /// <param name="settings">The process' configuration.</param>
    /// <param name="install">Whether packages may be installed.</param>
    /// <param name="logs">Where it logs.</param>
    /// <param name="cancellation">Gives up.</param>
    public static async Task<NodeRuntime> OpenAsync(ProcessSettings settings, bool install, ILoggerFactory logs, CancellationToken cancellation)
    {
        await BringPackagesAsync(settings, install, cancellation);
        try
        {
            return new NodeRuntime(await RuntimeDiscovery.OpenAsync(Options(settings, logs), cancellation));
        }
        catch (ContainerRuntimeException e)
        {
            throw new ProcessFailedException(e.Message, e);
        }
    }

    /// <summary>Imports the demo images that are not there yet.</summary>
    public Task BringDemoImagesAsync(CancellationToken cancellation) => DemoImage.ImportAsync(Runtime, cancellation);

    /// <summary>
    /// Where a CRI runtime lacks the image of its pod sandboxes and cannot pull it, it gets one of ours under that name: with no registry
    /// in reach no pod could start otherwise. A registry that does not answer makes this take a while.
    /// </summary>
    public async Task BringSandboxImageAsync(CancellationToken cancellation)
    {
        if (Runtime is not CriRuntime cri || await cri.SandboxImageAsync(cancellation) is not { Length: > 0 } pause || await cri.ImageStatusAsync(pause, cancellation) is not null)
            return;
        try
        {
            await cri.PullImageAsync(pause, null, null, cancellation);
        }
        catch (ContainerRuntimeException e)
        {
            Report.Line($"The sandbox image {pause} cannot be pulled ({e.Message}); bringing one of our own.");
            using var archive = new MemoryStream(PauseImage.Archive(pause));
            await cri.ImportImageAsync(archive, cancellation);
        }
    }

    /// <summary>Takes the node's pod ranges over.</summary>
    /// <param name="podCidrs">Comma-separated.</param>
    public Task UsePodCidrsAsync(string podCidrs)
    {
        _gateways = [.. podCidrs.Split(',', StringSplitOptions.RemoveEmptyEntries).Select(c => PodRange.Parse(c)!.Gateway.ToString())];
        return Runtime.UpdateRuntimeConfigAsync(podCidrs);
    }

    /// <summary>Stops every pod of this node, and no pod of anybody else on the same runtime. The kubelet must have stopped: it would start them again.</summary>
    /// <param name="nodeName">The node.</param>
    public async Task StopPodsAsync(string nodeName)
    {
        var sandboxes = await Runtime.ListPodSandboxAsync(new PodSandboxFilter { LabelSelector = { ["actorkube.io/node"] = nodeName } });
        await Task.WhenAll(sandboxes.Select(s => Runtime.StopPodSandboxAsync(s.Id)));
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => Runtime.DisposeAsync();

    // Two nodes on one machine differ in their data folders, and so in everything that is named after them here.
    private static RuntimeDiscoveryOptions Options(ProcessSettings settings, ILoggerFactory logs)
    {
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(settings.DataDir)))[..8];
        var network = PodNetworkSettings.From(settings.Config);
        return new RuntimeDiscoveryOptions
        {
            Kind = Enum.Parse<RuntimeKind>(settings.Runtime, ignoreCase: true),
            Socket = settings.RuntimeSocket,
            Builtin = new BuiltinRuntimeOptions
            {
                RootDirectory = Path.Combine(settings.DataDir, "runtime"),
                StateDirectory = $"/run/actorkube/{id}",
                BridgeName = network.BridgeFor(settings.NodeName),
                CgroupParent = $"/actorkube-{id}",
                Mtu = network.Mtu,
                Logger = logs.CreateLogger("ActorKube.ContainerRuntime"),
            },
            Process = new ProcessRuntimeOptions { RootDirectory = Path.Combine(settings.DataDir, "runtime"), PodIp = ProcessSettings.MachineAddress().ToString() },
            Loggers = logs,
        };
    }

    private static async Task BringPackagesAsync(ProcessSettings settings, bool install, CancellationToken cancellation)
    {
        if (!OperatingSystem.IsLinux() || settings.Runtime == "process")
            return;
        var socket = settings.RuntimeSocket.Length > 0 || settings.Runtime == "cri"
            || (settings.Runtime == "auto" && (File.Exists("/run/containerd/containerd.sock") || File.Exists("/run/crio/crio.sock")));
        var missing = HostPackages.Missing(builtInRuntime: !socket, HostPackages.IsOnPath);
        if (missing.Count == 0)
            return;
        if (!install || !HostPackages.CanInstall)
        {
            Report.Line($"Missing on this machine: {string.Join(", ", missing)}. To install: {(Environment.IsPrivilegedProcess ? "" : "sudo ")}{HostPackages.Command(missing)}");
            return;
        }

        Report.Line($"Installing what this machine misses: {HostPackages.Command(missing)}");
        if (await HostPackages.InstallAsync(missing, cancellation) is { } error)
            Report.Line($"{error}. Going on without.");
    }
}
