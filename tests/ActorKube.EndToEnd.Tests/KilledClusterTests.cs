using System.Collections.Concurrent;
using ActorKube.EndToEnd.Tests.Infrastructure;
using k8s;
using k8s.Models;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>A cluster that is killed: what it acknowledged is there when it comes back, and its pods never noticed.</summary>
public sealed class KilledClusterTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

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
