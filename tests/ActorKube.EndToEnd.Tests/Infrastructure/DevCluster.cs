using System.Diagnostics;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>A cluster in one process, <c>actorkube dev</c>, on a host of its own.</summary>
internal sealed class DevCluster : IAsyncDisposable
{
    private readonly string[] _arguments;
    private int _starts;

    private DevCluster(TestHost host, string[] arguments) => (Host, _arguments) = (host, arguments);

    public TestHost Host { get; }

    public HostProcess Process { get; private set; } = null!;

    public Kubectl Kubectl => new(Host, Path.Combine(Host.DataOf("data"), "admin.conf"));

    /// <summary>Starts a cluster with the built-in runtime, unless the arguments name another one.</summary>
    public static async Task<DevCluster> StartAsync(params string[] arguments) => await StartAsync(await TestHost.CreateAsync(), arguments);

    /// <summary>Starts a cluster on a host, which is disposed with it.</summary>
    public static async Task<DevCluster> StartAsync(TestHost host, params string[] arguments)
    {
        var cluster = new DevCluster(host, arguments.Contains("--runtime") ? arguments : ["--runtime", "builtin", .. arguments]);
        try
        {
            await cluster.StartAgainAsync();
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>The command line of the process, without what the test adds.</summary>
    public static string[] CommandLine(TestHost host) =>
        ["dev", "--no-install", "--data-dir", host.DataOf("data"), "--set", "actorkube.node.name=n1", "--set", $"actorkube.kubelet.cgroup-root={host.CgroupOf("data")}"];

    /// <summary>Starts the process on the data that is there, and waits until it is ready. Returns the time that took.</summary>
    public async Task<TimeSpan> StartAgainAsync()
    {
        var clock = Stopwatch.StartNew();
        if (Process is not null)
            await Process.DisposeAsync();
        Process = Host.Start(Programs.Actorkube, $"dev-{++_starts}.log", [.. CommandLine(Host), .. _arguments]);
        await Process.PrintsAsync("is ready");
        var took = clock.Elapsed;
        Assert.Equal("ok", await Kubectl.OkAsync("get", "--raw", "/readyz"));
        return took;
    }

    /// <inheritdoc cref="TestHost.GetAsync"/>
    public Task<string?> GetAsync(string url) => Host.GetAsync(url);

    public async ValueTask DisposeAsync()
    {
        if (Process is not null)
            await Process.DisposeAsync();
        await Host.DisposeAsync();
    }
}
