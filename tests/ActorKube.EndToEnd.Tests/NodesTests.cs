using System.Diagnostics;
using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>A control-plane process and two nodes as processes of their own, joined over Akka.Cluster.</summary>
public sealed class NodesTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(40);

    private const string Tolerations = """
        {"spec":{"replicas":4,"template":{"spec":{"tolerations":[
          {"key":"node.kubernetes.io/unreachable","operator":"Exists","effect":"NoExecute","tolerationSeconds":5},
          {"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":5}]}}}}
        """;

    [SkippableFact]
    public async Task Pods_of_a_killed_node_run_again_on_the_other_one_within_15_seconds()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var host = await TestHost.CreateAsync();
        await using var seed = await SeedAsync(host, 1);
        await using var first = Node(host, "n1", 1);
        await using var second = Node(host, "n2", 1);
        var kubectl = new Kubectl(host, Path.Combine(host.DataOf("seed"), "admin.conf"));
        await kubectl.UntilAsync(o => o == "True True", Soon, "get", "nodes", "-o", "jsonpath={.items[*].status.conditions[?(@.type==\"Ready\")].status}");

        await kubectl.OkAsync("apply", "-f", Path.Combine(Programs.Root, "docs/examples/guestbook.yaml"));
        await kubectl.OkAsync("patch", "deployment", "frontend", "-p", Tolerations);
        await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s");
        await kubectl.UntilAsync(o => o.Split(' ').Length == 4, Soon, "get", "pods", "-o", "jsonpath={.items[*].metadata.name}");
        Assert.Equal(["n1", "n2"], (await NodesOfReadyPodsAsync(kubectl)).Distinct().Order());
        var address = await kubectl.OkAsync("get", "service", "frontend", "-o", "jsonpath={.spec.clusterIP}");
        await AnswersAsync(host, address, pods: 4);

        var clock = Stopwatch.StartNew();
        await second.KillAsync();
        host.KillContainersOf("n2");
        await Command.EventuallyAsync(() => NodesOfReadyPodsAsync(kubectl), nodes => nodes.Count(n => n == "n1") == 4, Soon, "four pods are ready on n1");
        output.WriteLine($"all pods ready on the other node after {clock.Elapsed.TotalSeconds:0.0} s");
        Assert.InRange(clock.Elapsed.TotalSeconds, 5, 15);
        await AnswersAsync(host, address, pods: 4);

        // The node comes back, and what was left of its pods goes.
        await using var again = Node(host, "n2", 2);
        await kubectl.UntilAsync(o => o == "True True", Soon, "get", "nodes", "-o", "jsonpath={.items[*].status.conditions[?(@.type==\"Ready\")].status}");
        await kubectl.UntilAsync(o => o.Split(' ').Length == 4, Soon, "get", "pods", "-o", "jsonpath={.items[*].metadata.name}");

        // The control plane is killed and started again: the nodes join anew, and no container is restarted.
        var before = await ContainersAsync(kubectl);
        await seed.KillAsync();
        await using var seedAgain = await SeedAsync(host, 2);
        await kubectl.OkAsync("scale", "deployment", "frontend", "--replicas=5");
        await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s");
        Assert.Empty(before.Except(await ContainersAsync(kubectl)));
        Assert.Equal(0, await again.InterruptAsync());
        Assert.Equal(0, await first.InterruptAsync());
        Assert.Equal(0, await seedAgain.InterruptAsync());
    }

    private static async Task<HostProcess> SeedAsync(TestHost host, int start)
    {
        var seed = host.Start(Programs.Actorkube, $"seed-{start}.log", "seed", "--config", Path.Combine(Programs.Root, "config/seed.conf"), "--set", $"actorkube.data-dir={host.DataOf("seed")}");
        await seed.PrintsAsync("control plane is ready", Soon);
        return seed;
    }

    private static HostProcess Node(TestHost host, string name, int start) => host.Start(Programs.Actorkube, $"{name}-{start}.log",
        "node", "--no-install", "--config", Path.Combine(Programs.Root, "config/node.conf"),
        "--set", $"actorkube.data-dir={host.DataOf(name)}", "--set", $"actorkube.node.name={name}", "--set", "actorkube.runtime.type=builtin",
        "--set", $"actorkube.kubelet.cgroup-root={host.CgroupOf(name)}", "--set", $"actorkube.node.join-file={host.DataOf("seed")}/join.conf");

    private static async Task<string[]> NodesOfReadyPodsAsync(Kubectl kubectl) => [.. (await kubectl.ListAsync("pods"))
        .Where(p => p["metadata"]!["deletionTimestamp"] is null
            && p["status"]!["conditions"]?.AsArray().Any(c => (string?)c!["type"] == "Ready" && (string?)c["status"] == "True") == true)
        .Select(p => (string)p["spec"]!["nodeName"]!)];

    private static async Task<string[]> ContainersAsync(Kubectl kubectl) => (await kubectl.OkAsync("get", "pods", "-o",
        "jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}{\"\\n\"}{end}")).Split('\n');

    // Asked often enough, the Service lets every pod answer, on whichever node it runs.
    private static async Task AnswersAsync(TestHost host, string address, int pods)
    {
        var seen = new HashSet<string>();
        await Command.EventuallyAsync(
            async () =>
            {
                var answer = await host.RunAsync("curl", ["--silent", "--fail", "--max-time", "2", $"http://{address}"]);
                if (answer.ExitCode == 0)
                    seen.Add(answer.Out);
                return seen.Count;
            },
            count => count == pods, Soon, $"{pods} pods answer");
    }
}
