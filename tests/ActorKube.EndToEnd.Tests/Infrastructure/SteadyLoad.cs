using System.Collections.Concurrent;
using System.Diagnostics;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>Requests at a steady rate, each on a connection of its own, until disposed; remembers who answered and what failed.</summary>
internal sealed class SteadyLoad : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly HttpClient _http;
    private readonly Task _run;

    public SteadyLoad(string netns, string url, int perSecond)
    {
        _http = new HttpClient(NamespacedHttp.Handler(netns)) { Timeout = TimeSpan.FromSeconds(5) };
        _run = Task.Run(() => RunAsync(url, perSecond));
    }

    public ConcurrentDictionary<string, int> Answers { get; } = new();

    public ConcurrentQueue<string> Failures { get; } = new();

    public int Sent { get; private set; }

    public TimeSpan Slowest { get; private set; }

    /// <summary>Waits until so many more requests are under way.</summary>
    public Task AnotherAsync(int requests)
    {
        var until = Sent + requests;
        return Command.EventuallyAsync(() => Task.FromResult(Sent), sent => sent >= until, because: $"{requests} more requests");
    }

    /// <summary>Ends the load and waits for the last answer.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _run;
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _http.Dispose();
        _stop.Dispose();
    }

    private async Task RunAsync(string url, int perSecond)
    {
        var under = new List<Task>();
        var clock = Stopwatch.StartNew();
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (!_stop.IsCancellationRequested)
        {
            for (var due = (int)(clock.Elapsed.TotalSeconds * perSecond); Sent < due; Sent++)
                under.Add(AskAsync(url, clock));
            under.RemoveAll(t => t.IsCompleted);
            await tick.WaitForNextTickAsync();
        }

        await Task.WhenAll(under);
    }

    private async Task AskAsync(string url, Stopwatch clock)
    {
        var started = clock.Elapsed;
        try
        {
            var answer = await _http.GetStringAsync(url);
            Answers.AddOrUpdate(answer.Trim(), 1, (_, n) => n + 1);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or TaskCanceledException)
        {
            Failures.Enqueue($"{clock.Elapsed.TotalSeconds:0.00} s, after {(clock.Elapsed - started).TotalMilliseconds:0} ms: {(e.InnerException ?? e).Message}");
        }

        lock (Failures)
            Slowest = clock.Elapsed - started is var took && took > Slowest ? took : Slowest;
    }
}
