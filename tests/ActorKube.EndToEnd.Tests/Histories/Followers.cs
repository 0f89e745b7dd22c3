using System.Diagnostics;
using System.Text.Json.Nodes;
using ActorKube.EndToEnd.Tests.Infrastructure;

namespace ActorKube.EndToEnd.Tests.Histories;

/// <summary>Whether the controllers and the scheduler follow the store: a Deployment that is scaled must have its pods, each with a node. Nothing runs them.</summary>
internal sealed class Followers(SeedNetwork network, int seed)
{
    private const string Deployments = "/apis/apps/v1/namespaces/default/deployments";
    private const string Pods = "/api/v1/namespaces/default/pods";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(90);
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(3);

    private readonly string _name = $"h{seed}";
    private int _replicas = 1;

    public async Task StartAsync()
    {
        var (node, _) = await network.CallAsync("a", "POST", "/api/v1/nodes", """{"metadata":{"name":"nobody"},"status":{"capacity":{"cpu":"1000","memory":"1000Gi","pods":"100000"},"allocatable":{"cpu":"1000","memory":"1000Gi","pods":"100000"}}}""");
        Assert.True(node is 201 or 409, $"{node}");
        var (code, body) = await network.CallAsync("a", "POST", Deployments, $$$$$"""
            {"metadata":{"name":"{{{{{_name}}}}}"},"spec":{"replicas":1,"selector":{"matchLabels":{"app":"{{{{{_name}}}}}"}},"template":{"metadata":{"labels":{"app":"{{{{{_name}}}}}"}},
             "spec":{"tolerations":[{"operator":"Exists"}],"containers":[{"name":"c","image":"nothing"}]}}}}
            """);
        Assert.True(code == 201, $"{code} {body}");
        await BoundAsync(SeedNetwork.Seeds);
    }

    /// <summary>Asks for one pod more, and waits until it has a node.</summary>
    /// <param name="servers">Those that can be asked.</param>
    public async Task ScaleAsync(IReadOnlyList<string> servers)
    {
        _replicas++;
        await UntilAsync(servers, "PATCH", $"{Deployments}/{_name}", $$$"""{"spec":{"replicas":{{{_replicas}}}}}""", _ => true);
        await BoundAsync(servers);
    }

    public async Task StopAsync()
    {
        await UntilAsync(SeedNetwork.Seeds, "DELETE", $"{Deployments}/{_name}?propagationPolicy=Background", null, _ => true);
        await UntilAsync(SeedNetwork.Seeds, "DELETE", $"{Pods}?labelSelector=app%3D{_name}&gracePeriodSeconds=0", null, _ => true);
    }

    private Task BoundAsync(IReadOnlyList<string> servers) => UntilAsync(servers, "GET", $"{Pods}?labelSelector=app%3D{_name}", null,
        list => list["items"]!.AsArray().Count(p => p!["spec"]!["nodeName"] is not null) == _replicas);

    private async Task UntilAsync(IReadOnlyList<string> servers, string method, string path, string? body, Func<JsonNode, bool> condition)
    {
        var clock = Stopwatch.StartNew();
        for (var i = 0; ; i++)
        {
            var (code, answer) = await network.CallAsync(servers[i % servers.Count], method, path, body, Attempt);
            if (code == 200 && condition(answer!))
                return;
            Assert.True(clock.Elapsed < Limit, $"{method} {path} did not come to what was waited for within {Limit}; last: {code} {answer?.ToJsonString()}");
            await Task.Delay(TimeSpan.FromMilliseconds(100));
        }
    }
}
