using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using ActorKube.Store.Protocol;
using Akka.Actor;

namespace ActorKube.Benchmarks.Store;

/// <summary>Compare-and-set writes with durable settings: each caller updates an object of its own as fast as it is answered.</summary>
internal static class StoreLoad
{
    private static readonly Cause Cause = new("benchmark", "update", "benchmark", 0);

    public static Command Command()
    {
        var callers = new Option<string>("--callers") { DefaultValueFactory = _ => "1,8,32,128", Description = "Concurrent callers, one run each" };
        var seconds = new Option<double>("--seconds") { DefaultValueFactory = _ => 5, Description = "Length of a run" };
        var size = new Option<int>("--size") { DefaultValueFactory = _ => 1536, Description = "Bytes of an object" };
        var resources = new Option<int>("--resources") { DefaultValueFactory = _ => 1, Description = "Resource types the callers are spread over" };
        var directory = new Option<string?>("--directory") { Description = "Where the SQLite files go; a temporary directory by default" };
        var postgreSql = new Option<string?>("--postgresql") { Description = "Connection string, for PostgreSQL in place of SQLite" };
        var set = new Option<string[]>("--set") { DefaultValueFactory = _ => [], Description = "key=value below actorkube.store" };
        var hocon = new Option<string>("--hocon") { DefaultValueFactory = _ => "", Description = "HOCON that overrides everything" };
        var command = new Command("store", "Load on the store: rate, p50 and p99") { callers, seconds, size, resources, directory, postgreSql, set, hocon };
        command.SetAction(async (result, _) =>
        {
            var home = result.GetValue(directory) ?? Directory.CreateTempSubdirectory("actorkube-bench-").FullName;
            var settings = StoreProcess.Settings(home, result.GetValue(postgreSql), result.GetValue(set)!);
            await using (var process = await StoreProcess.StartAsync(settings, result.GetValue(hocon)!))
            {
                var load = new Load(process.Store, result.GetValue(size), result.GetValue(resources));
                await load.RunAsync(8, TimeSpan.FromSeconds(1));
                Console.WriteLine($"{"callers",8} {"writes/s",10} {"p50 ms",8} {"p99 ms",8} {"max ms",8}");
                foreach (var count in result.GetValue(callers)!.Split(',').Select(c => int.Parse(c, CultureInfo.InvariantCulture)))
                    Console.WriteLine(await load.RunAsync(count, TimeSpan.FromSeconds(result.GetValue(seconds))));
                Console.WriteLine($"resident {Environment.WorkingSet / 1048576} MB, managed heap {GC.GetTotalMemory(false) / 1048576} MB, journal {Megabytes(home, "journal.db*")} MB, snapshots {Megabytes(home, "snapshots.db*")} MB");
            }

            if (result.GetValue(directory) is null)
                Directory.Delete(home, recursive: true);
            return 0;
        });
        return command;
    }

    private static long Megabytes(string directory, string pattern) =>
        Directory.EnumerateFiles(directory, pattern).Sum(f => new FileInfo(f).Length) / 1048576;

    private sealed class Load(IActorRef store, int size, int resources)
    {
        private readonly byte[] _value = new byte[size];
        private int _run;

        public async Task<string> RunAsync(int callers, TimeSpan length)
        {
            var run = _run++;
            var start = Stopwatch.GetTimestamp();
            var latencies = await Task.WhenAll(Enumerable.Range(0, callers).Select(c => Task.Run(() => CallAsync(run, c, start, length))));
            var elapsed = Stopwatch.GetElapsedTime(start);
            var all = latencies.SelectMany(l => l).Order().ToArray();
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{callers,8} {all.Length / elapsed.TotalSeconds,10:F0} {all[all.Length / 2],8:F2} {all[all.Length * 99 / 100],8:F2} {all[^1],8:F1}");
        }

        private async Task<List<double>> CallAsync(int run, int caller, long start, TimeSpan length)
        {
            var latencies = new List<double>();
            var resource = $"benchmarks{caller % resources}";
            var expected = Expected.Any;
            while (Stopwatch.GetElapsedTime(start) < length)
            {
                var sent = Stopwatch.GetTimestamp();
                var answer = await store.Ask<object>(new Put(resource, $"run-{run}/caller-{caller}", _value, expected, Cause), TimeSpan.FromSeconds(30));
                if (answer is not Committed committed)
                    throw new InvalidOperationException($"unexpected answer {answer}");
                expected = Expected.At(committed.Revision);
                latencies.Add(Stopwatch.GetElapsedTime(sent).TotalMilliseconds);
            }

            return latencies;
        }
    }
}
