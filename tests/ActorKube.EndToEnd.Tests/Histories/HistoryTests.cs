using System.Diagnostics;
using System.Globalization;
using ActorKube.EndToEnd.Tests.Infrastructure;
using ActorKube.Store.Tests;
using Xunit.Abstractions;

namespace ActorKube.EndToEnd.Tests.Histories;

/// <summary>
/// Three servers on PostgreSQL under load, while one after the other of the things happens to them that must not harm anybody: a seed decides which. Takes
/// minutes, so <c>tests/run.sh</c> leaves it out: <c>ACTORKUBE_HISTORY_SEEDS=1-100 ACTORKUBE_HISTORY_FAULTS=3 dotnet test --filter HistoryTests</c>. What is printed
/// is also added to the file <c>ACTORKUBE_HISTORY_REPORT</c>, <c>ACTORKUBE_HISTORY_LOGS</c> is a folder for what the
/// servers print. With <c>ACTORKUBE_HISTORY_BOUND=5</c> a longer time without writes, in seconds, is a failure, too.
/// </summary>
[Trait("Category", "Long")]
public sealed class HistoryTests(SharedSeedNetwork shared, ITestOutputHelper output) : IClassFixture<SharedSeedNetwork>
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(2);

    public static TheoryData<int> Seeds
    {
        get
        {
            var range = Setting("SEEDS", "1").Split('-').Select(int.Parse).ToList();
            return new TheoryData<int>(Enumerable.Range(range[0], range[^1] - range[0] + 1));
        }
    }

    [SkippableTheory]
    [MemberData(nameof(Seeds))]
    public async Task Whatever_happens_to_a_server_or_the_database_the_history_is_one_that_a_single_store_could_have_made(int seed)
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        Skip.If(PostgreSqlCluster.Binaries is null || Environment.UserName != "root", "needs PostgreSQL and root");
        var network = await shared.GetAsync();
        try
        {
            await RunAsync(network, seed);
            if (Setting("LOGS", "") is { Length: > 0 } folder)
                await File.WriteAllTextAsync(Path.Combine(folder, $"{seed}.log"), network.Printed());
        }
        catch (Exception e)
        {
            Report($"seed {seed}: FAILED: {e.Message}");
            output.WriteLine(network.Printed());
            await shared.DisposeAsync(); // the next seed shall not suffer
            throw;
        }
    }

    private async Task RunAsync(SeedNetwork network, int seed)
    {
        var clock = Stopwatch.StartNew();
        var followers = new Followers(network, seed);
        await followers.StartAsync();
        await using var patient = new PatientClient(network, seed);
        await patient.StartAsync();
        await using var maps = new HistoryLoad(network, HistoryKind.ConfigMap, seed, [.. SeedNetwork.Seeds.SelectMany(r => SeedNetwork.Seeds.Select(w => (r, w)))], clock);
        await using var secrets = new HistoryLoad(network, HistoryKind.Secret, seed, [.. SeedNetwork.Seeds.Select(s => (s, s))], clock);
        await maps.StartAsync();
        await secrets.StartAsync();
        var random = new Random(seed);
        var bound = double.Parse(Setting("BOUND", "1000"), CultureInfo.InvariantCulture);
        List<string> problems = [];
        IReadOnlyList<string> away = [];
        for (var i = int.Parse(Setting("FAULTS", "3")); i > 0; i--)
        {
            await GoesOnAsync([maps, secrets]);
            var fault = Fault.Next(random, await network.OwnerAsync());
            var (began, load) = (clock.Elapsed, LoadOfMachine());
            var survivors = fault.Survivors.Except(away).ToList();
            var (asked, followed) = (Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            async Task FollowAsync()
            {
                // When all servers were restarted, what counts is from the last one's start on; else from the fault.
                asked = fault.Kind == FaultKind.RollingRestart ? clock.Elapsed : began;
                await followers.ScaleAsync(survivors);
                followed = clock.Elapsed;
            }

            var from = await fault.HappenAsync(network, () => Task.WhenAll(GoesOnAsync([maps, secrets]), FollowAsync()), clock);
            var ended = clock.Elapsed;
            if (fault.IsAlone)
                await AllGoOnAsync(maps);
            var silence = fault.Kind == FaultKind.RollingRestart ? maps.LongestSilence(from, clock.Elapsed) : maps.LongestSilence(survivors, from, clock.Elapsed);
            var before = away.Count > 0 ? $" (with {string.Join(", ", away)} still away)" : "";
            away = fault.IsAlone ? [] : [.. SeedNetwork.Seeds.Except(fault.Survivors)];
            var back = fault.IsAlone ? FormattableString.Invariant($", all again after {(clock.Elapsed - ended).TotalSeconds:0.0} s") : "";
            Report(FormattableString.Invariant($"seed {seed} at {began.TotalSeconds:0} s: {fault}{before}: without writes {silence.TotalSeconds:0.0} s, pods after {(followed - (fault.IsOfDatabase ? from : asked)).TotalSeconds:0.0} s{back} (load {load:0.0})"));
            if (silence.TotalSeconds > bound && load < Environment.ProcessorCount)
                problems.Add($"{fault}: without writes {silence.TotalSeconds:0.0} s");
        }

        await AllGoOnAsync(maps);
        await patient.StopAsync();
        foreach (var load in new[] { maps, secrets })
            problems.AddRange(HistoryCheck.Problems(await load.StopAsync()));
        await followers.StopAsync();
        var codes = maps.Codes.Concat(secrets.Codes).GroupBy(c => c.Key, c => c.Value).OrderBy(c => c.Key).Select(c => $"{(c.Key == 0 ? "none" : c.Key)} × {c.Sum()}");
        Report(FormattableString.Invariant($"seed {seed}: {problems.Count} problems in {clock.Elapsed.TotalSeconds:0} s; {maps.Acknowledged + secrets.Acknowledged} acknowledged writes, watches resumed {maps.Resumed + secrets.Resumed} times; answers {string.Join(", ", codes)}; patient client: {patient.Requests} requests, {patient.Retried} by retry, the longest after {patient.Longest.TotalSeconds:0.0} s"));
        Assert.True(problems.Count == 0, $"seed {seed}:\n{string.Join('\n', problems.Take(20))}");
    }

    // Writes of each kind are acknowledged somewhere.
    private static Task GoesOnAsync(IReadOnlyList<HistoryLoad> loads) => Task.WhenAll(loads.Select(load =>
    {
        var before = load.Acknowledged;
        return Command.EventuallyAsync(() => Task.FromResult(load.Acknowledged), now => now >= before + 10, Limit, $"writes go on after {before}");
    }));

    // Every server acknowledges writes again.
    private static Task AllGoOnAsync(HistoryLoad load) => Task.WhenAll(SeedNetwork.Seeds.Select(server =>
    {
        var before = load.AcknowledgedBy(server);
        return Command.EventuallyAsync(() => Task.FromResult(load.AcknowledgedBy(server)), now => now >= before + 3, Limit, $"writes at {server} go on after {before}");
    }));

    private void Report(string line)
    {
        output.WriteLine(line);
        if (Setting("REPORT", "") is { Length: > 0 } file)
            File.AppendAllText(file, line + "\n");
    }

    private static double LoadOfMachine() => double.Parse(File.ReadAllText("/proc/loadavg").Split(' ')[0], CultureInfo.InvariantCulture);

    private static string Setting(string name, string otherwise) => Environment.GetEnvironmentVariable($"ACTORKUBE_HISTORY_{name}") is { Length: > 0 } text ? text : otherwise;
}

/// <summary>The three servers that all seeds use, one after the other: each works on objects of its own.</summary>
public sealed class SharedSeedNetwork : IAsyncLifetime
{
    private SeedNetwork? _network;

    /// <inheritdoc/>
    public Task InitializeAsync() => Task.CompletedTask;

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_network is not null)
            await _network.DisposeAsync();
        _network = null;
    }

    internal async Task<SeedNetwork> GetAsync() => _network ??= await SeedNetwork.StartAsync();
}
