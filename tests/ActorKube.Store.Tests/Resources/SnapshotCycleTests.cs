using ActorKube.Store.Resources;

namespace ActorKube.Store.Tests.Resources;

public sealed class SnapshotCycleTests
{
    [Fact]
    public void Is_due_after_so_many_events_but_not_while_one_is_being_saved()
    {
        Assert.False(SnapshotCycle.Empty.IsDue(999, 1000));
        Assert.True(SnapshotCycle.Empty.IsDue(1000, 1000));
        Assert.False(SnapshotCycle.Empty.Saving().IsDue(5000, 1000));
        Assert.False(SnapshotCycle.Empty.Saving().Saved(1000).IsDue(1999, 1000));
        Assert.True(SnapshotCycle.Empty.Saving().Saved(1000).IsDue(2000, 1000));
    }

    [Fact]
    public void A_failed_snapshot_is_not_tried_again_with_every_write()
    {
        var failed = SnapshotCycle.Empty.Saving().Failed(1500);
        Assert.False(failed.IsDue(2499, 1000));
        Assert.True(failed.IsDue(2500, 1000));
    }

    [Fact]
    public void One_that_is_wanted_for_another_reason_is_saved_where_something_came_after_the_last()
    {
        Assert.False(SnapshotCycle.Empty.MayBe(0));
        Assert.True(SnapshotCycle.Empty.MayBe(1));
        Assert.False(SnapshotCycle.Empty.Saving().MayBe(1));
        Assert.False(SnapshotCycle.Empty.Saving().Saved(1).MayBe(1));
    }
}
