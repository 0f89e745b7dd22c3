using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using ActorKube.ContainerRuntime.Builtin;
using ActorKube.ContainerRuntime.Builtin.Native;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;
using ActorKube.ContainerRuntime.Tests.Images;
using Google.Protobuf;

namespace ActorKube.ContainerRuntime.Tests.Builtin;

/// <summary>A built-in runtime of the test's own: its own directories, cgroup, bridge and addresses. Leaves nothing on the machine.</summary>
internal sealed class RuntimeFixture : IAsyncDisposable
{
    public const string Busybox = "example.org/busybox:1";
    private readonly TemporaryDirectory _directory = new();
    private readonly string _name = RandomNumberGenerator.GetHexString(6, lowercase: true);
    private readonly int _subnet = RandomNumberGenerator.GetInt32(1, 255);

    private RuntimeFixture()
    {
        Options = new BuiltinRuntimeOptions
        {
            RootDirectory = _directory["root"],
            StateDirectory = _directory["state"],
            CgroupParent = "/actorkube-test-" + _name,
            BridgeName = "akt" + _name,
            // Set it to /usr/sbin/runc to run these tests on runc where crun is installed too.
            OciRuntimePath = Environment.GetEnvironmentVariable("ACTORKUBE_TEST_OCI_RUNTIME"),
            PollInterval = TimeSpan.FromMilliseconds(500),
        };
        Runtime = new BuiltinRuntime(Options);
    }

    public BuiltinRuntimeOptions Options { get; }

    public BuiltinRuntime Runtime { get; private set; }

    public string LogDirectory => _directory["logs"];

    public string PodCidr => $"10.{_subnet}.77.0/24,fd00:{_subnet:x}:77::/64";

    public string this[string name] => _directory[name];

    public static async Task<RuntimeFixture> StartAsync()
    {
        Skip.IfNot(BuiltinRuntimeRequirements.IsRootOnLinux, "containers need root on Linux");
        var missing = BuiltinRuntimeRequirements.MissingPackages();
        Skip.If(missing.Count > 0, $"not installed: {string.Join(", ", missing)}");
        Skip.IfNot(File.Exists("/bin/busybox"), "not installed: busybox-static");
        var fixture = new RuntimeFixture();
        await fixture.Runtime.ImportImageAsync(new MemoryStream(BusyboxArchive()));
        await fixture.Runtime.UpdateRuntimeConfigAsync(fixture.PodCidr);
        return fixture;
    }

    /// <summary>As when the process ends and another takes its place.</summary>
    public async Task RestartAsync()
    {
        await Runtime.DisposeAsync();
        Runtime = new BuiltinRuntime(Options);
        await Runtime.UpdateRuntimeConfigAsync(PodCidr);
    }

    public static byte[] BusyboxArchive()
    {
        var builder = new ImageBuilder(Busybox) { Config = new OciProcessConfig { Cmd = ["sh"], Env = ["PATH=/bin", "FROM_IMAGE=yes"] } }
            .Executable("bin/busybox", File.ReadAllBytes("/bin/busybox"))
            .File("etc/passwd", "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1001:App:/home/app:/bin/sh\n"u8.ToArray())
            .File("etc/group", "root:x:0:\napp:x:1001:\nextra:x:1002:app\n"u8.ToArray())
            .Directory("tmp", (UnixFileMode)0x3FF).Directory("root").Directory("home/app");
        foreach (var applet in new[] { "sh", "sleep", "cat", "echo", "id", "hostname", "wget", "nc", "httpd", "ls", "mount", "stty", "true", "touch", "ps", "kill", "ping", "dd", "grep", "mkdir", "head", "tail", "test" })
            builder.Symlink("bin/" + applet, "busybox");
        return builder.ToArray();
    }

    public PodSandboxConfig Pod(string name, Action<PodSandboxConfig>? change = null)
    {
        var config = new PodSandboxConfig
        {
            Metadata = new PodSandboxMetadata { Name = name, Namespace = "default", Uid = name + "-uid" },
            Hostname = name,
            LogDirectory = Path.Combine(LogDirectory, name),
            DnsConfig = new DNSConfig { Servers = { "10.96.0.10" }, Searches = { "default.svc.cluster.local" }, Options = { "ndots:5" } },
            Labels = { ["app"] = name },
            Linux = new LinuxPodSandboxConfig { CgroupParent = $"{Options.CgroupParent}/{name}" },
        };
        change?.Invoke(config);
        return config;
    }

    public static ContainerConfig Shell(string script, Action<ContainerConfig>? change = null)
    {
        var config = new ContainerConfig
        {
            Metadata = new ContainerMetadata { Name = "main" },
            Image = new ImageSpec { Image = Busybox },
            Command = { "sh", "-c", script },
            LogPath = "main/0.log",
            Linux = new LinuxContainerConfig
            {
                Resources = new LinuxContainerResources { CpuShares = 102 },
                SecurityContext = new LinuxContainerSecurityContext { NamespaceOptions = new NamespaceOption { Pid = NamespaceMode.Container } },
            },
        };
        change?.Invoke(config);
        return config;
    }

    public static KeyValue Variable(string name, string value) => new() { Key = name, Value = ByteString.CopyFromUtf8(value) };

    /// <summary>Creates and starts a container in a sandbox.</summary>
    public async Task<string> RunAsync(string sandbox, PodSandboxConfig pod, ContainerConfig config)
    {
        var id = await Runtime.CreateContainerAsync(sandbox, config, pod);
        await Runtime.StartContainerAsync(id);
        return id;
    }

    /// <summary>A pod with one container that runs a script.</summary>
    public async Task<(string Sandbox, string Container)> RunPodAsync(string name, string script, Action<ContainerConfig>? change = null, Action<PodSandboxConfig>? changePod = null)
    {
        var pod = Pod(name, changePod);
        var sandbox = await Runtime.RunPodSandboxAsync(pod);
        return (sandbox, await RunAsync(sandbox, pod, Shell(script, change)));
    }

    public async Task<ContainerStatus> ExitOfAsync(string container)
    {
        return await EventuallyAsync(async () => await Runtime.ContainerStatusAsync(container) is { State: ContainerState.ContainerExited } status ? status : null);
    }

    /// <summary>The log's lines without time stamps: "stdout F text".</summary>
    public async Task<string[]> LogAsync(string pod) =>
        [.. (await File.ReadAllLinesAsync(Path.Combine(LogDirectory, pod, "main/0.log"))).Select(l => l[(l.IndexOf(' ', StringComparison.Ordinal) + 1)..])];

    public async Task<string> ExecAsync(string container, params string[] command)
    {
        var result = await Runtime.ExecSyncAsync(container, command, TimeSpan.FromSeconds(10));
        Assert.True(result.ExitCode == 0, $"exit {result.ExitCode}: {result.Stdout.ToStringUtf8()}{result.Stderr.ToStringUtf8()}");
        return result.Stdout.ToStringUtf8().TrimEnd('\n');
    }

    public int PidOf(string container)
    {
        var line = File.ReadAllText(Path.Combine(Options.StateDirectory, "bundles", container, "pidfile"));
        return int.Parse(line, CultureInfo.InvariantCulture);
    }

    public static async Task<T> EventuallyAsync<T>(Func<Task<T?>> probe, Func<string>? otherwise = null)
        where T : class
    {
        var waited = Stopwatch.StartNew();
        while (true)
        {
            if (await probe() is { } found)
                return found;
            Assert.True(waited.Elapsed < TimeSpan.FromSeconds(20), $"waited 20 s in vain; {otherwise?.Invoke()}");
            await Task.Delay(10);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll((await Runtime.ListPodSandboxAsync()).Select(s => Runtime.RemovePodSandboxAsync(s.Id)));
        await Runtime.DisposeAsync();
        using (var netlink = new ActorKube.ContainerRuntime.Builtin.Network.RouteNetlink())
            netlink.Delete(Options.BridgeName);
        Cgroups.Detect().Remove(Options.CgroupParent);
        Assert.DoesNotContain(_directory.Path, await File.ReadAllTextAsync("/proc/self/mountinfo"), StringComparison.Ordinal);
        _directory.Dispose();
    }
}
