using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary><c>actorkube dev</c> as a program: how it starts, stops, goes on, and refuses.</summary>
public sealed class DevTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(20);

    [SkippableFact]
    public async Task Is_ready_soon_stops_cleanly_and_goes_on_with_what_it_had()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var cluster = await DevCluster.StartAsync();
        var printed = cluster.Process.Printed;
        Assert.Contains("API server  https://127.0.0.1:6443", printed);
        Assert.Contains($"kubeconfig  {cluster.Kubectl.Kubeconfig}", printed);
        Assert.Contains($"data        {cluster.Host.DataOf("data")}", printed);
        Assert.Contains("kubectl --kubeconfig", printed);
        Assert.Contains("akctl", printed);
        Assert.DoesNotContain("warn:", printed);
        output.WriteLine(printed);
        output.WriteLine($"memory when ready: {cluster.Process.ResidentMegabytes} MB");
        Assert.InRange(cluster.Process.ResidentMegabytes, 1, 300);
        await cluster.Kubectl.UntilAsync(o => o == "True", Soon, "get", "node", "n1", "-o", "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}");

        await cluster.Kubectl.OkAsync("apply", "-f", Path.Combine(Programs.Root, "docs/examples/hello.yaml"));
        await cluster.Kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=30s");
        var address = await cluster.Kubectl.OkAsync("get", "service", "hello", "-o", "jsonpath={.spec.clusterIP}");
        Assert.StartsWith("Hello from hello-", await cluster.GetAsync($"http://{address}"));
        // The runtime's own process is in a container's cgroup for a moment while it starts or looks into one.
        await Command.EventuallyAsync(() => Task.FromResult(cluster.Host.Containers("data").Count), count => count == 2, Soon, "two containers run");

        var clock = System.Diagnostics.Stopwatch.StartNew();
        Assert.Equal(0, await cluster.Process.InterruptAsync());
        output.WriteLine($"stopped after {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.Empty(cluster.Host.Containers("data"));
        Assert.DoesNotContain("warn:", cluster.Process.Printed);

        output.WriteLine($"ready again after {(await cluster.StartAgainAsync()).TotalSeconds:0.0} s");
        await cluster.Kubectl.OkAsync("wait", "deployment/hello", "--for=condition=Available", "--timeout=30s");
        await Command.EventuallyAsync(() => cluster.GetAsync($"http://{address}"), answer => answer?.StartsWith("Hello from hello-", StringComparison.Ordinal) == true, Soon, "the Service answers again");
        Assert.Equal(address, await cluster.Kubectl.OkAsync("get", "service", "hello", "-o", "jsonpath={.spec.clusterIP}"));
        Assert.Equal(2, (await cluster.Kubectl.ListAsync("pods", "--field-selector=status.phase=Running")).Count);

        var second = await cluster.Host.RunAsync(Programs.Actorkube, DevCluster.CommandLine(cluster.Host));
        Assert.Equal(1, second.ExitCode);
        Assert.Equal($"actorkube: the data folder {cluster.Host.DataOf("data")} is in use by another process", Assert.Single(Lines(second.Error)));

        var taken = await cluster.Host.RunAsync(Programs.Actorkube, ["dev", "--no-install", "--data-dir", cluster.Host.DataOf("other"), "--runtime", "process"]);
        Assert.Equal(1, taken.ExitCode);
        Assert.Equal("actorkube: cannot listen on 0.0.0.0:6443: it is in use by another process; another port: --set actorkube.apiserver.port=<port>", Assert.Single(Lines(taken.Error)));
        Assert.Equal("", taken.Out);
    }

    [SkippableTheory]
    [InlineData("--set actorkube.apiserver.prot=1", "actorkube: --set actorkube.apiserver.prot=1: unknown key 'actorkube.apiserver.prot'; did you mean 'port'?")]
    [InlineData("--set actorkube.apiserver.port=many", "actorkube: --set actorkube.apiserver.port=many: actorkube.apiserver.port: 'many' is not a number")]
    [InlineData("--set nonsense", "actorkube: --set nonsense: expected key=value")]
    [InlineData("--config /nowhere.conf", "actorkube: /nowhere.conf (named by --config): Could not find file '/nowhere.conf'.")]
    [InlineData("--set actorkube.runtime.type=docker", "actorkube: actorkube.runtime.type: 'docker' is not one of auto, cri, builtin, process")]
    public async Task Refuses_a_wrong_setting_in_one_line(string arguments, string line)
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var host = await TestHost.CreateAsync();
        var refused = await host.RunAsync(Programs.Actorkube, ["dev", "--no-install", "--data-dir", host.DataOf("data"), .. arguments.Split(' ')]);
        Assert.Equal(2, refused.ExitCode);
        Assert.Equal(line, Assert.Single(Lines(refused.Error)));
        Assert.Equal("", refused.Out);
    }

    [SkippableFact]
    public async Task Names_a_wrong_key_of_a_file_and_an_option_it_does_not_know()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var host = await TestHost.CreateAsync();
        var file = Path.Combine(host.Folder, "my.conf");
        await File.WriteAllTextAsync(file, "actorkube.kubelet.max-pod = 3");
        var refused = await host.RunAsync(Programs.Actorkube, ["dev", "--no-install", "--data-dir", host.DataOf("data"), "--config", file]);
        Assert.Equal((2, $"actorkube: {file}: unknown key 'actorkube.kubelet.max-pod'; did you mean 'max-pods'?"), (refused.ExitCode, Assert.Single(Lines(refused.Error))));

        var unknown = await host.RunAsync(Programs.Actorkube, ["dev", "--data", "x"]);
        Assert.Equal(2, unknown.ExitCode);
        Assert.All(Lines(unknown.Error), line => Assert.StartsWith("actorkube: ", line));
    }

    private static string[] Lines(string text) => text.Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
