using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.EndToEnd.Tests.Infrastructure;

namespace ActorKube.EndToEnd.Tests.Histories;

/// <summary>A kind of object that a history is made of.</summary>
/// <param name="Path">Where it is served.</param>
/// <param name="Data">Where an object has what was written, as a client writes it.</param>
/// <param name="IsEncoded">Whether it is read in base64.</param>
internal sealed record HistoryKind(string Path, string Data, bool IsEncoded)
{
    public static HistoryKind ConfigMap { get; } = new("/api/v1/namespaces/default/configmaps", "data", false);

    public static HistoryKind Secret { get; } = new("/api/v1/namespaces/default/secrets", "stringData", true);

    public string WriteOf(JsonNode value)
    {
        var text = (string)value["data"]!["write"]!;
        return IsEncoded ? Encoding.UTF8.GetString(Convert.FromBase64String(text)) : text;
    }
}

/// <summary>
/// Clients that read and write a few objects of one kind by compare-and-set, watches of them on every server, and the history of it all. Each writer reads at one
/// server and writes at one, the same or another: one that is frozen keeps only its own writers waiting.
/// </summary>
internal sealed class HistoryLoad(SeedNetwork network, HistoryKind kind, int seed, IReadOnlyList<(string Read, string Write)> writers, Stopwatch clock) : IAsyncDisposable
{
    private const string Left = "left";
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(40);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private readonly string[] _keys = [.. Enumerable.Range(0, 4).Select(i => $"h{seed}-k{i}")];
    private readonly string _selector = $"labelSelector=history%3Dh{seed}";
    private readonly ConcurrentQueue<Operation> _operations = [];
    private readonly ConcurrentQueue<(TimeSpan At, string Read, string Write)> _acknowledged = [];
    private readonly ConcurrentDictionary<int, int> _codes = [];
    private readonly ConcurrentQueue<(string Name, long From, ConcurrentQueue<Seen> Events, Func<Seen, bool>? Selects)> _streams = [];
    private readonly CancellationTokenSource _noMoreWrites = new();
    private readonly CancellationTokenSource _noMoreWatches = new();
    private readonly List<Task> _writers = [];
    private readonly List<Task> _watches = [];
    private IReadOnlyList<Seen> _initial = [];

    /// <summary>Acknowledged writes so far.</summary>
    public int Acknowledged => _acknowledged.Count;

    /// <summary>How often a watch had to be begun again.</summary>
    public int Resumed { get; private set; }

    /// <summary>The answers to all requests, by code; 0: there was none.</summary>
    public IReadOnlyDictionary<int, int> Codes => _codes;

    /// <summary>Acknowledged writes of one server's own, so far.</summary>
    public int AcknowledgedBy(string server) => _acknowledged.Count(a => a.Read == server && a.Write == server);

    /// <summary>Longest time in which one of the servers acknowledged no write, to clients that also read at one of them.</summary>
    public TimeSpan LongestSilence(IReadOnlyCollection<string> servers, TimeSpan from, TimeSpan to)
    {
        var longest = TimeSpan.Zero;
        foreach (var server in servers)
        {
            var last = from;
            foreach (var at in _acknowledged.Where(a => a.Write == server && servers.Contains(a.Read)).Select(a => a.At).Where(a => a >= from && a <= to).Append(to).Order())
                (longest, last) = (at - last > longest ? at - last : longest, at);
        }

        return longest;
    }

    /// <summary>Longest time in which no write was acknowledged anywhere.</summary>
    public TimeSpan LongestSilence(TimeSpan from, TimeSpan to)
    {
        var times = _acknowledged.Select(a => a.At).Where(a => a >= from && a <= to).Order().Prepend(from).Append(to).ToList();
        return times.Zip(times.Skip(1), (a, b) => b - a).Max();
    }

    public async Task StartAsync()
    {
        foreach (var key in _keys)
        {
            var (code, body) = await network.CallAsync("a", "POST", kind.Path, Body(key, $"first-{key}-{Left}", null));
            Assert.True(code == 201, $"{code} {body}");
        }

        var (_, list) = await network.CallAsync("a", "GET", $"{kind.Path}?{_selector}");
        var from = VersionOf(list!);
        _initial = [.. list!["items"]!.AsArray().Select(o => SeenOf(o!, ""))];
        var first = _keys[0];
        for (var i = 0; i < SeedNetwork.Seeds.Count; i++)
        {
            var server = i;
            _watches.Add(Task.Run(() => WatchAsync(server, $"{kind.Data} {server}", _selector, null, from)));
            _watches.Add(Task.Run(() => WatchAsync(server, $"{kind.Data} {server} {Left}", $"{_selector}%2Cside%3D{Left}", e => e.Write.EndsWith(Left, StringComparison.Ordinal), from)));
            _watches.Add(Task.Run(() => WatchAsync(server, $"{kind.Data} {server} {first}", $"fieldSelector=metadata.name%3D{first}", e => e.Key == first, from)));
        }

        _writers.AddRange(writers.Select((w, i) => Task.Run(() => WriteAsync(i, w.Read, w.Write))));
    }

    /// <summary>Ends the writes, lets the watches see the last of them, and returns what happened.</summary>
    public async Task<History> StopAsync()
    {
        await _noMoreWrites.CancelAsync();
        await Task.WhenAll(_writers);
        Dictionary<string, (long, string)>? final = null;
        foreach (var server in SeedNetwork.Seeds)
        {
            var (_, list) = await Command.EventuallyAsync(() => network.CallAsync(server, "GET", $"{kind.Path}?{_selector}"), a => a.Code == 200, TimeSpan.FromMinutes(1), $"{server} answers in the end");
            var here = list!["items"]!.AsArray().Select(o => SeenOf(o!, "")).ToDictionary(s => s.Key, s => (s.Version, s.Write));
            Assert.Equal(final ?? here, here);
            final = here;
        }

        var states = final!.Select(f => new Seen(f.Value.Item1, f.Key, f.Value.Item2)).ToList();
        await Command.EventuallyAsync(
            () => Task.FromResult(string.Join(", ", _streams.Where(s => !HasSeen(s.Events, s.From, [.. states.Where(f => s.Selects is null || s.Selects(f))])).Select(s => $"{s.Name} ({s.Events.LastOrDefault()?.Version})"))),
            behind => _watches.Exists(w => w.IsFaulted) || behind.Length == 0, TimeSpan.FromMinutes(1), $"every watch has seen the objects as they are in the end, {string.Join(", ", states)}");
        await _noMoreWatches.CancelAsync();
        await Task.WhenAll(_watches);
        return new History([.. _operations], [.. _streams.Select(s => new Stream(s.Name, s.From, [.. s.Events], s.Selects))], final!) { Initial = _initial };
    }

    public async ValueTask DisposeAsync()
    {
        await _noMoreWrites.CancelAsync();
        await _noMoreWatches.CancelAsync();
        await Task.WhenAll([.. _writers, .. _watches]);
        _noMoreWrites.Dispose();
        _noMoreWatches.Dispose();
    }

    private static bool HasSeen(ConcurrentQueue<Seen> events, long from, IReadOnlyList<Seen> due) =>
        due.Count == 0 || due.Max(f => f.Version) is var last && (last <= from || events.LastOrDefault()?.Version >= last);

    private async Task WriteAsync(int writer, string reads, string writes)
    {
        var random = new Random((seed * 100) + writer);
        for (var i = 0; !_noMoreWrites.IsCancellationRequested; i++)
        {
            await Task.Delay(Pause, CancellationToken.None);
            var key = _keys[random.Next(_keys.Length)];
            var side = random.Next(2) == 0 ? Left : "right";
            var (began, read) = (clock.Elapsed, await CallAsync(reads, "GET", $"{kind.Path}/{key}"));
            if (read.Code != 200)
                continue;
            _operations.Enqueue(new Operation(key, null, 0, began, clock.Elapsed, Outcome.Ok, VersionOf(read.Body!)) { Server = reads });
            var (expected, write) = (VersionOf(read.Body!), $"{writer}-{i}-{side}");
            began = clock.Elapsed;
            var (code, written) = await CallAsync(writes, "PUT", $"{kind.Path}/{key}", Body(key, write, expected));
            if (code == 200)
                _acknowledged.Enqueue((clock.Elapsed, reads, writes));
            // 503 says that nothing was done.
            if (code != 503)
                _operations.Enqueue(new Operation(key, write, expected, began, clock.Elapsed, code switch { 200 => Outcome.Ok, 409 => Outcome.Conflict, _ => Outcome.Unknown }, code == 200 ? VersionOf(written!) : 0) { Server = writes });
        }
    }

    private async Task<(int Code, JsonNode? Body)> CallAsync(string server, string method, string path, string? body = null)
    {
        var answer = await network.CallAsync(server, method, path, body, Patience);
        _codes.AddOrUpdate(answer.Code, 1, (_, n) => n + 1);
        return answer;
    }

    // Goes on at the next server from where it was; that no server knows any more what came since is a failure.
    private async Task WatchAsync(int first, string name, string selector, Func<Seen, bool>? selects, long from)
    {
        var stream = (Name: name, From: from, Events: new ConcurrentQueue<Seen>(), Selects: selects);
        _streams.Enqueue(stream);
        var tooOld = 0;
        for (var server = first; !_noMoreWatches.IsCancellationRequested; server++)
        {
            try
            {
                var version = stream.Events.LastOrDefault()?.Version ?? from;
                using var lines = new StreamReader(await network.WatchAsync(SeedNetwork.Seeds[server % SeedNetwork.Seeds.Count], $"{kind.Path}?watch=1&{selector}&resourceVersion={version}", _noMoreWatches.Token));
                while (await ReadAsync(lines) is { } change)
                {
                    if ((string)change["type"]! == "ERROR")
                    {
                        tooOld++;
                        break;
                    }

                    tooOld = 0;
                    stream.Events.Enqueue(SeenOf(change["object"]!, (string)change["type"]!));
                }
            }
            catch (Exception e) when (e is IOException or HttpRequestException or OperationCanceledException or TimeoutException)
            {
                // The server is gone, or the watch should end.
            }

            Resumed++;
            Assert.True(tooOld < SeedNetwork.Seeds.Count, $"no server goes on with {name} after version {stream.Events.LastOrDefault()?.Version}");
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

    private string Body(string key, string write, long? version) => new JsonObject
    {
        ["metadata"] = new JsonObject
        {
            ["name"] = key,
            ["labels"] = new JsonObject { ["history"] = $"h{seed}", ["side"] = write[(write.LastIndexOf('-') + 1)..] },
            ["resourceVersion"] = version?.ToString(CultureInfo.InvariantCulture),
        },
        [kind.Data] = new JsonObject { ["write"] = write },
    }.ToJsonString();

    private Seen SeenOf(JsonNode value, string type) => new(VersionOf(value), (string)value["metadata"]!["name"]!, kind.WriteOf(value), type);

    private static long VersionOf(JsonNode value) => long.Parse((string)value["metadata"]!["resourceVersion"]!, CultureInfo.InvariantCulture);
}
