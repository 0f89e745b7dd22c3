using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Spectre.Console;

namespace ActorKube.Benchmarks.Api;

/// <summary>
/// Loads a live API server over HTTPS and prints its figures beside those of Kubernetes 1.36 with etcd 3.5, measured on a machine of two cores with the load
/// generator beside it. Run it against both to compare in one run: any kubeconfig will do.
/// </summary>
internal static class ApiLoad
{
    private const string Namespace = "benchmark";
    private static readonly string Filler = new('x', 800);

    public static Command Command()
    {
        var kubeconfig = new Option<string>("--kubeconfig") { Description = "Whose API server to load, as an administrator", Required = true };
        var clients = new Option<int>("--clients") { Description = "Clients at the same time", DefaultValueFactory = _ => 32 };
        var objects = new Option<int>("--objects") { Description = "ConfigMaps of 1 KiB", DefaultValueFactory = _ => 5000 };
        var process = new Option<int>("--pid") { Description = "The API server's process on this machine, to tell its processor time per request and its memory", DefaultValueFactory = _ => 0 };
        var parts = new Option<string[]>("--only") { Description = "Parts to run: configmaps, pods, watch", AllowMultipleArgumentsPerToken = true, DefaultValueFactory = _ => ["configmaps", "pods", "watch"] };
        var command = new Command("api", "API requests a second, latencies and watch delivery of a live API server") { kubeconfig, clients, objects, process, parts };
        command.SetAction(result => RunAsync(result.GetValue(kubeconfig)!, result.GetValue(clients), result.GetValue(objects), result.GetValue(process), result.GetValue(parts)!));
        return command;
    }

    private static async Task RunAsync(string kubeconfig, int count, int objects, int process, string[] parts)
    {
        using var server = process == 0 ? null : Process.GetProcessById(process);
        using var clients = new ApiClients(kubeconfig, count) { Server = server };
        // One of an earlier run that did not end.
        await TryAsync(() => clients.SendAsync(0, HttpMethod.Delete, $"/api/v1/namespaces/{Namespace}"));
        while (!await TryAsync(() => clients.SendAsync(0, HttpMethod.Post, "/api/v1/namespaces", $$$"""{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"{{{Namespace}}}"}}""")))
            await Task.Delay(200);
        var table = new Table().AddColumns("what", "per second", "p50 ms", "p99 ms", "Kubernetes", "ratio", "server's CPU");
        if (parts.Contains("configmaps"))
            await ConfigMapsAsync(clients, objects, table);
        if (parts.Contains("pods"))
            await PodsAsync(clients, table);
        if (parts.Contains("watch"))
            await WatchLoad.RunAsync(clients, kubeconfig, table);
        if (server is not null)
        {
            server.Refresh();
            table.AddRow("memory, MB", (server.WorkingSet64 >> 20).ToString(CultureInfo.InvariantCulture), "", "", "310 to 1,000", "", "");
        }

        await clients.SendAsync(0, HttpMethod.Delete, $"/api/v1/namespaces/{Namespace}");
        AnsiConsole.Write(table);
    }

    private static async Task ConfigMapsAsync(ApiClients clients, int objects, Table table)
    {
        const string Maps = $"/api/v1/namespaces/{Namespace}/configmaps";
        // Warm both sides up.
        await clients.RunAsync(clients.Count, 500, (c, i) => clients.SendAsync(c, HttpMethod.Post, Maps, Map($"warm-{i}", "0")));
        await clients.RunAsync(clients.Count, 500, (c, i) => clients.SendAsync(c, HttpMethod.Delete, $"{Maps}/warm-{i}"));
        Row(table, "create", 1160, await clients.RunAsync(clients.Count, objects, (c, i) => clients.SendAsync(c, HttpMethod.Post, Maps, Map($"m-{i}", "0"))));
        Row(table, "get", 2350, await clients.RunAsync(clients.Count, objects * 2, (c, i) => clients.SendAsync(c, HttpMethod.Get, $"{Maps}/m-{i % objects}")));
        Row(table, "update", 1030, await clients.RunAsync(clients.Count, objects, (c, i) => clients.SendAsync(c, HttpMethod.Put, $"{Maps}/m-{i}", Map($"m-{i}", "1"))));
        Row(table, "merge patch", 960, await clients.RunAsync(clients.Count, objects, (c, i) => clients.SendAsync(c, HttpMethod.Patch, $"{Maps}/m-{i}", """{"data":{"n":"2"}}""", "application/merge-patch+json")));
        if (await TryAsync(() => clients.SendAsync(0, HttpMethod.Patch, $"{Maps}/m-0?fieldManager=benchmark&force=true", Map("m-0", "3"), "application/apply-patch+yaml")))
        {
            Row(table, "server-side apply", 740, await clients.RunAsync(clients.Count, objects, (c, i) =>
                clients.SendAsync(c, HttpMethod.Patch, $"{Maps}/m-{i}?fieldManager=benchmark&force=true", Map($"m-{i}", "3"), "application/apply-patch+yaml")));
        }

        foreach (var (name, accept, kubernetes) in new[] { ("list, JSON", "application/json", 227.0), ("list, protobuf", "application/vnd.kubernetes.protobuf, application/json;q=0.5", 80.0) })
        {
            var listed = await clients.RunAsync(1, 15, (c, _) => clients.SendAsync(c, HttpMethod.Get, $"{Maps}?resourceVersion=0", accept: accept));
            table.AddRow($"{name} of {objects}", "", Text(listed.Percentile(0.5)), Text(listed.Percentile(0.99)), $"{kubernetes} ms", Ratio(kubernetes / listed.Percentile(0.5)), Processor(listed));
        }

        Row(table, "create, one client", 268, await clients.RunAsync(1, 1000, (c, i) => clients.SendAsync(c, HttpMethod.Post, Maps, Map($"one-{i}", "0"))));
        Row(table, "delete", 800, await clients.RunAsync(clients.Count, objects, (c, i) => clients.SendAsync(c, HttpMethod.Delete, $"{Maps}/m-{i}")));
    }

    private static async Task PodsAsync(ApiClients clients, Table table)
    {
        const string Pods = $"/api/v1/namespaces/{Namespace}/pods";
        const int Count = 2000;
        // Of a scheduler that there is not, so that nobody but the benchmark touches them.
        Row(table, "pods: create", 800, await clients.RunAsync(clients.Count, Count, (c, i) => clients.SendAsync(c, HttpMethod.Post, Pods,
            $$$"""{"apiVersion":"v1","kind":"Pod","metadata":{"name":"p-{{{i}}}","labels":{"app":"benchmark"}},"spec":{"schedulerName":"nobody","containers":[{"name":"c","image":"registry.local/app:1","resources":{"requests":{"cpu":"1m"} } }]} }""")));
        Row(table, "pods: bind", 860, await clients.RunAsync(clients.Count, Count, (c, i) => clients.SendAsync(c, HttpMethod.Post, $"{Pods}/p-{i}/binding",
            $$$"""{"apiVersion":"v1","kind":"Binding","metadata":{"name":"p-{{{i}}}"},"target":{"apiVersion":"v1","kind":"Node","name":"no-such-node-{{{i % 100}}}"} }""")));
        Row(table, "pods: status patch", 450, await clients.RunAsync(clients.Count, Count, (c, i) => clients.SendAsync(c, HttpMethod.Patch, $"{Pods}/p-{i}/status",
            """{"status":{"phase":"Running","conditions":[{"type":"Ready","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}],"podIPs":[{"ip":"10.0.0.1"}],"podIP":"10.0.0.1"}}""", "application/strategic-merge-patch+json")));
        await clients.RunAsync(clients.Count, Count, (c, i) => clients.SendAsync(c, HttpMethod.Delete, $"{Pods}/p-{i}?gracePeriodSeconds=0"));
    }

    private static string Map(string name, string value) => $$$"""{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"{{{name}}}"},"data":{"n":"{{{value}}}","filler":"{{{Filler}}}"}}""";

    private static void Row(Table table, string what, double kubernetes, Measured measured) => table.AddRow(
        what, measured.PerSecond.ToString("N0", CultureInfo.InvariantCulture), Text(measured.Percentile(0.5)), Text(measured.Percentile(0.99)),
        kubernetes.ToString("N0", CultureInfo.InvariantCulture) + "/s", Ratio(measured.PerSecond / kubernetes), Processor(measured));

    internal static string Processor(Measured measured) => measured.Processor == TimeSpan.Zero ? "" : measured.Processor.TotalMicroseconds.ToString("N0", CultureInfo.InvariantCulture) + " µs";

    internal static string Text(double milliseconds) => milliseconds.ToString("0.0", CultureInfo.InvariantCulture);

    internal static string Ratio(double ratio) => ratio.ToString("0.0", CultureInfo.InvariantCulture) + " ×";

    private static async Task<bool> TryAsync(Func<Task> request)
    {
        try
        {
            await request();
            return true;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}
