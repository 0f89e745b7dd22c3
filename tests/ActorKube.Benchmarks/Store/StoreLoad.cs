using System.CommandLine;
using System.Globalization;

namespace ActorKube.Benchmarks.Store;

/// <summary>Compare-and-set writes with durable settings, on one database: <see cref="CompareAndSetLoad"/>.</summary>
internal static class StoreLoad
{
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
                var (target, load) = (new StoreCallers(process.Store, result.GetValue(resources)), new CompareAndSetLoad(result.GetValue(size)));
                await load.RunAsync(target, 8, TimeSpan.FromSeconds(1));
                Console.WriteLine($"{"callers",8} {"writes/s",10} {"p50 ms",8} {"p99 ms",8} {"max ms",8} {"µs",8}");
                foreach (var count in result.GetValue(callers)!.Split(',').Select(c => int.Parse(c, CultureInfo.InvariantCulture)))
                {
                    var run = await load.RunAsync(target, count, TimeSpan.FromSeconds(result.GetValue(seconds)));
                    Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count,8} {run.Rate,10:F0} {run.P50,8:F2} {run.P99,8:F2} {run.Max,8:F1} {run.OwnMicroseconds,8:F0}"));
                }

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
}
