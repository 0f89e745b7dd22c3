using ActorKube.Store.Database;
using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;
using ActorKube.Store.Serialization;
using ActorKube.Store.Tests.Database;
using Akka.Actor;
using Akka.TestKit.Xunit2;

namespace ActorKube.Store.Tests.Resources;

public sealed class CompactionActorTests() : TestKit(StoreSettings.Reference)
{
    private const string Id = "store-pods";

    private static readonly DateTimeOffset Today = new(2026, 1, 31, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task What_is_older_than_the_period_goes_and_of_each_object_its_newest_event_stays()
    {
        var database = await FilledAsync();
        var compaction = Start(database, "history { period = 10d, keep-events = 1, delete-chunk = 3 }");
        compaction.Tell(new CompactionActor.Progress(Snapshot: 30, Newest: 30));

        // Written on day 1 to 30: at the beginning of the period it was day 21.
        await Eventually.AssertAsync(() => Assert.Equal(new Horizon(21, At(21).UtcTicks), Horizon.OfAsync(database, Id).Result));
        Assert.Equal((9, 3), (database.RowsOf(Id), database.BaseOf(Id)));
        await Eventually.AssertAsync(() => Assert.Equal(3, database.Shrunk));
    }

    [Fact]
    public async Task Nothing_goes_that_no_snapshot_covers_but_one_is_asked_for()
    {
        var database = await FilledAsync();
        var compaction = Start(database, "history { period = 10d, keep-events = 1 }");
        compaction.Tell(new CompactionActor.Progress(Snapshot: 5, Newest: 30));
        ExpectMsg<CompactionActor.SnapshotWanted>(Patience);
        await Eventually.AssertAsync(() => Assert.Equal(5, Horizon.OfAsync(database, Id).Result.SequenceNr));
        compaction.Tell(new CompactionActor.Progress(Snapshot: 30, Newest: 30));
        await Eventually.AssertAsync(() => Assert.Equal(21, Horizon.OfAsync(database, Id).Result.SequenceNr));
    }

    [Fact]
    public async Task Without_a_history_the_newest_events_stay_all_the_same()
    {
        var database = await FilledAsync();
        Start(database, "history { none = [pods], keep-events = 4 }").Tell(new CompactionActor.Progress(Snapshot: 30, Newest: 30));
        await Eventually.AssertAsync(() => Assert.Equal(26, Horizon.OfAsync(database, Id).Result.SequenceNr));
        Assert.Equal((4, 0), (database.RowsOf(Id), database.BaseOf(Id)));
    }

    [Fact]
    public async Task Looks_from_time_to_time_where_nothing_is_written()
    {
        Start(await FilledAsync(), "history { first-look = 10ms, interval = 10ms }");
        ExpectMsg<CompactionActor.AskProgress>(Patience);
        ExpectMsg<CompactionActor.AskProgress>(Patience);
    }

    [Fact]
    public async Task Goes_on_from_the_horizon_after_a_restart_and_after_the_setting_changed()
    {
        var database = await FilledAsync();
        foreach (var (days, horizon) in new[] { (20, 11), (5, 26), (10, 26) })
        {
            var compaction = Start(database, $"history {{ period = {days}d, keep-events = 1 }}");
            compaction.Tell(new CompactionActor.Progress(Snapshot: 30, Newest: 30));
            await Eventually.AssertAsync(() => Assert.Equal(horizon, Horizon.OfAsync(database, Id).Result.SequenceNr));
            Watch(compaction);
            Sys.Stop(compaction);
            await FishForMessageAsync<Terminated>(_ => true, Patience);
        }
    }

    [Theory]
    [InlineData(7, 24)]
    [InlineData(1_000_000_000, 0)]
    public void A_period_longer_than_time_itself_is_no_mistake(int days, int day) =>
        Assert.Equal(day == 0 ? DateTimeOffset.MinValue : At(day), CompactionActor.KeptSince(new Retention(TimeSpan.FromDays(Math.Min(days, 10_000_000)), 1), Today));

    private static DateTimeOffset At(int day) => new(2026, 1, day, 0, 0, 0, TimeSpan.Zero);

    // The test is the actor's parent.
    private IActorRef Start(IStoreDatabase database, string settings) => ActorOfAsTestActorRef<CompactionActor>(
        CompactionActor.Props("pods", StoreHost.SettingsIn("unused", settings), database, new Clock()), TestActor);

    // A write on each of 30 days, to three objects in turns.
    private async Task<MemoryDatabase> FilledAsync()
    {
        var (database, state) = (new MemoryDatabase(), ResourceStoreState.Empty);
        for (var day = 1; day <= 30; day++)
        {
            var change = state.Decide(Some.Write($"ns/{day % 3}"))!;
            state = state.Apply(change);
            await database.WriteAsync([new JournalRow(Id, day, At(day).UtcTicks, StoreSerializer.Id, "event/2", "", Sys.Serialization.Serialize(change))]);
        }

        return database;
    }

    private sealed class Clock : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => Today;
    }
}
