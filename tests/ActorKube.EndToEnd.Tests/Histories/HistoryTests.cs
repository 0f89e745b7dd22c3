using System.Diagnostics;
using ActorKube.EndToEnd.Tests.Infrastructure;
using ActorKube.Store.Tests;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests.Histories;

/// <summary>
/// Three servers on PostgreSQL under load, while one after the other of the things happens to them that must not harm anybody: a seed decides which. Takes
/// minutes, so <c>tests/run.sh</c> leaves it out: <c>ACTORKUBE_HISTORY_SEEDS=1-100 ACTORKUBE_HISTORY_FAULTS=6 dotnet test --filter HistoryTests</c>.
/// </summary>
[Trait("Category", "Long")]
public sealed class HistoryTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(8);

    public static TheoryData<int> Seeds
    {
        get
        {
            var range = (Environment.GetEnvironmentVariable("ACTORKUBE_HISTORY_SEEDS") is { Length: > 0 } text ? text : "1").Split('-').Select(int.Parse).ToList();
            return new TheoryData<int>(Enumerable.Range(range[0], range[^1] - range[0] + 1));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_happens_to_a_server_or_the_database_the_history_is_one_that_a_single_store_could_have_made(int seed)
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        Skip.If(PostgreSqlCluster.Binaries is null || Environment.UserName != "root", "needs PostgreSQL and root");
        await using var network = await SeedNetwork.StartAsync();
        try
        {
            await using var load = new HistoryLoad(network, seed);
            await load.StartAsync();
            var random = new Random(seed);
            var faults = int.Parse(Environment.GetEnvironmentVariable("ACTORKUBE_HISTORY_FAULTS") is { Length: > 0 } text ? text : "2");
            for (var i = 0; i < faults; i++)
            {
                await WritesGoOnAsync(load);
                var victim = random.Next(2) == 0 ? await network.OwnerAsync() : SeedNetwork.Seeds[random.Next(SeedNetwork.Seeds.Count)];
                await HappenAsync(network, load, random.Next(5), victim);
            }

            await WritesGoOnAsync(load);
            var history = await load.StopAsync();
            var problems = HistoryCheck.Problems(history);
            output.WriteLine($"seed {seed}: {history.Operations.Count} requests, {load.Acknowledged} acknowledged writes, longest time without one {load.LongestSilence.TotalSeconds:0.0} s, {problems.Count} problems");
            Assert.True(problems.Count == 0, $"seed {seed}:\n{string.Join('\n', problems.Take(20))}");
        }
        catch
        {
            output.WriteLine(network.Printed());
            throw;
        }
    }

    private async Task HappenAsync(SeedNetwork network, HistoryLoad load, int what, string victim)
    {
        var clock = Stopwatch.StartNew();
        switch (what)
        {
            case 0:
                output.WriteLine($"{victim} is killed");
                await network.KillAsync(victim);
                await WritesGoOnAsync(load);
                output.WriteLine($"writes go on after {clock.Elapsed.TotalSeconds:0.0} s");
                await network.StartSeedAsync(victim);
                break;
            case 1:
                output.WriteLine($"{victim} is frozen");
                await network.SignalAsync(victim, "STOP");
                await WritesGoOnAsync(load);
                output.WriteLine($"writes go on after {clock.Elapsed.TotalSeconds:0.0} s");
                await Task.Delay(Long);
                await network.SignalAsync(victim, "CONT");
                break;
            case 2:
                output.WriteLine($"{victim} is cut off");
                await network.WireAsync(victim, up: false);
                await WritesGoOnAsync(load);
                output.WriteLine($"writes go on after {clock.Elapsed.TotalSeconds:0.0} s");
                await Task.Delay(Long);
                await network.WireAsync(victim, up: true);
                break;
            case 3:
                output.WriteLine("the database crashes and comes back");
                await network.CrashDatabaseAsync();
                await network.StartDatabaseAgainAsync();
                await WritesGoOnAsync(load);
                output.WriteLine($"writes go on after {clock.Elapsed.TotalSeconds:0.0} s");
                break;
            default:
                output.WriteLine($"{victim} is stopped and started");
                await network.StopAsync(victim);
                await network.StartSeedAsync(victim);
                break;
        }
    }

    private static async Task WritesGoOnAsync(HistoryLoad load)
    {
        var before = load.Acknowledged;
        await Command.EventuallyAsync(() => Task.FromResult(load.Acknowledged), now => now >= before + 20, TimeSpan.FromMinutes(1), $"writes go on after {before}");
    }
}
