using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using System.Text;
using ActorKube.Store.Protocol;
using Akka.Actor;

namespace ActorKube.Benchmarks.Store;

/// <summary>How long a process takes until every resource type has loaded: run it twice on one directory for empty and filled.</summary>
internal static class StoreStartup
{
    private static readonly string Filler = new('x', 1300);

    public static Command Command()
    {
        var directory = new Option<string>("--directory") { Required = true, Description = "Where the SQLite files are" };
        var kinds = new Option<string>("--kinds") { DefaultValueFactory = _ => "", Description = "Names of real resource types in place of made-up ones, such as configmaps,secrets: `actorkube dev` starts on them" };
        var resources = new Option<int>("--resources") { DefaultValueFactory = _ => 20, Description = "Resource types to load" };
        var fill = new Option<int>("--fill") { DefaultValueFactory = _ => 0, Description = "Writes to each resource type afterwards" };
        var objects = new Option<int>("--objects") { DefaultValueFactory = _ => 50, Description = "Objects that those writes go to" };
        var set = new Option<string[]>("--set") { DefaultValueFactory = _ => [], Description = "key=value below actorkube.store" };
        var hocon = new Option<string>("--hocon") { DefaultValueFactory = _ => "", Description = "HOCON that overrides everything" };
        var command = new Command("store-startup", "Time to load resource types") { directory, kinds, resources, fill, objects, set, hocon };
        command.SetAction(async (result, _) =>
        {
            var started = Process.GetCurrentProcess().StartTime;
            var main = DateTime.Now - started;
            var clock = Stopwatch.StartNew();
            await using var process = await StoreProcess.StartAsync(
                StoreProcess.Settings(result.GetValue(directory)!, null, result.GetValue(set)!), result.GetValue(hocon)!);
            var system = clock.Elapsed;
            var names = result.GetValue(kinds) is { Length: > 0 } real ? real.Split(',') : [.. Enumerable.Range(0, result.GetValue(resources)).Select(r => $"kind{r}")];
            await process.Store.Ask<CurrentRevision>(new GetRevision(names[0]), TimeSpan.FromSeconds(60));
            var first = clock.Elapsed;
            var revisions = await Task.WhenAll(names.Select(n => process.Store.Ask<CurrentRevision>(new GetRevision(n), TimeSpan.FromSeconds(60))));
            var all = clock.Elapsed;
            await process.Store.Ask<Committed>(new Put("kindx", "first", new byte[1536], Expected.Any, new Cause("", "", "", 0)), TimeSpan.FromSeconds(60));
            var write = clock.Elapsed;
            var self = Process.GetCurrentProcess();
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"""
                process to main         {main.TotalMilliseconds,6:F0} ms
                host with actor system  {system.TotalMilliseconds,6:F0} ms
                first resource type     {(first - system).TotalMilliseconds,6:F0} ms
                the other {names.Length - 1,3}           {(all - first).TotalMilliseconds,6:F0} ms   ({revisions.Sum(r => r.Revision)} writes in all)
                first write             {(write - all).TotalMilliseconds,6:F0} ms
                processor time          {self.TotalProcessorTime.TotalMilliseconds,6:F0} ms
                resident                {self.WorkingSet64 / 1048576,6} MB, {self.Threads.Count} threads
                """));
            await Task.WhenAll(names.Select(n => FillAsync(process.Store, n, result.GetValue(fill), result.GetValue(objects))));
            return 0;
        });
        return command;
    }

    private static async Task FillAsync(IActorRef store, string resource, int writes, int objects)
    {
        foreach (var chunk in Enumerable.Range(0, writes).Chunk(200))
        {
            await Task.WhenAll(chunk.Select(i => store.Ask<Committed>(
                new Put(resource, $"default/object-{i % objects}", Value(i % objects, i), Expected.Any, new Cause("benchmark", "update", "benchmark", 0)), TimeSpan.FromSeconds(60))));
        }
    }

    // An object that every kind can be read from.
    private static byte[] Value(int number, int write) => Encoding.UTF8.GetBytes(
        $$$"""{"metadata":{"annotations":{"filler":"{{{Filler}}}","write":"{{{write}}}"},"creationTimestamp":"2026-01-01T00:00:00Z","name":"object-{{{number}}}","namespace":"default","uid":"00000000-0000-0000-0000-{{{number:d12}}}"}}""");
}
