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

    public string Kubeconfig => Path.Combine(Host.Folder, "data", "admin.conf");

    public static async Task<DevCluster> StartAsync(params string[] arguments)
    {
        var cluster = new DevCluster(await TestHost.CreateAsync(), arguments);
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

    /// <summary>Starts the process on the data that is there, and waits until it is ready. Returns the time that took.</summary>
    public async Task<TimeSpan> StartAgainAsync()
    {
        var clock = Stopwatch.StartNew();
        Process = Host.Start(Programs.Actorkube, $"dev-{++_starts}.log",
            ["dev", "--no-install", "--data-dir", Path.Combine(Host.Folder, "data"), "--set", "actorkube.node.name=n1", .. _arguments]);
        await Command.EventuallyAsync(
            () => Task.FromResult(Process.Printed),
            printed => Process.HasExited ? throw new InvalidOperationException("actorkube dev ended:\n" + printed) : printed.Contains("is ready", StringComparison.Ordinal),
            because: "actorkube dev is ready");
        (await KubectlAsync("get", "--raw", "/readyz")).Must();
        return clock.Elapsed;
    }

    public Task<Output> KubectlAsync(params string[] arguments) => KubectlOfAsync("kubectl", arguments);

    public Task<Output> KubectlOfAsync(string kubectl, params string[] arguments) =>
        Host.RunAsync(kubectl, ["--kubeconfig", Kubeconfig, "--cache-dir", Path.Combine(Host.Folder, "kubectl-cache"), .. arguments]);

    public Task<Output> AkctlAsync(params string[] arguments) => Host.RunAsync(Programs.Akctl, ["--kubeconfig", Kubeconfig, .. arguments]);

    /// <summary>Applies a manifest given as text.</summary>
    public async Task ApplyAsync(string manifest) =>
        (await Host.RunAsync("kubectl", ["--kubeconfig", Kubeconfig, "apply", "-f", "-"], manifest)).Must();

    /// <summary>One request from the host; the body, or null when it failed.</summary>
    public async Task<string?> GetAsync(string url)
    {
        var answer = await Host.RunAsync("curl", ["--silent", "--fail", "--max-time", "5", url]);
        return answer.ExitCode == 0 ? answer.Out : null;
    }

    public async ValueTask DisposeAsync()
    {
        if (Process is not null)
            await Process.DisposeAsync();
        await Host.DisposeAsync();
    }
}
