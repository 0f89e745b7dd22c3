using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using ActorKube.EndToEnd.Tests.Infrastructure;

namespace ActorKube.EndToEnd.Tests.Histories;

/// <summary>Clients that read and write a few objects by compare-and-set on servers chosen at random, watches of them on every server, and the history of it all.</summary>
internal sealed class HistoryLoad(SeedNetwork network, int seed) : IAsyncDisposable
{
    private const int Writers = 6;
    private const string Path = "/api/v1/namespaces/default/configmaps";
    private const string Selector = "labelSelector=history%3Dyes";
    private static readonly string[] Keys = ["k0", "k1", "k2", "k3"];

    private readonly Stopwatch _clock = Stopwatch.StartNew();
    private readonly ConcurrentQueue<Operation> _operations = [];
    private readonly ConcurrentQueue<(string Name, long From, ConcurrentQueue<Seen> Events)> _streams = [];
    private readonly CancellationTokenSource _noMoreWrites = new();
    private readonly CancellationTokenSource _noMoreWatches = new();
    private readonly List<Task> _writers = [];
    private readonly List<Task> _watches = [];

    /// <summary>Longest time in which no write was acknowledged.</summary>
    public TimeSpan LongestSilence
    {
        get
        {
            var ends = _operations.Where(o => o is { Write: not null, Outcome: Outcome.Ok }).Select(o => o.Ended).Order().ToList();
            return ends.Count < 2 ? TimeSpan.MaxValue : ends.Zip(ends.Skip(1), (a, b) => b - a).Max();
        }
    }

    /// <summary>Acknowledged writes so far.</summary>
    public int Acknowledged => _operations.Count(o => o is { Write: not null, Outcome: Outcome.Ok });

    public async Task StartAsync()
    {
        foreach (var key in Keys)
        {
            var (code, _) = await network.CallAsync("a", "POST", Path, $$$"""{"metadata":{"name":"{{{key}}}","labels":{"history":"yes"}},"data":{"write":"first-{{{key}}}"}}""");
            Assert.Equal(201, code);
        }

        var (_, list) = await network.CallAsync("a", "GET", $"{Path}?{Selector}");
        var from = VersionOf(list!);
        _watches.AddRange(SeedNetwork.Seeds.Select((_, i) => Task.Run(() => WatchAsync(i, from))));
        _writers.AddRange(Enumerable.Range(0, Writers).Select(i => Task.Run(() => WriteAsync(i))));
    }

    /// <summary>Ends the writes, lets the watches see the last of them, and returns what happened.</summary>
    public async Task<History> StopAsync()
    {
        await _noMoreWrites.CancelAsync();
        await Task.WhenAll(_writers);
        Dictionary<string, (long, string)>? final = null;
        foreach (var server in SeedNetwork.Seeds)
        {
            var (_, list) = await Command.EventuallyAsync(() => network.CallAsync(server, "GET", $"{Path}?{Selector}"), a => a.Code == 200, TimeSpan.FromMinutes(1), $"{server} answers in the end");
            var here = list!["items"]!.AsArray().ToDictionary(o => (string)o!["metadata"]!["name"]!, o => (VersionOf(o!), (string)o!["data"]!["write"]!));
            Assert.Equal(final ?? here, here);
            final = here;
        }

        var last = final!.Values.Max(f => f.Item1);
        await Command.EventuallyAsync(
            () => Task.FromResult(string.Join(", ", _streams.GroupBy(s => s.Name[..1]).Select(g => g.Last().Events.LastOrDefault()?.Version ?? 0))),
            seen => seen.Split(", ").All(v => long.Parse(v, CultureInfo.InvariantCulture) >= last), TimeSpan.FromMinutes(1), $"every watch has seen version {last}");
        await _noMoreWatches.CancelAsync();
        await Task.WhenAll(_watches);
        return new History([.. _operations], [.. _streams.Select(s => new Stream(s.Name, s.From, [.. s.Events]))], final);
    }

    public async ValueTask DisposeAsync()
    {
        await _noMoreWrites.CancelAsync();
        await _noMoreWatches.CancelAsync();
        await Task.WhenAll([.. _writers, .. _watches]);
        _noMoreWrites.Dispose();
        _noMoreWatches.Dispose();
    }

    private async Task WriteAsync(int writer)
    {
        var random = new Random((seed * Writers) + writer);
        for (var i = 0; !_noMoreWrites.IsCancellationRequested; i++)
        {
            var key = Keys[random.Next(Keys.Length)];
            var (began, read) = (_clock.Elapsed, await network.CallAsync(ServerOf(random), "GET", $"{Path}/{key}"));
            if (read.Code != 200)
                continue;
            _operations.Enqueue(new Operation(key, null, 0, began, _clock.Elapsed, Outcome.Ok, VersionOf(read.Body!)));
            var (expected, write) = (VersionOf(read.Body!), $"{writer}-{i}");
            var body = $$$"""{"metadata":{"name":"{{{key}}}","labels":{"history":"yes"},"resourceVersion":"{{{expected}}}"},"data":{"write":"{{{write}}}"}}""";
            began = _clock.Elapsed;
            var (code, written) = await network.CallAsync(ServerOf(random), "PUT", $"{Path}/{key}", body);
            // 503 says that nothing was done.
            if (code != 503)
                _operations.Enqueue(new Operation(key, write, expected, began, _clock.Elapsed, code switch { 200 => Outcome.Ok, 409 => Outcome.Conflict, _ => Outcome.Unknown }, code == 200 ? VersionOf(written!) : 0));
        }
    }

    // Goes on at the next server from where it was; begins anew only when no server knows any more what came since.
    private async Task WatchAsync(int first, long from)
    {
        var events = Begin(first, from);
        var tooOld = 0;
        for (var server = first; !_noMoreWatches.IsCancellationRequested; server++)
        {
            try
            {
                var version = events.Events.LastOrDefault()?.Version ?? events.From;
                using var lines = new StreamReader(await network.WatchAsync(SeedNetwork.Seeds[server % SeedNetwork.Seeds.Count], $"{Path}?watch=1&{Selector}&resourceVersion={version}", _noMoreWatches.Token));
                while (await ReadAsync(lines) is { } change)
                {
                    if ((string)change["type"]! == "ERROR")
                    {
                        tooOld++;
                        break;
                    }

                    tooOld = 0;
                    var value = change["object"]!;
                    events.Events.Enqueue(new Seen(VersionOf(value), (string)value["metadata"]!["name"]!, (string)value["data"]!["write"]!));
                }
            }
            catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException or TimeoutException)
            {
                // The server is gone, or the watch should end.
            }

            Assert.True(tooOld < SeedNetwork.Seeds.Count, $"no server goes on after version {events.Events.LastOrDefault()?.Version}");
            await Task.Delay(TimeSpan.FromMilliseconds(50), CancellationToken.None);
        }
    }

    // A server that is frozen or cut off is left after a while of silence, as a client with a keep-alive does.
    private async Task<JsonNode?> ReadAsync(StreamReader lines)
    {
        using var silence = CancellationTokenSource.CreateLinkedTokenSource(_noMoreWatches.Token);
        silence.CancelAfter(TimeSpan.FromSeconds(5));
        return await lines.ReadLineAsync(silence.Token) is { } line ? JsonNode.Parse(line) : null;
    }

    private (string Name, long From, ConcurrentQueue<Seen> Events) Begin(int watch, long from)
    {
        var stream = (Name: $"{watch} from {from}", From: from, Events: new ConcurrentQueue<Seen>());
        _streams.Enqueue(stream);
        return stream;
    }

    private static string ServerOf(Random random) => SeedNetwork.Seeds[random.Next(SeedNetwork.Seeds.Count)];

    private static long VersionOf(JsonNode value) => long.Parse((string)value["metadata"]!["resourceVersion"]!, CultureInfo.InvariantCulture);
}
