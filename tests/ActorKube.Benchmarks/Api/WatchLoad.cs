using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text.Json.Nodes;
using Spectre.Console;

namespace ActorKube.Benchmarks.Api;

/// <summary>How long events take to 1,000 watchers of one resource while it is written 10 times a second.</summary>
internal static class WatchLoad
{
    private const int Watchers = 1000;
    private const int Writes = 100;

    public static async Task RunAsync(ApiClients clients, string kubeconfig, Table table)
    {
        const string Maps = "/api/v1/namespaces/benchmark/configmaps";
        using var connections = new ApiClients(kubeconfig, 20);
        using var stop = new CancellationTokenSource();
        var list = JsonNode.Parse(await clients.SendAsync(0, HttpMethod.Get, $"{Maps}?limit=1"))!;
        var version = list["metadata"]!["resourceVersion"]!.ToString();
        var ready = new CountdownEvent(Watchers);
        var latencies = new List<double>(Watchers * Writes);
        var watching = Enumerable.Range(0, Watchers).Select(w => Task.Run(() => WatchAsync(connections[w % connections.Count], $"{Maps}?watch=1&resourceVersion={version}", ready, latencies, stop.Token))).ToList();
        ready.Wait(TimeSpan.FromMinutes(1));
        for (var i = 0; i < Writes; i++)
        {
            var body = $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"watched-{{{i}}}"},"data":{"sent":"{{{Stopwatch.GetTimestamp()}}}"}}""";
            await clients.SendAsync(0, HttpMethod.Post, Maps, body);
            await Task.Delay(100);
        }

        var limit = Stopwatch.StartNew();
        while (limit.Elapsed < TimeSpan.FromSeconds(20) && Count(latencies) < Watchers * Writes)
            await Task.Delay(100);
        await stop.CancelAsync();
        await Task.WhenAll(watching);
        var measured = new Measured(0, [.. latencies]);
        table.AddRow($"events to {Watchers.ToString("N0", CultureInfo.InvariantCulture)} watchers", $"{latencies.Count} of {Watchers * Writes}", ApiLoad.Text(measured.Percentile(0.5)), ApiLoad.Text(measured.Percentile(0.99)), "24/77 ms", ApiLoad.Ratio(77 / measured.Percentile(0.99)), "");
    }

    private static int Count(List<double> latencies)
    {
        lock (latencies)
            return latencies.Count;
    }

    private static async Task WatchAsync(HttpClient client, string path, CountdownEvent ready, List<double> latencies, CancellationToken stop)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = HttpVersion.Version20 };
            using var answer = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
            using var lines = new StreamReader(await answer.Content.ReadAsStreamAsync(stop));
            ready.Signal();
            while (await lines.ReadLineAsync(stop) is { } line)
            {
                const string Mark = "\"sent\":\"";
                if (line.IndexOf(Mark, StringComparison.Ordinal) is var at && at < 0)
                    continue;
                var sent = long.Parse(line.AsSpan(at + Mark.Length, line.AsSpan(at + Mark.Length).IndexOf('"')), CultureInfo.InvariantCulture);
                var took = Stopwatch.GetElapsedTime(sent).TotalMilliseconds;
                lock (latencies)
                    latencies.Add(took);
            }
        }
        catch (OperationCanceledException)
        {
            // The measurement is over.
        }
    }
}
