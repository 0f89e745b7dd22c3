using System.CommandLine;
using System.Diagnostics;
using System.Globalization;

namespace ActorKube.Benchmarks.Store.AgainstEtcd;

/// <summary>
/// The store on SQLite and on PostgreSQL beside an etcd, on one disk, in turns: a shared machine is slower in one minute than in another, so only ratios from one run say
/// anything. Before each turn what earlier ones wrote is brought to the disk, so that nobody pays for another one's.
/// </summary>
internal static class AgainstEtcd
{
    public static Command Command()
    {
        var callers = new Option<string>("--callers") { DefaultValueFactory = _ => "1,8,32,128", Description = "Concurrent callers, one turn each" };
        var rounds = new Option<int>("--rounds") { DefaultValueFactory = _ => 3, Description = "Turns of each, of which the median counts" };
        var seconds = new Option<double>("--seconds") { DefaultValueFactory = _ => 4, Description = "Length of a turn" };
        var size = new Option<int>("--size") { DefaultValueFactory = _ => 1536, Description = "Bytes of a value" };
        var directory = new Option<string?>("--directory") { Description = "Where all data go; a temporary directory by default" };
        var etcd = new Option<string>("--etcd") { DefaultValueFactory = _ => "etcd", Description = "etcd's program" };
        var connections = new Option<int>("--connections") { DefaultValueFactory = _ => 4, Description = "HTTP/2 connections to etcd" };
        var only = new Option<string>("--only") { DefaultValueFactory = _ => "etcd,sqlite,postgresql", Description = "Which of them" };
        var set = new Option<string[]>("--set") { DefaultValueFactory = _ => [], Description = "key=value below actorkube.store" };
        var command = new Command("etcd", "The store's rate and latency beside etcd's") { callers, rounds, seconds, size, directory, etcd, connections, only, set };
        command.SetAction(async (result, _) =>
        {
            var home = result.GetValue(directory) ?? Directory.CreateTempSubdirectory("actorkube-bench-").FullName;
            // The server of PostgreSQL is another user's.
            if (!OperatingSystem.IsWindows())
                File.SetUnixFileMode(home, File.GetUnixFileMode(home) | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
            var targets = new List<ICompareAndSet>();
            foreach (var name in result.GetValue(only)!.Split(','))
            {
                targets.Add(name switch
                {
                    "etcd" => await EtcdTarget.StartAsync(result.GetValue(etcd)!, Path.Combine(home, "etcd"), result.GetValue(connections)),
                    "sqlite" => await StoreTarget.OnSqliteAsync(Path.Combine(home, "sqlite"), result.GetValue(set)!),
                    "postgresql" => await StoreTarget.OnPostgreSqlAsync(home, result.GetValue(set)!),
                    _ => throw new ArgumentException($"'{name}' is none of etcd, sqlite and postgresql"),
                });
            }

            foreach (var store in targets.OfType<StoreTarget>())
                Console.WriteLine(await store.DurabilityAsync());
            var counts = result.GetValue(callers)!.Split(',').Select(c => int.Parse(c, CultureInfo.InvariantCulture)).ToArray();
            var table = await MeasureAsync(targets, counts, result.GetValue(rounds), TimeSpan.FromSeconds(result.GetValue(seconds)), new CompareAndSetLoad(result.GetValue(size)));
            Print(table, counts, targets);
            foreach (var target in targets)
                await target.DisposeAsync();
            if (result.GetValue(directory) is null)
                Directory.Delete(home, recursive: true);
            return 0;
        });
        return command;
    }

    private static async Task<Dictionary<(string, int), List<LoadResult>>> MeasureAsync(
        List<ICompareAndSet> targets, int[] counts, int rounds, TimeSpan length, CompareAndSetLoad load)
    {
        foreach (var target in targets)
            await load.RunAsync(target, 32, TimeSpan.FromSeconds(2)); // compiles
        var results = new Dictionary<(string, int), List<LoadResult>>();
        for (var round = 0; round < rounds; round++)
        {
            foreach (var count in counts)
            {
                // Each goes first as often as the others.
                for (var i = 0; i < targets.Count; i++)
                {
                    var target = targets[(i + round) % targets.Count];
                    foreach (var earlier in targets)
                        await earlier.SettleAsync();
                    using (var sync = Process.Start("sync"))
                        await sync.WaitForExitAsync();
                    var result = await load.RunAsync(target, count, length);
                    if (!results.TryGetValue((target.Name, count), out var all))
                        results.Add((target.Name, count), all = []);
                    all.Add(result);
                }
            }
        }

        return results;
    }

    private static void Print(Dictionary<(string, int), List<LoadResult>> results, int[] counts, List<ICompareAndSet> targets)
    {
        Console.WriteLine($"{"callers",7} {"",-10} {"writes/s",9} {"(least–most)",15} {"× etcd",7} {"p50 ms",7} {"p99 ms",7} {"(least–most)",14} {"÷ etcd",7} {"max ms",7} {"µs here",8} {"µs server",9} {"GC ms",6}");
        foreach (var count in counts)
        {
            var etcd = results.GetValueOrDefault(("etcd", count));
            foreach (var target in targets)
            {
                var all = results[(target.Name, count)];
                var (rate, p99) = (Median(all, r => r.Rate), Median(all, r => r.P99));
                Console.WriteLine(string.Create(
                    CultureInfo.InvariantCulture,
                    $"{count,7} {target.Name,-10} {rate,9:F0} {$"({all.Min(r => r.Rate):F0}–{all.Max(r => r.Rate):F0})",15} {Ratio(rate, etcd, r => r.Rate),7} {Median(all, r => r.P50),7:F2} {p99,7:F2} {$"({all.Min(r => r.P99):F1}–{all.Max(r => r.P99):F1})",14} {Ratio(p99, etcd, r => r.P99),7} {all.Max(r => r.Max),7:F0} {Median(all, r => r.OwnMicroseconds),8:F0} {Median(all, r => r.ServerMicroseconds),9:F0} {Median(all, r => r.Pauses.TotalMilliseconds),6:F0}"));
            }
        }
    }

    private static string Ratio(double value, List<LoadResult>? etcd, Func<LoadResult, double> of) =>
        etcd is null ? "" : (value / Median(etcd, of)).ToString("F2", CultureInfo.InvariantCulture);

    private static double Median(List<LoadResult> results, Func<LoadResult, double> of)
    {
        var sorted = results.Select(of).Order().ToArray();
        return sorted.Length % 2 == 1 ? sorted[sorted.Length / 2] : (sorted[(sorted.Length / 2) - 1] + sorted[sorted.Length / 2]) / 2;
    }
}
