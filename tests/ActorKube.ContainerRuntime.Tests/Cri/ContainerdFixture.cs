using System.Diagnostics;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Tests.Cri;

/// <summary>
/// A private containerd: its own root, state, socket, bridge and cgroup parent, so that many can run on one machine. It brings
/// the image <see cref="Image"/>, made of the machine's busybox. Stopping it takes every container, mount and bridge along.
/// </summary>
public sealed class ContainerdFixture : IAsyncLifetime
{
    /// <summary>The image that every test can use; it sleeps unless told otherwise.</summary>
    public const string Image = "docker.io/library/test:1";

    private const string PauseImage = "docker.io/library/pause:test";
    private readonly string _id = Guid.NewGuid().ToString("N")[..8];
    private readonly StringWriter _log = new();
    private System.Diagnostics.Process? _process;
    private int _pods;

    /// <summary>Why this machine cannot run containerd, or null when it can.</summary>
    public static string? Unavailable { get; } =
        !OperatingSystem.IsLinux() ? "containerd needs Linux"
        : !Environment.IsPrivilegedProcess ? "containerd needs root"
        : Missing("containerd", "ctr", "runc") is { } program ? $"{program} is not installed"
        : !File.Exists("/usr/lib/cni/bridge") || !File.Exists("/usr/lib/cni/host-local") ? "containernetworking-plugins is not installed"
        : !File.Exists(TestImage.BusyboxPath) ? "busybox-static is not installed"
        : null;

    /// <summary>Everything this containerd owns on disk; log directories belong here too.</summary>
    public string Directory => Path.Combine(Path.GetTempPath(), "containerd-" + _id);

    /// <summary>The CRI socket.</summary>
    public string SocketPath => Path.Combine(Directory, "containerd.sock");

    /// <summary>The parent of the pods' cgroups.</summary>
    public string CgroupParent => "/actorkube-test-" + _id;

    /// <summary>A client of it.</summary>
    public CriRuntime Runtime { get; private set; } = null!;

    private string Bridge => "akc" + _id;

    /// <inheritdoc/>
    public Task InitializeAsync() => Unavailable is null ? StartAsync() : Task.CompletedTask;

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_process is null)
        {
            return;
        }

        if (Runtime is not null)
        {
            foreach (var sandbox in await Runtime.ListPodSandboxAsync())
            {
                await Runtime.StopPodSandboxAsync(sandbox.Id);
                await Runtime.RemovePodSandboxAsync(sandbox.Id);
            }

            await Runtime.DisposeAsync();
        }

        await StopAsync();
        foreach (var mount in Mounts().Where(m => m.StartsWith(Directory, StringComparison.Ordinal)).Reverse().ToList())
        {
            await RunAsync("umount", "-l", mount);
        }

        await RunAsync("ip", "link", "delete", Bridge);
        foreach (var hierarchy in System.IO.Directory.GetDirectories("/sys/fs/cgroup").Append("/sys/fs/cgroup"))
        {
            if (System.IO.Directory.Exists(hierarchy + CgroupParent))
            {
                await RunAsync("find", hierarchy + CgroupParent, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";");
            }
        }

        System.IO.Directory.Delete(Directory, recursive: true);
    }

    /// <summary>Starts containerd again after <see cref="KillAsync"/>, on the same data, and imports nothing.</summary>
    public async Task StartAsync()
    {
        var firstTime = !System.IO.Directory.Exists(Directory);
        if (firstTime)
        {
            WriteConfiguration();
        }

        var start = new ProcessStartInfo("containerd") { RedirectStandardError = true, RedirectStandardOutput = true };
        start.ArgumentList.Add("--config");
        start.ArgumentList.Add(Path.Combine(Directory, "config.toml"));
        _process = System.Diagnostics.Process.Start(start)!;
        _process.ErrorDataReceived += (_, line) => Log(line.Data);
        _process.OutputDataReceived += (_, line) => Log(line.Data);
        _process.BeginErrorReadLine();
        _process.BeginOutputReadLine();
        Runtime = await ConnectAsync();
        if (firstTime)
        {
            await Runtime.ImportImageAsync(TestImage.DockerArchive(PauseImage));
            await Runtime.ImportImageAsync(TestImage.DockerArchive(Image));
        }
    }

    /// <summary>Kills containerd alone; the containers go on.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    /// <summary>A pod's configuration with its own cgroup and log directory.</summary>
    public PodSandboxConfig Pod(string name)
    {
        var uid = Guid.NewGuid().ToString();
        var attempt = Interlocked.Increment(ref _pods);
        return new PodSandboxConfig
        {
            Metadata = new PodSandboxMetadata { Name = $"{name}-{attempt}", Namespace = "default", Uid = uid },
            Hostname = name,
            LogDirectory = Path.Combine(Directory, "logs", uid),
            Labels = { ["test"] = name },
            Linux = new LinuxPodSandboxConfig
            {
                CgroupParent = $"{CgroupParent}/pod{uid}",
                SecurityContext = new LinuxSandboxSecurityContext { NamespaceOptions = new NamespaceOption { Pid = NamespaceMode.Container } },
            },
        };
    }

    /// <summary>What containerd logged, for messages of failed tests.</summary>
    public string Logged()
    {
        lock (_log)
        {
            return _log.ToString();
        }
    }

    private static string? Missing(params string[] programs) =>
        programs.FirstOrDefault(program => !(Environment.GetEnvironmentVariable("PATH") + ":/usr/sbin:/sbin").Split(':').Any(d => File.Exists(Path.Combine(d, program))));

    private static IEnumerable<string> Mounts() => File.ReadLines("/proc/self/mounts").Select(line => line.Split(' ')[1]);

    private static async Task RunAsync(string command, params string[] arguments)
    {
        var start = new ProcessStartInfo(command) { RedirectStandardError = true, RedirectStandardOutput = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        using var process = System.Diagnostics.Process.Start(start)!;
        await Task.WhenAll(process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync(), process.WaitForExitAsync());
    }

    private void Log(string? line)
    {
        lock (_log)
        {
            _log.WriteLine(line);
        }
    }

    private async Task<CriRuntime> ConnectAsync()
    {
        var patience = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                // The socket answers a moment before its CRI plugin does.
                return await CriRuntime.ConnectAsync("unix://" + SocketPath);
            }
            catch (ContainerRuntimeException e) when (e.Error is ContainerRuntimeError.Unavailable or ContainerRuntimeError.Unimplemented or ContainerRuntimeError.Failed)
            {
                if (_process!.HasExited || patience.Elapsed > TimeSpan.FromSeconds(30))
                {
                    throw new InvalidOperationException($"containerd does not come up: {e.Message}\n{Logged()}");
                }

                await Task.Delay(50);
            }
        }
    }

    private async Task StopAsync()
    {
        await RunAsync("kill", "-TERM", _process!.Id.ToString());
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        try
        {
            await _process.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            await KillAsync();
            return;
        }

        _process.Dispose();
    }

    private void WriteConfiguration()
    {
        System.IO.Directory.CreateDirectory(Path.Combine(Directory, "cni"));
        var subnet = $"10.{Random.Shared.Next(200, 250)}.{Random.Shared.Next(256)}.0/24";
        File.WriteAllText(Path.Combine(Directory, "cni", "10-test.conflist"), $$"""
            {
              "cniVersion": "0.4.0",
              "name": "{{Bridge}}",
              "plugins": [
                {
                  "type": "bridge", "bridge": "{{Bridge}}", "isGateway": true, "ipMasq": false,
                  "ipam": { "type": "host-local", "dataDir": "{{Directory}}/ipam", "ranges": [[{ "subnet": "{{subnet}}" }]], "routes": [{ "dst": "0.0.0.0/0" }] }
                },
                { "type": "portmap", "capabilities": { "portMappings": true } }
              ]
            }
            """);
        File.WriteAllText(Path.Combine(Directory, "config.toml"), $"""
            version = 2
            root = "{Directory}/root"
            state = "{Directory}/state"
            disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
              "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
            [grpc]
              address = "{SocketPath}"
            [plugins."io.containerd.grpc.v1.cri"]
              sandbox_image = "{PauseImage}"
              restrict_oom_score_adj = true
              netns_mounts_under_state_dir = true
              [plugins."io.containerd.grpc.v1.cri".cni]
                bin_dir = "/usr/lib/cni"
                conf_dir = "{Directory}/cni"
              [plugins."io.containerd.grpc.v1.cri".containerd]
                snapshotter = "overlayfs"
              [plugins."io.containerd.grpc.v1.cri".registry]
                config_path = "{Directory}/registries"
            """);
    }
}
