using System.Diagnostics;
using ActorKube.KubeProxy.Services;
using Xunit.Abstractions;

namespace ActorKube.KubeProxy.Tests.Services;

/// <summary>How long the kernel takes for many Services. Prints; fails only when something is badly wrong.</summary>
public sealed class NftRate(ITestOutputHelper output)
{
    [SkippableFact]
    public async Task Ten_thousand_Services_are_written_in_seconds_and_one_change_in_a_moment()
    {
        Skip.If(NetworkNamespace.Missing() is not null, NetworkNamespace.Missing());
        using var host = new NetworkNamespace("rate");
        var nft = new NftProcess([.. host.Enter, "nft"]);
        var (ruleset, script) = (new Ruleset(), new NftScript("t", 1 << 14));

        var clock = Stopwatch.StartNew();
        for (var i = 0; i < 10_000; i++)
            ruleset.Put($"s{i}", Service(i, 2));
        ruleset.TakeChanges();
        var text = script.Full(ruleset, new Dictionary<string, IReadOnlyList<string>>());
        var built = clock.Elapsed;
        clock.Restart();
        await nft.ApplyAsync(text, default);
        output.WriteLine($"10,000 Services, both families, 2 endpoints each: built in {built.TotalMilliseconds:F0} ms ({text.Length / 1024} KiB), written in {clock.Elapsed.TotalMilliseconds:F0} ms");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20));

        var times = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            clock.Restart();
            ruleset.Put($"s{i}", Service(i, i % 2 == 0 ? 3 : 1));
            await nft.ApplyAsync(script.Incremental(ruleset.TakeChanges())!, default);
            times.Add(clock.Elapsed.TotalMilliseconds);
        }

        output.WriteLine($"one change: median {times.Order().ElementAt(10):F1} ms, longest {times.Max():F1} ms");
        Assert.True(times.Order().ElementAt(10) < 1000);
    }

    private static IReadOnlyList<Fact> Service(int i, int endpoints) => Some.Rules(
        Some.Service($"s{i}", $"10.96.{i / 250}.{(i % 250) + 1},fd00:96::{i + 1:x}"),
        Some.Slice($"s{i}", 8080, [.. Enumerable.Range(0, endpoints).Select(e => Some.Endpoint($"10.{100 + e}.{i / 250}.{(i % 250) + 1}"))]),
        Some.Slice($"s{i}", 8080, [.. Enumerable.Range(0, endpoints).Select(e => Some.Endpoint($"fd00:{244 + e}::{i + 1:x}"))]));
}
