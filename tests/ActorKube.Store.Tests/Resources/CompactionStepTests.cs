using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;

namespace ActorKube.Store.Tests.Resources;

/// <summary>What changes in the base; that every question is still answered rightly is shown in <see cref="History.CompactedHistoryTests"/>.</summary>
public sealed class CompactionStepTests
{
    [Fact]
    public void Of_each_object_the_newest_event_is_kept_and_of_removed_ones_nothing()
    {
        var step = CompactionStep.Over(
        [
            Event(1, StoreEventType.Created, "a"), Event(2, StoreEventType.Created, "b"), Event(3, StoreEventType.Updated, "a"),
            Event(4, StoreEventType.Removed, "b"), Event(5, StoreEventType.Advanced, ""), Event(6, StoreEventType.Removed, "c"), Event(7, StoreEventType.Created, "c"),
        ]);
        Assert.Equal([new("a", 3), new("c", 7)], step.Newest.OrderBy(n => n.Key, StringComparer.Ordinal));
        Assert.Equal(["b"], step.Gone);
        Assert.True(step.KeepsBase);
    }

    private static EventHeader Event(long revision, StoreEventType type, string key) => new(revision, type, key, revision);
}
