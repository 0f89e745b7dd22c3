using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;

namespace ActorKube.Store.Tests.Resources;

public sealed class RecentEventsTests
{
    private static RecentEvents Of(int capacity, params IEnumerable<long> revisions)
    {
        var recent = new RecentEvents(capacity);
        foreach (var revision in revisions)
            recent.Add(new StoreEvent(revision, "x", StoreEventType.Updated, Some.Json("x"), Some.Cause));
        return recent;
    }

    [Fact]
    public void Who_comes_back_gets_what_came_meanwhile() =>
        Assert.Equal([5L, 6L], Of(10, 3, 4, 5, 6).After(4, 6)!.Select(e => e.Revision));

    [Fact]
    public void Who_is_up_to_date_gets_nothing()
    {
        Assert.Empty(Of(10).After(7, 7)!);
        Assert.Empty(Of(10, 6, 7).After(7, 7)!);
    }

    [Theory]
    [InlineData(3)] // 4 is gone
    [InlineData(8)] // what the store never wrote
    public void Who_was_away_too_long_or_elsewhere_starts_anew(long revision) => Assert.Null(Of(3, 4, 5, 6, 7).After(revision, 7));

    [Fact]
    public void Parts_hold_everything_in_order_and_no_more_than_some_megabytes()
    {
        var sizes = new[] { 1, 3 << 20, 2 << 20, 5 << 20, 1, 1 };
        var parts = Parts.Of(sizes, s => s);
        Assert.Equal(sizes, parts.SelectMany(p => p));
        Assert.Equal([2, 1, 1, 2], parts.Select(p => p.Count));
        Assert.Empty(Assert.Single(Parts.Of(Array.Empty<int>(), s => s)));
    }
}
