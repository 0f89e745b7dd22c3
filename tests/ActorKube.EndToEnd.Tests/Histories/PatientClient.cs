using System.Diagnostics;
using System.Globalization;
using System.Text.Json.Nodes;
using ActorKube.EndToEnd.Tests.Infrastructure;

namespace ActorKube.EndToEnd.Tests.Histories;

/// <summary>
/// A client as they should be: it reads and writes an object of its own, and asks again, at the next server, when a request was not answered or refused for the
/// moment. Tells what a retry did not heal.
/// </summary>
internal sealed class PatientClient(SeedNetwork network, int seed) : IAsyncDisposable
{
    private const string Path = "/api/v1/namespaces/default/configmaps";
    private static readonly TimeSpan Attempt = TimeSpan.FromSeconds(3);
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    private readonly CancellationTokenSource _end = new();
    private readonly string _name = $"h{seed}-patient";
    private Task _running = Task.CompletedTask;
    private int _server;

    /// <summary>Requests that were done in the end.</summary>
    public int Requests { get; private set; }

    /// <summary>Those of them that failed at first.</summary>
    public int Retried { get; private set; }

    /// <summary>Longest time until a retry healed one.</summary>
    public TimeSpan Longest { get; private set; }

    public async Task StartAsync()
    {
        var (code, body) = await network.CallAsync("a", "POST", Path, Body(0, null));
        Assert.True(code == 201, $"{code} {body}");
        _running = Task.Run(RunAsync);
    }

    /// <summary>Ends it; throws what no retry healed.</summary>
    public async Task StopAsync()
    {
        await _end.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        await _running.ContinueWith(_ => { }, TaskScheduler.Default);
        _end.Dispose();
    }

    private async Task RunAsync()
    {
        for (var i = 1; !_end.IsCancellationRequested; i++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(25), CancellationToken.None);
            var seen = await UntilDoneAsync("GET", $"{Path}/{_name}", null, code => code == 200);
            Assert.Equal(i - 1, NumberOf(seen));
            var version = (string)seen["metadata"]!["resourceVersion"]!;
            var isUnknown = false;
            await UntilDoneAsync("PUT", $"{Path}/{_name}", Body(i, version), code =>
            {
                isUnknown |= code is not (409 or 503);
                // A conflict with what this client itself wrote, when it was not told: done.
                return code == 200 || (code == 409 && isUnknown);
            });
        }
    }

    private async Task<JsonNode> UntilDoneAsync(string method, string path, string? body, Func<int, bool> isDone)
    {
        var clock = Stopwatch.StartNew();
        for (var attempt = 0; ; attempt++)
        {
            var (code, answer) = await network.CallAsync(SeedNetwork.Seeds[_server % SeedNetwork.Seeds.Count], method, path, body, Attempt);
            if (isDone(code))
            {
                Requests++;
                if (attempt > 0)
                {
                    Retried++;
                    Longest = clock.Elapsed > Longest ? clock.Elapsed : Longest;
                }

                return answer!;
            }

            Assert.True(code is 0 or 429 or 500 or 503 or 504, $"{method} {path} was answered with {code}, which no retry heals: {answer}");
            Assert.True(clock.Elapsed < Limit, $"{method} {path} was not done within {Limit}: {code} {answer}");
            _server++;
            await Task.Delay(TimeSpan.FromMilliseconds(100), CancellationToken.None);
        }
    }

    private string Body(int number, string? version) => new JsonObject
    {
        ["metadata"] = new JsonObject { ["name"] = _name, ["resourceVersion"] = version },
        ["data"] = new JsonObject { ["number"] = number.ToString(CultureInfo.InvariantCulture) },
    }.ToJsonString();

    private static int NumberOf(JsonNode value) => int.Parse((string)value["data"]!["number"]!, CultureInfo.InvariantCulture);
}
