using System.Collections.Concurrent;
using System.Net;
using ActorKube.EndToEnd.Tests.Infrastructure;
using k8s;
using k8s.Autorest;
using k8s.Models;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>The whole cluster's process dies, and nothing is lost.</summary>
public sealed class CrashTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(30);

    [SkippableFact]
    public async Task What_was_acknowledged_is_there_after_kill_9_and_pods_run_on()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var cluster = await DevCluster.StartAsync();
        var kubectl = cluster.Kubectl;
        await kubectl.OkAsync("apply", "-f", Path.Combine(Programs.Root, "docs/examples/guestbook.yaml"));
        await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=30s");
        var address = await kubectl.OkAsync("get", "service", "frontend", "-o", "jsonpath={.spec.clusterIP}");
        await Command.EventuallyAsync(() => cluster.GetAsync($"http://{address}"), a => a is not null, Soon, "the Service answers");
        const string lives = "jsonpath={range .items[*]}{.metadata.uid} {.status.containerStatuses[0].containerID} {.status.containerStatuses[0].state.running.startedAt} {.status.containerStatuses[0].restartCount}{\"\\n\"}{end}";
        var before = await kubectl.OkAsync("get", "pods", "-o", lives);
        var processes = cluster.Host.Containers("data").Order().ToList();
        Assert.Equal(3, processes.Count);

        await using var load = new SteadyLoad(cluster.Host.Namespace, $"http://{address}/", perSecond: 50);
        var acknowledged = new ConcurrentBag<string>();
        await using (var port = new PortIntoHost(cluster.Host.Namespace, new IPEndPoint(IPAddress.Loopback, 6443)))
        {
            var writers = Enumerable.Range(0, 8).Select(i => WriteAsync(i, kubectl.Kubeconfig, port.Port, acknowledged)).ToList();
            await Command.EventuallyAsync(() => Task.FromResult(acknowledged.Count), n => n >= 1000, TimeSpan.FromSeconds(60), "a thousand writes are acknowledged");
            await cluster.Process.KillAsync();
            await Task.WhenAll(writers);
        }

        var down = System.Diagnostics.Stopwatch.StartNew();
        await load.AnotherAsync(100);
        Assert.Equal(processes, cluster.Host.Containers("data").Order());
        var took = await cluster.StartAgainAsync();
        output.WriteLine($"{acknowledged.Count} acknowledged writes, then kill -9; down for {down.Elapsed.TotalSeconds - took.TotalSeconds:0.0} s, ready again {took.TotalSeconds:0.0} s after the start");

        var written = (await kubectl.OkAsync("get", "configmaps", "-o", "jsonpath={.items[*].data.id}")).Split(' ');
        Assert.Equal(written.Length, written.Distinct().Count());
        Assert.Empty(acknowledged.Except(written));
        output.WriteLine($"{written.Length} are there: {written.Length - acknowledged.Count} more than were acknowledged, none twice");

        await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=30s");
        // The kubelet has looked at every container when it follows a change of its pods.
        await kubectl.OkAsync("scale", "deployment/frontend", "--replicas=4");
        await kubectl.OkAsync("rollout", "status", "deployment/frontend", "--timeout=30s");
        var after = await kubectl.OkAsync("get", "pods", "-o", lives);
        Assert.All(before.Split('\n'), line => Assert.Contains(line, after.Split('\n')));
        Assert.All(processes, process => Assert.Contains(process, cluster.Host.Containers("data")));
        await load.StopAsync();
        output.WriteLine($"{load.Sent} requests meanwhile, {load.Failures.Count} failed, slowest {load.Slowest.TotalMilliseconds:0} ms");
        Assert.Empty(load.Failures);

        var pod = await kubectl.OkAsync("get", "pods", "-o", "jsonpath={.items[0].metadata.name}");
        Assert.Contains("listening", await kubectl.OkAsync("logs", pod));
        Assert.Equal(0, await cluster.Process.InterruptAsync());
    }

    private static async Task WriteAsync(int writer, string kubeconfig, int port, ConcurrentBag<string> acknowledged)
    {
        using var client = ClientTests.CSharpClient(kubeconfig, port);
        for (var i = 0; ; i++)
        {
            var id = $"{writer}-{i}";
            var map = new V1ConfigMap { Metadata = new V1ObjectMeta { GenerateName = "written-" }, Data = new Dictionary<string, string> { ["id"] = id } };
            try
            {
                await client.CoreV1.CreateNamespacedConfigMapAsync(map, "default");
                acknowledged.Add(id);
            }
            catch (Exception e) when (e is HttpRequestException or IOException or HttpOperationException or TaskCanceledException)
            {
                return; // the server is gone
            }
        }
    }
}
