using System.Collections.Concurrent;
using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace ActorKube.Benchmarks.Api;

/// <summary>
/// How fast pods get to nodes, on a live cluster with (hollow) nodes: pods created by many clients, from create to bound, and a Deployment, from create to all its pods Ready.
/// </summary>
internal static class SchedulingLoad
{
    private const string Namespace = "benchmark-scheduling";
    private const string Pods = $"/api/v1/namespaces/{Namespace}/pods";

    public static Command Command()
    {
        var kubeconfig = new Option<string>("--kubeconfig") { Description = "Of the cluster, as an administrator", Required = true };
        var clients = new Option<int>("--clients") { Description = "Clients at the same time", DefaultValueFactory = _ => 32 };
        var pods = new Option<int>("--pods") { Description = "Pods that they create", DefaultValueFactory = _ => 10_000 };
        var replicas = new Option<int>("--replicas") { Description = "Replicas of the Deployment", DefaultValueFactory = _ => 5000 };
        var command = new Command("scheduling", "Pods a second from create to bound, and a Deployment from create to Ready") { kubeconfig, clients, pods, replicas };
        command.SetAction(result => RunAsync(result.GetValue(kubeconfig)!, result.GetValue(clients), result.GetValue(pods), result.GetValue(replicas)));
        return command;
    }

    private static async Task RunAsync(string kubeconfig, int count, int pods, int replicas)
    {
        using var clients = new ApiClients(kubeconfig, count);
        using var watcher = new ApiClients(kubeconfig, 1);
        await clients.SendAsync(0, HttpMethod.Post, "/api/v1/namespaces", $$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{Namespace}}}"}}""");
        var list = JsonNode.Parse(await clients.SendAsync(0, HttpMethod.Get, $"{Pods}?limit=1"))!;
        var table = new Table().AddColumns("what", "per second", "p50 ms", "p99 ms", "Kubernetes", "ratio");
        await using (var follow = new Follower(watcher[0], list["metadata"]!["resourceVersion"]!.ToString()))
        {
            var clock = Stopwatch.StartNew();
            var created = await clients.RunAsync(count, pods, (c, i) =>
            {
                follow.Created[$"p-{i}"] = Stopwatch.GetTimestamp();
                return clients.SendAsync(c, HttpMethod.Post, Pods,
                    $$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p-{{{i}}}","labels":{"app":"benchmark"}},"spec":{"containers":[{"name":"c","image":"registry.local/app:1","resources":{"requests":{"cpu":"10m","memory":"16Mi"} } }]} }""");
            });
            await follow.UntilBoundAsync(pods);
            var bound = new Measured(pods / clock.Elapsed.TotalSeconds, [.. follow.Bound.Values]);
            Row(table, "pods: create", null, created);
            Row(table, "pods: create to bound", 215, bound);
        }

        await clients.RunAsync(count, pods, (c, i) => clients.SendAsync(c, HttpMethod.Delete, $"{Pods}/p-{i}?gracePeriodSeconds=0"));
        var started = Stopwatch.StartNew();
        await clients.SendAsync(0, HttpMethod.Post, $"/apis/apps/v1/namespaces/{Namespace}/deployments",
            $$$"""{"apiVersion":"apps/v1","kind":"Deployment","metadata":{"name":"big"},"spec":{"replicas":{{{replicas}}},"selector":{"matchLabels":{"app":"big"}},"template":{"metadata":{"labels":{"app":"big"}},"spec":{"containers":[{"name":"c","image":"registry.local/app:1"}]} } } }""");
        while (await ReadyAsync(clients) < replicas && started.Elapsed < TimeSpan.FromMinutes(5))
            await Task.Delay(100);
        table.AddRow($"Deployment of {replicas} Ready", "", started.ElapsedMilliseconds.ToString("N0", CultureInfo.InvariantCulture), "", "61,000 ms", ApiLoad.Ratio(61_000d / started.ElapsedMilliseconds));
        await clients.SendAsync(0, HttpMethod.Delete, $"/api/v1/namespaces/{Namespace}");
        AnsiConsole.Write(table);
    }

    private static async Task<int> ReadyAsync(ApiClients clients) =>
        JsonNode.Parse(await clients.SendAsync(0, HttpMethod.Get, $"/apis/apps/v1/namespaces/{Namespace}/deployments/big"))!["status"]?["readyReplicas"]?.GetValue<int>() ?? 0;

    private static void Row(Table table, string what, double? kubernetes, Measured measured) => table.AddRow(
        what, measured.PerSecond.ToString("N0", CultureInfo.InvariantCulture), ApiLoad.Text(measured.Percentile(0.5)), ApiLoad.Text(measured.Percentile(0.99)),
        kubernetes is { } rate ? $"{rate}/s" : "", kubernetes is { } known ? ApiLoad.Ratio(measured.PerSecond / known) : "");

    // A watch of the pods, read as bytes: when each was first seen on a node.
    private sealed class Follower : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly Task _run;

        public Follower(HttpClient client, string version) => _run = Task.Run(() => RunAsync(client, version));

        public ConcurrentDictionary<string, long> Created { get; } = new();

        public ConcurrentDictionary<string, double> Bound { get; } = new();

        public async Task UntilBoundAsync(int count)
        {
            var limit = Stopwatch.StartNew();
            while (Bound.Count < count && limit.Elapsed < TimeSpan.FromMinutes(5))
                await Task.Delay(20);
            if (Bound.Count < count)
                throw new TimeoutException($"{Bound.Count} of {count} pods are bound after {limit.Elapsed}");
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _run;
            _stop.Dispose();
        }

        private async Task RunAsync(HttpClient client, string version)
        {
            try
            {
                using var request = new HttpRequestMessage(HttpMethod.Get, $"{Pods}?watch=1&resourceVersion={version}") { Version = HttpVersion.Version20 };
                using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, _stop.Token);
                using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(_stop.Token));
                while (await lines.ReadLineAsync(_stop.Token) is { } line)
                {
                    if (line.Contains("\"nodeName\":\"", StringComparison.Ordinal) && NameIn(line) is { } name && !Bound.ContainsKey(name) && Created.TryGetValue(name, out var since))
                        Bound[name] = Stopwatch.GetElapsedTime(since).TotalMilliseconds;
                }
            }
            catch (OperationCanceledException)
            {
                // The measurement is over.
            }
        }

        private static string? NameIn(string line)
        {
            const string Mark = "\"name\":\"p-";
            var at = line.IndexOf(Mark, StringComparison.Ordinal);
            return at < 0 ? null : line[(at + Mark.Length - 2)..line.IndexOf('"', at + Mark.Length)];
        }
    }
}
