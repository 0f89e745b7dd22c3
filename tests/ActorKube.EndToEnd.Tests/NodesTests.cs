using System.Diagnostics;
using System.Text.RegularExpressions;
using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>One control plane and two nodes, three processes: what each of them does when another one dies.</summary>
public sealed partial class NodesTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    private const string Lives =
        "jsonpath={range .items[*]}{.metadata.name} {.spec.nodeName} {.status.containerStatuses[0].containerID} {.status.containerStatuses[0].state.running.startedAt} {.status.containerStatuses[0].restartCount}{\"\\n\"}{end}";

    [SkippableFact]
    public async Task Pods_spread_over_two_nodes_reach_each_other_and_survive_every_process()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var cluster = await SeedCluster.CreateAsync();
        try
        {
            await StartAsync(cluster);
            var address = await RunPodsAsync(cluster);
            await ReachEachOtherAsync(cluster);
            await using (var load = new SteadyLoad(cluster.Host.Namespace, $"http://{address}/", perSecond: 50))
            {
                await NodeProcessRestartsAsync(cluster);
                await SeedRestartsAsync(cluster);
                await load.StopAsync();
                output.WriteLine($"{load.Sent} requests while both were killed and restarted, {load.Failures.Count} failed, slowest {load.Slowest.TotalMilliseconds:0} ms");
                Assert.Empty(load.Failures);
            }

            await NodeDiesAsync(cluster, address);
            await NodeComesBackAsync(cluster);
            await StopAsync(cluster, "n1", "n2");
        }
        catch
        {
            output.WriteLine(cluster.Printed());
            throw;
        }
    }

    [SkippableFact]
    public async Task A_node_that_joins_by_https_alone_is_a_node_like_any_other()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var cluster = await SeedCluster.CreateAsync();
        try
        {
            await cluster.StartSeedAsync();
            await cluster.StartNodeAsync("n1", "--set", "actorkube.node.join=api", "--set", "actorkube.node.address=198.51.100.7");
            await cluster.NodeIsAsync("n1", ready: true, Soon);
            Assert.Equal("198.51.100.7", await cluster.Kubectl.OkAsync("get", "node", "n1", "-o", "jsonpath={.status.addresses[?(@.type==\"InternalIP\")].address}"));
            await cluster.Kubectl.ApplyAsync(await File.ReadAllTextAsync(Path.Combine(Programs.Root, "docs/examples/hello.yaml")));
            await cluster.Kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=60s");
            await cluster["seed"].KillAsync();
            await cluster.StartSeedAsync();
            await cluster.Kubectl.OkAsync("scale", "deployment/hello", "--replicas=3");
            await cluster.Kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=60s");
            await cluster.Kubectl.OkAsync("delete", "deployment/hello");
            await cluster.Kubectl.UntilAsync(o => o.Length == 0, Soon, "get", "pods", "-o", "name");
            await StopAsync(cluster, "n1");
        }
        catch
        {
            output.WriteLine(cluster.Printed());
            throw;
        }
    }

    private async Task StartAsync(SeedCluster cluster)
    {
        var clock = Stopwatch.StartNew();
        await cluster.StartSeedAsync();
        output.WriteLine($"the control plane was ready after {clock.Elapsed.TotalSeconds:0.0} s, with {cluster["seed"].ResidentMegabytes} MB");
        clock.Restart();
        await cluster.StartNodeAsync("n1");
        await cluster.StartNodeAsync("n2");
        await cluster.NodeIsAsync("n1", ready: true, Soon);
        await cluster.NodeIsAsync("n2", ready: true, Soon);
        output.WriteLine($"two nodes were ready after {clock.Elapsed.TotalSeconds:0.0} s, with {cluster["n1"].ResidentMegabytes} and {cluster["n2"].ResidentMegabytes} MB");
        output.WriteLine(await cluster.Kubectl.OkAsync("get", "nodes", "-o", "wide"));
    }

    private async Task<string> RunPodsAsync(SeedCluster cluster)
    {
        var archive = Path.Combine(cluster.Host.Folder, "busybox.tar");
        await File.WriteAllBytesAsync(archive, SharedCluster.BusyboxArchive(SharedCluster.Busybox));
        var loaded = (await cluster.Host.RunAsync(Programs.Akctl, ["--kubeconfig", cluster.Kubectl.Kubeconfig, "image", "load", archive])).Must();
        Assert.Equal($"n1: loaded {SharedCluster.Busybox}\nn2: loaded {SharedCluster.Busybox}\n", loaded);
        var hello = await File.ReadAllTextAsync(Path.Combine(Programs.Root, "docs/examples/hello.yaml"));
        await cluster.Kubectl.ApplyAsync(hello.Replace("replicas: 2", "replicas: 4", StringComparison.Ordinal).Replace("    spec:\n", """
                spec:
                  tolerations:
                    - { key: node.kubernetes.io/unreachable, operator: Exists, effect: NoExecute, tolerationSeconds: 5 }
                    - { key: node.kubernetes.io/not-ready, operator: Exists, effect: NoExecute, tolerationSeconds: 5 }

            """, StringComparison.Ordinal));
        foreach (var node in new[] { "n1", "n2" })
            await cluster.Kubectl.ApplyAsync(PodTests.Pod($"box-{node}", """command: ["sleep", "1000"]""").Replace("spec:\n", $"spec:\n  nodeSelector: {{ kubernetes.io/hostname: {node} }}\n", StringComparison.Ordinal));
        await cluster.Kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=60s");
        await cluster.Kubectl.OkAsync("wait", "pod/box-n1", "pod/box-n2", "--for=condition=Ready", "--timeout=30s");
        output.WriteLine(await cluster.Kubectl.OkAsync("get", "pods", "-o", "wide"));
        var nodes = (await cluster.Kubectl.OkAsync("get", "pods", "-l", "app=hello", "-o", "jsonpath={.items[*].spec.nodeName}")).Split(' ');
        Assert.Equal(["n1", "n1", "n2", "n2"], nodes.Order());
        return await cluster.Kubectl.OkAsync("get", "service", "hello", "-o", "jsonpath={.spec.clusterIP}");
    }

    private static async Task ReachEachOtherAsync(SeedCluster cluster)
    {
        var ips = (await cluster.Kubectl.OkAsync("get", "pods", "-l", "app=hello", "-o", "jsonpath={.items[*].status.podIP}")).Split(' ');
        var names = (await cluster.Kubectl.OkAsync("get", "pods", "-l", "app=hello", "-o", "jsonpath={.items[*].metadata.name}")).Split(' ');
        foreach (var box in new[] { "box-n1", "box-n2" })
        {
            foreach (var (ip, name) in ips.Zip(names))
                Assert.Contains(name, await cluster.Kubectl.OkAsync("exec", box, "--", "wget", "-qO-", $"http://{ip}:8080"));
            var seen = await cluster.Kubectl.OkAsync("exec", box, "--", "sh", "-c", "for i in $(seq 40); do wget -qO- http://hello; done");
            Assert.Equal(names.Order(), AnsweringPod().Matches(seen).Select(m => m.Groups[1].Value).Distinct().Order());
        }
    }

    private async Task NodeProcessRestartsAsync(SeedCluster cluster)
    {
        var before = await cluster.Kubectl.OkAsync("get", "pods", "-o", Lives);
        await cluster["n2"].KillAsync();
        var clock = Stopwatch.StartNew();
        await cluster.StartNodeAsync("n2");
        await cluster.Kubectl.UntilAsync(o => o == "True", Soon, "get", "node", "n2", "-o", "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}");
        // That the kubelet is back shows in what only it can do.
        await cluster.Kubectl.UntilAsync(o => o == "back", Soon, "exec", "box-n2", "--", "echo", "back");
        output.WriteLine($"the node's process was back {clock.Elapsed.TotalSeconds:0.0} s after its start");
        await cluster.Kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=30s");
        Assert.Equal(before, await cluster.Kubectl.OkAsync("get", "pods", "-o", Lives));
    }

    private async Task SeedRestartsAsync(SeedCluster cluster)
    {
        var before = await cluster.Kubectl.OkAsync("get", "pods", "-o", Lives);
        await cluster["seed"].KillAsync();
        var clock = Stopwatch.StartNew();
        await cluster.StartSeedAsync();
        output.WriteLine($"the control plane was ready again after {clock.Elapsed.TotalSeconds:0.0} s");
        foreach (var node in new[] { "n1", "n2" })
        {
            var renewed = await cluster.Kubectl.OkAsync("get", "lease", node, "-n", "kube-node-lease", "-o", "jsonpath={.spec.renewTime}");
            await cluster.Kubectl.UntilAsync(o => o != renewed, Soon, "get", "lease", node, "-n", "kube-node-lease", "-o", "jsonpath={.spec.renewTime}");
        }

        output.WriteLine($"both nodes were heard of {clock.Elapsed.TotalSeconds:0.0} s after the control plane's start");
        // Both nodes take work again.
        await cluster.Kubectl.OkAsync("scale", "deployment/hello", "--replicas=6");
        await cluster.Kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=40s");
        output.WriteLine($"new pods ran on them after {clock.Elapsed.TotalSeconds:0.0} s");
        var after = await cluster.Kubectl.OkAsync("get", "pods", "-o", Lives);
        Assert.All(before.Split('\n'), line => Assert.Contains(line, after.Split('\n')));
        await cluster.Kubectl.OkAsync("scale", "deployment/hello", "--replicas=4");
    }

    private async Task NodeDiesAsync(SeedCluster cluster, string address)
    {
        await cluster.Kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=30s");
        await cluster["n2"].KillAsync();
        cluster.Host.KillContainersOf("n2");
        var clock = Stopwatch.StartNew();
        await Command.EventuallyAsync(
            () => cluster.Kubectl.OkAsync("get", "pods", "-l", "app=hello", "-o", "jsonpath={range .items[?(@.spec.nodeName==\"n1\")]}{.status.conditions[?(@.type==\"Ready\")].status} {end}"),
            o => o.Trim() == "True True True True", Soon, "four pods are ready on the node that is left");
        var took = clock.Elapsed;
        output.WriteLine($"a killed node's pods ran again on the other one after {took.TotalSeconds:0.0} s");
        output.WriteLine(await cluster.Kubectl.OkAsync("get", "pods,nodes", "-o", "wide"));
        output.WriteLine(await cluster.Kubectl.OkAsync("describe", "node", "n2"));
        Assert.True(took < TimeSpan.FromSeconds(15), $"it took {took.TotalSeconds:0.0} s");
        Assert.NotEqual("True", await cluster.Kubectl.OkAsync("get", "node", "n2", "-o", "jsonpath={.status.conditions[?(@.type==\"Ready\")].status}"));
        await Command.EventuallyAsync(async () => (await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => cluster.Host.GetAsync($"http://{address}")))).Count(a => a is not null), n => n == 8, Soon, "the Service answers every time");
    }

    private async Task NodeComesBackAsync(SeedCluster cluster)
    {
        var clock = Stopwatch.StartNew();
        await cluster.StartNodeAsync("n2");
        await cluster.NodeIsAsync("n2", ready: true, Soon);
        await cluster.Kubectl.UntilAsync(o => o.Length == 0, Soon, "get", "node", "n2", "-o", "jsonpath={.spec.taints}");
        await cluster.Kubectl.UntilAsync(o => o.Split(' ').Length == 4, Soon, "get", "pods", "-l", "app=hello", "-o", "jsonpath={.items[*].metadata.name}");
        output.WriteLine($"a machine that came back was a node again after {clock.Elapsed.TotalSeconds:0.0} s");
        await cluster.Kubectl.OkAsync("scale", "deployment/hello", "--replicas=6");
        await cluster.Kubectl.OkAsync("rollout", "status", "deployment/hello", "--timeout=40s");
        Assert.Contains("n2", await cluster.Kubectl.OkAsync("get", "pods", "-l", "app=hello", "-o", "jsonpath={.items[*].spec.nodeName}"));
    }

    private static async Task StopAsync(SeedCluster cluster, params string[] nodes)
    {
        foreach (var node in nodes)
        {
            var running = cluster.Host.Containers(node).Count;
            Assert.Equal(0, await cluster[node].InterruptAsync());
            Assert.Equal(running, cluster.Host.Containers(node).Count);
        }

        Assert.Equal(0, await cluster["seed"].InterruptAsync());
    }

    [GeneratedRegex(@"Hello from (\S+) ")]
    private static partial Regex AnsweringPod();
}
