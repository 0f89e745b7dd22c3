using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>A control plane and a process of hollow nodes: many nodes and pods without a container.</summary>
public sealed class HollowTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(90);

    [SkippableFact]
    public async Task Hollow_nodes_run_pods_end_them_complete_jobs_and_fail_as_they_are_told()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var cluster = await SeedCluster.CreateAsync();
        try
        {
            await cluster.StartSeedAsync();
            await cluster.StartHollowAsync(20);
            var kubectl = cluster.Kubectl;
            await kubectl.UntilAsync(o => o.Split(' ').Count(s => s == "True") == 20, Soon, "get", "nodes", "-o", "jsonpath={.items[*].status.conditions[?(@.type==\"Ready\")].status}");
            await kubectl.OkAsync("create", "deployment", "big", "--image=none.example/any:1", "--replicas=200");
            await kubectl.OkAsync("rollout", "status", "deployment/big", "--timeout=90s");
            Assert.Equal(20, (await kubectl.ListAsync("pods")).Select(p => (string)p["spec"]!["nodeName"]!).Distinct().Count());
            Assert.Equal(200, (await kubectl.ListAsync("pods")).Select(p => (string)p["status"]!["podIP"]!).Distinct().Count());

            await kubectl.OkAsync("create", "job", "short", "--image=none.example/any:1");
            await kubectl.OkAsync("wait", "--for=condition=complete", "job/short", "--timeout=90s");
            await kubectl.OkAsync("scale", "deployment/big", "--replicas=0");
            await kubectl.UntilAsync(o => o == "", Soon, "get", "pods", "-l", "app=big", "-o", "name");

            await cluster.StartHollowAsync(20, "--set", "actorkube.hollow.failures=1.0");
            await kubectl.OkAsync("run", "unlucky", "--image=none.example/any:1", "--restart=Never");
            await kubectl.OkAsync("wait", "--for=jsonpath={.status.phase}=Failed", "pod/unlucky", "--timeout=90s");
        }
        catch
        {
            output.WriteLine(cluster.Printed());
            throw;
        }
    }
}
