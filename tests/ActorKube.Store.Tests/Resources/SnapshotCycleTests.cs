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
    public void Deletes_in_chunks_up_to_the_events_that_are_kept()
    {
        var cycle = SnapshotCycle.Empty.Saved(5000);
        var chunks = new List<long>();
        while (true)
        {
            (cycle, var upTo) = cycle.NextDeletion(keep: 1000, chunk: 1500);
            if (upTo is null)
                break;
            chunks.Add(upTo.Value);
            Assert.Null(cycle.NextDeletion(1000, 1500).UpTo);
            cycle = cycle.Deleted();
        }

        Assert.Equal([1500, 3000, 4000], chunks);
        Assert.Equal(4000, cycle.Compacted);
    }

    [Fact]
    public void Keeps_everything_while_there_is_less_than_what_is_kept() =>
        Assert.Null(SnapshotCycle.Empty.Saved(900).NextDeletion(1000, 100).UpTo);

    [Fact]
    public void A_failed_deletion_is_tried_again_from_where_it_began()
    {
        var (deleting, _) = SnapshotCycle.Empty.Saved(5000).NextDeletion(1000, 1500);
        Assert.Equal(1500, deleting.DeletionFailed().NextDeletion(1000, 1500).UpTo);
    }
}
