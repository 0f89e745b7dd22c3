using System.Collections.Concurrent;
using System.Diagnostics;
using ActorKube.EndToEnd.Tests.Infrastructure;
using k8s;
using k8s.Models;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>What users of the Service notice of rollouts, killed pods and a killed cluster: nothing.</summary>
public sealed class AvailabilityTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [SkippableFact]
    public async Task No_request_fails_while_an_image_is_rolled_out_and_back_and_killed_pods_are_healed()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var cluster = await DevCluster.StartAsync();
        var (kubectl, address) = await GuestbookAsync(cluster);
        await using (var load = new SteadyLoad(cluster.Host.Namespace, $"http://{address}/", perSecond: 100))
        {
            await Command.EventuallyAsync(() => Task.FromResult(load.Answers.Count), answers => answers == 3, Soon, "every pod answers");
            await kubectl.OkAsync("set", "image", "deployment/frontend", "frontend=actorkube.io/hello:2");
            await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s");
            await Command.EventuallyAsync(() => Task.FromResult(load.Answers.Keys.Count(a => a.Contains("(v2)"))), answers => answers >= 3, Soon, "the new pods answer");
            await kubectl.OkAsync("rollout", "undo", "deployment/frontend");
            await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s");
            await kubectl.OkAsync("scale", "deployment/frontend", "--replicas=5");
            await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s");
            await kubectl.OkAsync("scale", "deployment/frontend", "--replicas=3");
            await kubectl.OkAsync("delete", "pod", await kubectl.OkAsync("get", "pods", "-o", "jsonpath={.items[0].metadata.name}"));
            await kubectl.UntilAsync(o => o == "3/3", Soon, "get", "deployment", "frontend", "-o", "jsonpath={.status.readyReplicas}/{.status.replicas}");
            await load.StopAsync();
            output.WriteLine($"{load.Sent} requests, {load.Failures.Count} failed, {load.Answers.Count} pods answered");
            Assert.Empty(load.Failures);
        }

        // A container's process is killed: the kubelet starts another one in the same pod.
        Process.GetProcessById(cluster.Host.Containers("data")[0]).Kill();
        await kubectl.UntilAsync(o => o.Split(' ').Count(n => n == "1") == 1, Soon, "get", "pods", "-o", "jsonpath={.items[*].status.containerStatuses[0].restartCount}");
        await kubectl.UntilAsync(o => o == "3", Soon, "get", "deployment", "frontend", "-o", "jsonpath={.status.readyReplicas}");
    }

    [SkippableFact]
    public async Task A_killed_cluster_loses_nothing_it_acknowledged_and_picks_its_pods_up_again()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var cluster = await DevCluster.StartAsync();
        var (kubectl, address) = await GuestbookAsync(cluster);
        var before = await ContainersAsync(kubectl);

        var acknowledged = new ConcurrentQueue<string>();
        await using (var relay = new NamespacedRelay(cluster.Host.Namespace, 6443))
        {
            var config = KubernetesClientConfiguration.BuildConfigFromConfigFile(kubectl.Kubeconfig);
            config.Host = $"https://127.0.0.1:{relay.Port}";
            using var client = new Kubernetes(config);
            var writers = Enumerable.Range(0, 8).Select(writer => Task.Run(() => WriteAsync(client, writer, acknowledged))).ToList();
            await Command.EventuallyAsync(() => Task.FromResult(acknowledged.Count), count => count >= 400, Soon, "400 ConfigMaps are acknowledged");
            await cluster.Process.KillAsync();
            await Task.WhenAll(writers);
        }

        Assert.StartsWith("Hello from frontend-", await cluster.GetAsync($"http://{address}"));
        output.WriteLine($"ready again after {(await cluster.StartAgainAsync()).TotalSeconds:0.0} s");
        var kept = (await kubectl.OkAsync("get", "configmaps", "-l", "written=yes", "-o", "jsonpath={.items[*].metadata.name}")).Split(' ');
        output.WriteLine($"{acknowledged.Count} acknowledged, {kept.Length} there");
        Assert.Empty(acknowledged.Except(kept));
        Assert.Equal(kept.Length, kept.Distinct().Count());

        await kubectl.UntilAsync(o => o == "3", Soon, "get", "deployment", "frontend", "-o", "jsonpath={.status.readyReplicas}");
        Assert.Equal(before, await ContainersAsync(kubectl));
        Assert.StartsWith("Hello from frontend-", await cluster.GetAsync($"http://{address}"));
    }

    private static async Task<(Kubectl Kubectl, string Address)> GuestbookAsync(DevCluster cluster)
    {
        await cluster.Kubectl.OkAsync("apply", "-f", Path.Combine(Programs.Root, "docs/examples/guestbook.yaml"));
        await cluster.Kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=60s");
        return (cluster.Kubectl, await cluster.Kubectl.OkAsync("get", "service", "frontend", "-o", "jsonpath={.spec.clusterIP}"));
    }

    // Which container each pod runs, and how often it was restarted.
    private static async Task<string[]> ContainersAsync(Kubectl kubectl) => [.. (await kubectl.OkAsync("get", "pods", "-o",
        "jsonpath={range .items[*]}{.metadata.name} {.status.containerStatuses[0].containerID} {.status.containerStatuses[0].restartCount}{\"\\n\"}{end}")).Split('\n').Order()];

    private static async Task WriteAsync(Kubernetes client, int writer, ConcurrentQueue<string> acknowledged)
    {
        for (var i = 0; ; i++)
        {
            var map = new V1ConfigMap
            {
                Metadata = new V1ObjectMeta { Name = $"w{writer}-{i}", Labels = new Dictionary<string, string> { ["written"] = "yes" } },
                Data = new Dictionary<string, string> { ["filler"] = new('x', 1000) },
            };
            try
            {
                await client.CoreV1.CreateNamespacedConfigMapAsync(map, "default");
            }
            catch (Exception e) when (e is HttpRequestException or IOException)
            {
                return; // the cluster was killed
            }

            acknowledged.Enqueue(map.Metadata.Name);
        }
    }
}
