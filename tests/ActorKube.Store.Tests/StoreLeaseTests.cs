using ActorKube.Store.Cluster;

namespace ActorKube.Store.Tests;

public sealed class StoreLeaseTests
{
    [Fact]
    public async Task Of_two_who_ask_at_once_one_gets_it_and_may_have_it_longer()
    {
        using var directory = new TempDirectory();
        var settings = StoreSettings.Default with { Sqlite = StoreSettings.Default.Sqlite with { Directory = directory.Path } };
        var clock = new Clock();
        var (a, b) = (new StoreLease(settings, clock), new StoreLease(settings, clock));
        var answers = await Task.WhenAll(a.TryTakeAsync("a", TimeSpan.FromSeconds(10)), b.TryTakeAsync("b", TimeSpan.FromSeconds(10)));
        Assert.Equal(1, answers.Count(taken => taken));
        var (winner, loser) = answers[0] ? ("a", "b") : ("b", "a");
        clock.Now += TimeSpan.FromSeconds(9);
        Assert.True(await a.TryTakeAsync(winner, TimeSpan.FromSeconds(10)));
        Assert.False(await b.TryTakeAsync(loser, TimeSpan.FromSeconds(10)));
        clock.Now += TimeSpan.FromSeconds(11);
        Assert.True(await b.TryTakeAsync(loser, TimeSpan.FromSeconds(10)));
        Assert.False(await a.TryTakeAsync(winner, TimeSpan.FromSeconds(10)));
    }

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
