namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>A cluster of several processes on one test host: <c>actorkube seed</c> and some <c>actorkube node</c>.</summary>
internal sealed class SeedCluster : IAsyncDisposable
{
    private readonly Dictionary<string, HostProcess> _processes = [];
    private int _starts;

    private SeedCluster(TestHost host) => Host = host;

    public TestHost Host { get; }

    public Kubectl Kubectl => new(Host, Path.Combine(Host.DataOf("seed"), "admin.conf"));

    public HostProcess this[string process] => _processes[process];

    public static async Task<SeedCluster> CreateAsync() => new(await TestHost.CreateAsync());

    /// <summary>Starts the control plane, or starts it again on its data, and waits until it is ready.</summary>
    public async Task StartSeedAsync(params string[] arguments)
    {
        await BeginSeedAsync(arguments);
        await _processes["seed"].PrintsAsync("control plane is ready");
    }

    /// <summary>Starts the control plane, and does not wait.</summary>
    public Task BeginSeedAsync(params string[] arguments) => StartAsync("seed", "seed", "config/seed.conf", arguments);

    /// <summary>Starts a node, or starts it again on its data.</summary>
    public Task StartNodeAsync(string name, params string[] arguments) => StartAsync("node", name, "config/node.conf",
        ["--no-install", "--set", $"actorkube.node.name={name}", "--set", $"actorkube.node.join-file={Host.DataOf("seed")}/join.conf", "--set", "actorkube.runtime.type=builtin",
            "--set", $"actorkube.kubelet.cgroup-root={Host.CgroupOf(name)}", .. arguments]);

    /// <summary>Starts a process of hollow nodes.</summary>
    public Task StartHollowAsync(int count, params string[] arguments) => StartAsync("node", "hollow", "config/hollow.conf",
        ["--set", $"actorkube.node.join-file={Host.DataOf("seed")}/join.conf", "--set", $"actorkube.hollow.nodes={count}", .. arguments]);

    /// <summary>Waits until a node is ready, or is not.</summary>
    public Task<string> NodeIsAsync(string name, bool ready, TimeSpan within) => Kubectl.UntilAsync(
        o => o == "True" == ready, within, "get", "node", name, "-o", "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}");

    /// <summary>Everything that the processes printed, for the message of a failed test.</summary>
    public string Printed() => string.Join("\n", _processes.Select(p => $"--- {p.Key}\n{p.Value.Printed}"));

    public async ValueTask DisposeAsync()
    {
        foreach (var process in _processes.Values)
            await process.DisposeAsync();
        await Host.DisposeAsync();
    }

    private async Task StartAsync(string command, string process, string config, string[] arguments)
    {
        if (_processes.Remove(process, out var before))
            await before.DisposeAsync();
        _processes[process] = Host.Start(Programs.Actorkube, $"{process}-{++_starts}.log",
            [command, "--config", Path.Combine(Programs.Root, config), "--set", $"actorkube.data-dir={Host.DataOf(process)}", .. arguments]);
    }
}
