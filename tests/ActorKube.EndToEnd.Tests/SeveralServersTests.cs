using System.Diagnostics;
using System.Text.Json.Nodes;
using ActorKube.EndToEnd.Tests.Infrastructure;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests;

/// <summary>Two API servers on one store: a client may hop between them at any request.</summary>
public sealed class SeveralServersTests(ITestOutputHelper output)
{
    private const string ConfigMaps = "/api/v1/namespaces/default/configmaps";
    private const string Services = "/api/v1/namespaces/default/services";
    private const int Count = 10_000;
    private const int KillAt = 7_000;

    [SkippableFact]
    public async Task A_client_that_hops_between_two_servers_reads_what_it_wrote_and_its_watch_outlives_the_owner_of_the_store()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var seeds = await TwoSeeds.StartAsync();
        try
        {
            var (code, made) = await seeds.CallAsync("a", "POST", ConfigMaps, """{"metadata":{"name":"hop"},"data":{"n":"0"}}""");
            Assert.True(code == 201, made?.ToJsonString());
            var watch = new Hopper(seeds, Version(made!));
            var watching = watch.RunAsync();
            var (acknowledged, unknown, clock) = (new List<int>(), 0, Stopwatch.StartNew());
            for (var i = 1; i <= Count; i++)
            {
                var alive = i < KillAt ? new[] { "a", "b" } : ["b"];
                if (i == KillAt)
                {
                    output.WriteLine($"{i - 1} writes and reads in {clock.Elapsed.TotalSeconds:0.0} s");
                    await seeds.KillAsync("a");
                    clock.Restart();
                }

                var written = await seeds.CallAsync(alive[i % alive.Length], "PATCH", $"{ConfigMaps}/hop", $$$"""{"data":{"n":"{{{i}}}"}}""", "application/merge-patch+json");
                if (written.Code != 200)
                {
                    // Only the one write that the dead process may have had can end without an answer.
                    Assert.True(i == KillAt, $"write {i}: {written.Code} {written.Body?.ToJsonString()}");
                    unknown++;
                    continue;
                }

                if (acknowledged.Count > 0 && acknowledged[^1] < KillAt && i >= KillAt)
                    output.WriteLine($"the first write after the owner's death was acknowledged after {clock.Elapsed.TotalSeconds:0.0} s");
                acknowledged.Add(i);
                var read = await seeds.CallAsync(alive[(i + 1) % alive.Length], "GET", $"{ConfigMaps}/hop");
                Assert.True(read.Code == 200, $"read {i}: {read.Code} {read.Body?.ToJsonString()}");
                Assert.Equal(i, Number(read.Body!));
            }

            await Command.EventuallyAsync(() => Task.FromResult(watch.Seen.LastOrDefault()), last => last == Count, TimeSpan.FromSeconds(20), "the watch has seen the last write");
            watch.Stop();
            await watching;
            output.WriteLine($"{acknowledged.Count} acknowledged, {unknown} unknown; the watch saw {watch.Seen.Count}, resumed {watch.Resumed} times");
            Assert.Empty(acknowledged.Except(watch.Seen));
            Assert.Equal(watch.Seen.Distinct().Order(), watch.Seen);
            Assert.Equal(1, watch.Resumed);

            // The process that comes back joins the other one, and takes over when that dies in its turn.
            await seeds.StartAsync("a");
            await seeds.KillAsync("b");
            var kept = await seeds.CallAsync("a", "GET", $"{ConfigMaps}/hop");
            Assert.True(kept.Code == 200, $"{kept.Code} {kept.Body?.ToJsonString()}");
            Assert.Equal(Count, Number(kept.Body!));
            Assert.Equal(200, (await seeds.CallAsync("a", "PATCH", $"{ConfigMaps}/hop", """{"data":{"n":"-1"}}""", "application/merge-patch+json")).Code);
        }
        catch
        {
            output.WriteLine(seeds.Printed());
            throw;
        }
    }

    [SkippableFact]
    public async Task Addresses_and_node_ports_chosen_by_two_servers_at_once_are_never_the_same()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var seeds = await TwoSeeds.StartAsync("apiserver.service-node-port-range=30000-30099", "apiserver.service-cluster-ip-range=10.96.0.0/25");
        try
        {
            var made = await Task.WhenAll(Enumerable.Range(0, 90).Select(i => seeds.CallAsync(
                i % 2 == 0 ? "a" : "b", "POST", Services, $$$"""{"metadata":{"name":"s{{{i}}}"},"spec":{"type":"NodePort","selector":{"a":"b"},"ports":[{"port":80}]}}""")));
            Assert.All(made, m => Assert.True(m.Code == 201, m.Body?.ToJsonString()));
            Assert.Equal(90, made.Select(m => (string)m.Body!["spec"]!["clusterIP"]!).Distinct().Count());
            Assert.Equal(90, made.Select(m => (int)m.Body!["spec"]!["ports"]![0]!["nodePort"]!).Distinct().Count());

            // One that is given back on one server can be asked for by name on the other at once.
            var (address, port) = ((string)made[0].Body!["spec"]!["clusterIP"]!, (int)made[0].Body!["spec"]!["ports"]![0]!["nodePort"]!);
            Assert.Equal(200, (await seeds.CallAsync("a", "DELETE", $"{Services}/s0")).Code);
            var wanted = $$$"""{"metadata":{"name":"again"},"spec":{"type":"NodePort","clusterIP":"{{{address}}}","selector":{"a":"b"},"ports":[{"port":80,"nodePort":{{{port}}} }]}}""";
            var again = await seeds.CallAsync("b", "POST", Services, wanted);
            Assert.True(again.Code == 201, again.Body?.ToJsonString());
            var both = await Task.WhenAll(new[] { "a", "b" }.Select(s => seeds.CallAsync(s, "POST", Services, wanted.Replace("again", $"third-{s}", StringComparison.Ordinal))));
            Assert.All(both, b => Assert.Equal(422, b.Code));
        }
        catch
        {
            output.WriteLine(seeds.Printed());
            throw;
        }
    }

    [SkippableFact]
    public async Task A_kind_that_is_defined_on_one_server_is_served_by_the_other_and_gone_with_its_objects_on_both()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        const string Definitions = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions";
        const string Lamps = "/apis/hop.example.com/v1/namespaces/default/lamps";
        await using var seeds = await TwoSeeds.StartAsync();
        try
        {
            var clock = Stopwatch.StartNew();
            var made = await seeds.CallAsync("a", "POST", Definitions, """
                {"metadata":{"name":"lamps.hop.example.com"},"spec":{"group":"hop.example.com","scope":"Namespaced","names":{"plural":"lamps","kind":"Lamp"},"versions":[{"name":"v1","served":true,"storage":true,
                 "schema":{"openAPIV3Schema":{"type":"object","properties":{"spec":{"type":"object","properties":{"watts":{"type":"integer","minimum":1}}}}}}}]}}
                """);
            Assert.True(made.Code == 201, made.Body?.ToJsonString());
            await Command.EventuallyAsync(() => seeds.CallAsync("b", "GET", Lamps), r => r.Code == 200, TimeSpan.FromSeconds(30), "the other server serves the kind");
            output.WriteLine($"served by the other server {clock.Elapsed.TotalSeconds:0.00} s after the definition was created");
            var paths = await seeds.CallAsync("b", "GET", "/openapi/v3");
            Assert.NotNull(paths.Body!["paths"]!["apis/hop.example.com/v1"]);

            // Both validate, and each reads at once what the other one wrote.
            Assert.Equal(422, (await seeds.CallAsync("b", "POST", Lamps, Lamp("dark", 0))).Code);
            Assert.Equal(201, (await seeds.CallAsync("b", "POST", Lamps, Lamp("hall", 5))).Code);
            await Command.EventuallyAsync(() => seeds.CallAsync("a", "GET", Lamps), r => r.Code == 200, TimeSpan.FromSeconds(30), "the first server serves the kind");
            Assert.Equal(5, (int)(await seeds.CallAsync("a", "GET", $"{Lamps}/hall")).Body!["spec"]!["watts"]!);
            Assert.Equal(200, (await seeds.CallAsync("a", "PATCH", $"{Lamps}/hall", """{"spec":{"watts":7}}""", "application/merge-patch+json")).Code);
            Assert.Equal(7, (int)(await seeds.CallAsync("b", "GET", $"{Lamps}/hall")).Body!["spec"]!["watts"]!);

            Assert.Equal(200, (await seeds.CallAsync("b", "DELETE", $"{Definitions}/lamps.hop.example.com")).Code);
            foreach (var server in (string[])["a", "b"])
            {
                await Command.EventuallyAsync(() => seeds.CallAsync(server, "GET", Lamps), r => r.Code == 404, TimeSpan.FromSeconds(30), $"{server} serves the kind no more");
                Assert.Equal(404, (await seeds.CallAsync(server, "GET", $"{Definitions}/lamps.hop.example.com")).Code);
            }
        }
        catch
        {
            output.WriteLine(seeds.Printed());
            throw;
        }
    }

    private static string Lamp(string name, int watts) => $$$"""{"apiVersion":"hop.example.com/v1","kind":"Lamp","metadata":{"name":"{{{name}}}"},"spec":{"watts":{{{watts}}}}}""";

    private static string Version(JsonNode value) => (string)value["metadata"]!["resourceVersion"]!;

    private static int Number(JsonNode value) => int.Parse((string)value["data"]!["n"]!, System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>A watch that goes on with the other server, from the last version it saw, when its own is gone.</summary>
    private sealed class Hopper(TwoSeeds seeds, string version)
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly List<int> _seen = [];

        public IReadOnlyList<int> Seen
        {
            get
            {
                lock (_seen)
                    return [.. _seen];
            }
        }

        public int Resumed { get; private set; }

        public void Stop() => _stop.Cancel();

        public async Task RunAsync()
        {
            var server = "a";
            while (!_stop.IsCancellationRequested)
            {
                try
                {
                    using var lines = new StreamReader(await seeds[server].GetStreamAsync($"{ConfigMaps}?watch=1&resourceVersion={version}&fieldSelector=metadata.name%3Dhop", _stop.Token));
                    while (await lines.ReadLineAsync(_stop.Token) is { } line)
                        Take(JsonNode.Parse(line)!);
                }
                catch (Exception e) when (e is IOException or HttpRequestException)
                {
                    // Its server is gone.
                }
                catch (OperationCanceledException) when (_stop.IsCancellationRequested)
                {
                    return;
                }

                (server, Resumed) = ("b", Resumed + 1);
            }
        }

        private void Take(JsonNode change)
        {
            Assert.True((string?)change["type"] == "MODIFIED", change.ToJsonString());
            version = Version(change["object"]!);
            lock (_seen)
                _seen.Add(Number(change["object"]!));
        }
    }
}
