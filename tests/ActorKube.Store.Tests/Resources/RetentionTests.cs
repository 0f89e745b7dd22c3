using ActorKube.Store.Resources;
using CsCheck;

namespace ActorKube.Store.Tests.Resources;

public sealed class RetentionTests
{
    private static readonly Retention Week = new(TimeSpan.FromDays(7), KeepEvents: 1000);

    [Theory]
    [InlineData(4800, 5000, 4500, 4000)]
    [InlineData(3000, 5000, 4500, 3000)]
    [InlineData(4800, 5000, 10, 10)]
    [InlineData(800, 900, 900, 0)]
    public void What_is_old_covered_by_a_snapshot_and_not_among_the_newest_may_go(long snapshot, long newest, long aged, long end) =>
        Assert.Equal(end, Week.End(snapshot, newest, aged));

    [Fact]
    public void For_ever_is_for_ever()
    {
        Assert.Equal(0, (Week with { Period = null }).End(4800, 5000, 4500));
        Assert.False((Week with { Period = null }).WantsSnapshot(0, 5000, 4500));
    }

    [Fact]
    public void Asks_for_a_snapshot_only_where_that_lets_something_go() => Gen.Select(Gen.Long[0, 3000], Gen.Long[0, 3000], Gen.Long[0, 3000]).Sample((snapshot, newest, aged) =>
    {
        if (snapshot > newest || aged > newest)
            return;
        Assert.Equal(Week.End(newest, newest, aged) > snapshot, Week.WantsSnapshot(snapshot, newest, aged));
        Assert.True(Week.End(snapshot, newest, aged) <= snapshot);
    });

    [Fact]
    public void The_more_is_left_the_shorter_are_the_pauses_and_the_longer_the_steps()
    {
        var took = TimeSpan.FromMilliseconds(10);
        Assert.Equal([40, 10, 10], new long[] { 500, 50_000, 5_000_000 }.Select(left => (int)Retention.Pause(took, left).TotalMilliseconds));
        Assert.Equal([50, 100, 300, 500], new long[] { 50, 5000, 35_000, 5_000_000 }.Select(left => Retention.Step(100, left)));
    }
}
