namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>A containerd of the test host's own: as Debian installs it, but for the places where it keeps things.</summary>
internal sealed class Containerd(TestHost host) : IAsyncDisposable
{
    private HostProcess? _process;

    /// <summary>Why there can be none here, or null.</summary>
    public static string? Missing =>
        new[] { "containerd", "ctr", "runc" }.FirstOrDefault(p => Programs.Find(p) is null) is { } program ? $"needs {program}: tests/run.sh installs it"
        : !File.Exists("/usr/lib/cni/bridge") ? "needs containernetworking-plugins: tests/run.sh installs them"
        : null;

    public string Socket => Path.Combine(host.Folder, "containerd", "containerd.sock");

    /// <summary>What <c>actorkube</c> must be told.</summary>
    public string[] Arguments =>
    [
        "--runtime", "cri", "--set", $"actorkube.runtime.socket={Socket}", "--set", $"actorkube.pod-network.bridge={host.Namespace}",
        "--set", $"actorkube.pod-network.cni.conf-dir={Folder("cni")}", "--set", "actorkube.pod-network.cni.bin-dir=/usr/lib/cni",
    ];

    public async Task StartAsync()
    {
        Directory.CreateDirectory(Folder("cni"));
        await File.WriteAllTextAsync(Folder("config.toml"), $"""
            version = 2
            root = "{Folder("root")}"
            state = "{Folder("state")}"
            disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.aufs", "io.containerd.snapshotter.v1.btrfs",
              "io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.zfs", "io.containerd.tracing.processor.v1.otlp", "io.containerd.internal.v1.tracing"]
            [grpc]
              address = "{Socket}"
            [plugins."io.containerd.grpc.v1.cri"]
              restrict_oom_score_adj = true
              netns_mounts_under_state_dir = true
              [plugins."io.containerd.grpc.v1.cri".cni]
                bin_dir = "/usr/lib/cni"
                conf_dir = "{Folder("cni")}"
            """);
        _process = host.Start("containerd", "containerd.log", "--config", Folder("config.toml"));
        await _process.PrintsAsync("containerd successfully booted");
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is not null)
            await _process.DisposeAsync();
        // The address plugin keeps its files outside, under the network's name, which is the bridge's.
        var addresses = Path.Combine("/var/lib/cni/networks", host.Namespace);
        if (Directory.Exists(addresses))
            Directory.Delete(addresses, recursive: true);
    }

    private string Folder(string name) => Path.Combine(host.Folder, "containerd", name);
}
