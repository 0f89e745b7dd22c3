using System.Diagnostics;

namespace ActorKube.Benchmarks.Store;

/// <summary>Something that keeps values durably and changes one only if nobody else has in the meantime.</summary>
internal interface ICompareAndSet : IAsyncDisposable
{
    /// <summary>What it is called in tables.</summary>
    string Name { get; }

    /// <summary>The kind of key that a caller uses, by the number of the run and of the caller.</summary>
    string KeyOf(int run, int caller);

    /// <summary>Writes; returns the revision to expect next time. 0: the key must not be there yet. Throws when the write was not done.</summary>
    Task<long> PutAsync(int caller, string key, byte[] value, long expected);

    /// <summary>Processor time so far of the processes that serve, other than this one.</summary>
    TimeSpan ServerTime { get; }

    /// <summary>Lets the server finish what an earlier run left it to do, so that the next run of another server does not pay for it.</summary>
    Task SettleAsync();
}

/// <summary>What a run of a load showed.</summary>
/// <param name="Writes">Acknowledged writes.</param>
/// <param name="Elapsed">In what time.</param>
/// <param name="Latencies">Of every write, in ms, sorted.</param>
/// <param name="OwnTime">Processor time of this process: of the callers, and of a store within it.</param>
/// <param name="ServerTime">Processor time of other processes that serve.</param>
/// <param name="Pauses">Time in which the garbage collector stood everything still.</param>
internal sealed record LoadResult(int Writes, TimeSpan Elapsed, double[] Latencies, TimeSpan OwnTime, TimeSpan ServerTime, TimeSpan Pauses)
{
    public double Rate => Writes / Elapsed.TotalSeconds;

    public double P50 => Latencies[Latencies.Length / 2];

    public double P99 => Latencies[Latencies.Length * 99 / 100];

    public double Max => Latencies[^1];

    public double OwnMicroseconds => OwnTime.TotalMicroseconds / Writes;

    public double ServerMicroseconds => ServerTime.TotalMicroseconds / Writes;
}

/// <summary>Each caller changes a value of its own as fast as it is answered.</summary>
/// <param name="size">Bytes of a value.</param>
internal sealed class CompareAndSetLoad(int size)
{
    // Not to be compressed by anyone.
    private readonly byte[] _value = Random(size);
    private int _run;

    public async Task<LoadResult> RunAsync(ICompareAndSet target, int callers, TimeSpan length)
    {
        var run = _run++;
        GC.Collect();
        var (own, server, pauses) = (Environment.CpuUsage.TotalTime, target.ServerTime, GC.GetTotalPauseDuration());
        var start = Stopwatch.GetTimestamp();
        var latencies = await Task.WhenAll(Enumerable.Range(0, callers).Select(c => Task.Run(() => CallAsync(target, run, c, start, length))));
        var elapsed = Stopwatch.GetElapsedTime(start);
        var (ownTime, serverTime, pauseTime) = (Environment.CpuUsage.TotalTime - own, target.ServerTime - server, GC.GetTotalPauseDuration() - pauses);
        var all = latencies.SelectMany(l => l).ToArray();
        Array.Sort(all);
        return new LoadResult(all.Length, elapsed, all, ownTime, serverTime, pauseTime);
    }

    private static byte[] Random(int size)
    {
        var value = new byte[size];
        new Random(1).NextBytes(value);
        return value;
    }

    private async Task<List<double>> CallAsync(ICompareAndSet target, int run, int caller, long start, TimeSpan length)
    {
        var latencies = new List<double>();
        var (key, revision) = (target.KeyOf(run, caller), 0L);
        while (Stopwatch.GetElapsedTime(start) < length)
        {
            var sent = Stopwatch.GetTimestamp();
            revision = await target.PutAsync(caller, key, _value, revision);
            latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
        }

        return latencies;
    }
}
