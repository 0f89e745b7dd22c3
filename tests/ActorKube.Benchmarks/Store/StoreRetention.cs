using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ActorKube.Store.Protocol;
using Akka.Actor;
using Microsoft.Data.Sqlite;

namespace ActorKube.Benchmarks.Store;

/// <summary>What snapshots and the deletion of old events cost those who write meanwhile, and what they leave on the disk.</summary>
internal static class StoreRetention
{
    private const string Leases = "leases.coordination.k8s.io";
    private static readonly Cause Cause = new("benchmark", "update", "benchmark", 0);

    /// <summary>Writers on a resource type with many objects, without and with snapshots and deletion, in turns.</summary>
    public static Command Compaction()
    {
        var objects = new Option<int>("--objects") { DefaultValueFactory = _ => 100_000, Description = "Objects of the resource type" };
        var size = new Option<int>("--size") { DefaultValueFactory = _ => 1536, Description = "Bytes of an object" };
        var callers = new Option<int>("--callers") { DefaultValueFactory = _ => 32, Description = "Concurrent callers" };
        var seconds = new Option<double>("--seconds") { DefaultValueFactory = _ => 15, Description = "Length of a run" };
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 2, Description = "Times that both are run" };
        var directory = new Option<string?>("--directory") { Description = "Where the SQLite files go; a temporary directory by default" };
        var set = new Option<string[]>("--set") { DefaultValueFactory = _ => [], Description = "key=value below actorkube.store" };
        var command = new Command("store-compaction", "Latency of writes while snapshots are saved and old events deleted") { objects, size, callers, seconds, rounds, directory, set };
        command.SetAction(async (result, _) =>
        {
            var home = result.GetValue(directory) ?? Directory.CreateTempSubdirectory("actorkube-bench-").FullName;
            string[] without = ["snapshot.min-events = 100000000", "history.period = infinite", .. result.GetValue(set)!];
            string[] with = ["history.none = [benchmarks0]", "history.first-look = 1s", "history.interval = 1s", .. result.GetValue(set)!];
            await using (var process = await StoreProcess.StartAsync(StoreProcess.Settings(home, null, with)))
                await WriteAsync(process.Store, "benchmarks0", result.GetValue(objects), result.GetValue(objects), result.GetValue(size), 256);
            Console.WriteLine($"{"",-32} {"writes/s",10} {"p50 ms",8} {"p99 ms",8} {"p99.9 ms",8} {"max ms",8} {"GC ms",8} {"snapshots",10} {"deleted",10} {"journal MB",10}");
            var writers = new CompareAndSetLoad(result.GetValue(size));
            for (var round = 0; round < result.GetValue(rounds); round++)
            {
                foreach (var (name, settings) in new[] { ("nothing else", without), ("snapshots and deletion", with) })
                {
                    await using var process = await StoreProcess.StartAsync(StoreProcess.Settings(home, null, settings));
                    var target = new StoreCallers(process.Store);
                    await writers.RunAsync(target, result.GetValue(callers), TimeSpan.FromSeconds(1));
                    var (first, snapshots) = (First(home), 0);
                    using var watch = new CancellationTokenSource();
                    var watching = CountSnapshotsAsync(home, n => snapshots = n, watch.Token);
                    var load = await writers.RunAsync(target, result.GetValue(callers), TimeSpan.FromSeconds(result.GetValue(seconds)));
                    await watch.CancelAsync();
                    await watching;
                    var p999 = load.Latencies[(int)(load.Latencies.Length * 0.999)];
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{name,-32} {load.Rate,10:F0} {load.P50,8:F2} {load.P99,8:F2} {p999,8:F1} {load.Max,8:F1} {load.Pauses.TotalMilliseconds,8:F0} {snapshots,10} {First(home) - first,10} {Megabytes(home, "journal.db"),10}"));
                }
            }

            return Clean(home, result.GetValue(directory));
        });
        return command;
    }

    /// <summary>Renewals of Leases many times as often as they come: the disk that a day of them takes.</summary>
    public static Command Churn()
    {
        var nodes = new Option<int>("--nodes") { DefaultValueFactory = _ => 1000, Description = "Leases" };
        var writes = new Option<long>("--writes") { DefaultValueFactory = _ => 2_000_000, Description = "Renewals in all" };
        var size = new Option<int>("--size") { DefaultValueFactory = _ => 600, Description = "Bytes of a Lease" };
        var directory = new Option<string?>("--directory") { Description = "Where the SQLite files go; a temporary directory by default" };
        var set = new Option<string[]>("--set") { DefaultValueFactory = _ => [], Description = "key=value below actorkube.store" };
        var rate = new Option<int>("--rate") { DefaultValueFactory = _ => 15_000, Description = "Renewals a second; a cluster of 1,000 nodes has 100 to 500" };
        var command = new Command("store-churn", "Disk that renewals of Leases take") { nodes, writes, size, rate, directory, set };
        command.SetAction(async (result, _) =>
        {
            var home = result.GetValue(directory) ?? Directory.CreateTempSubdirectory("actorkube-bench-").FullName;
            await using (var process = await StoreProcess.StartAsync(StoreProcess.Settings(home, null, result.GetValue(set)!)))
            {
                Console.WriteLine($"{"renewals",12} {"a second",10} {"rows",8} {"journal MB",11} {"log MB",8} {"snapshots MB",13} {"their log MB",13}");
                var (total, start) = (result.GetValue(writes), Stopwatch.StartNew());
                for (var step = 1; step <= 10; step++)
                {
                    await WriteAsync(process.Store, Leases, (int)(total / 10), result.GetValue(nodes), result.GetValue(size), result.GetValue(nodes), result.GetValue(rate));
                    Console.WriteLine(string.Create(
                        CultureInfo.InvariantCulture,
                        $"{total / 10 * step,12} {total / 10 * step / start.Elapsed.TotalSeconds,10:F0} {Number(home, $"SELECT count(*) FROM journal WHERE persistence_id = 'store-{Leases}'"),8} {Megabytes(home, "journal.db"),11} {Megabytes(home, "journal.db-wal"),8} {Megabytes(home, "snapshots.db"),13} {Megabytes(home, "snapshots.db-wal"),13}"));
                }
            }

            return Clean(home, result.GetValue(directory));
        });
        return command;
    }

    /// <summary>Writes to objects in turns, so many at the same time and so many a second.</summary>
    public static async Task WriteAsync(IActorRef store, string resource, int writes, int objects, int size, int callers, int rate = int.MaxValue)
    {
        var start = Stopwatch.GetTimestamp();
        var value = new byte[size];
        new Random(1).NextBytes(value);
        var next = -1;
        await Task.WhenAll(Enumerable.Range(0, callers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Increment(ref next) is var i && i < writes)
            {
                if (TimeSpan.FromSeconds((double)i / rate) - Stopwatch.GetElapsedTime(start) is { TotalMilliseconds: > 1 } early)
                    await Task.Delay(early);
                await store.Ask<Committed>(new Put(resource, $"default/object-{i % objects}", value, Expected.Any, Cause), TimeSpan.FromSeconds(60));
            }
        })));
    }

    private static async Task CountSnapshotsAsync(string home, Action<int> counted, CancellationToken cancellation)
    {
        var (count, newest) = (0, Newest());
        while (!cancellation.IsCancellationRequested)
        {
            if (Newest() is var now && now != newest)
                (newest, count) = (now, count + 1);
            await Task.Delay(100, CancellationToken.None);
        }

        counted(count);
        long Newest() => Number(home, "SELECT ifnull(max(sequence_number), 0) FROM snapshot WHERE persistence_id = 'store-benchmarks0'", "snapshots");
    }

    private static long First(string home) => Number(home, "SELECT min(sequence_number) FROM journal WHERE persistence_id = 'store-benchmarks0'");

    private static long Number(string home, string sql, string file = "journal")
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(home, file + ".db")};Mode=ReadOnly");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return (long)command.ExecuteScalar()!;
    }

    private static long Megabytes(string home, string file) => new FileInfo(Path.Combine(home, file)) is { Exists: true } found ? found.Length / 1048576 : 0;

    private static int Clean(string home, string? kept)
    {
        SqliteConnection.ClearAllPools();
        if (kept is null)
            Directory.Delete(home, recursive: true);
        return 0;
    }
}
