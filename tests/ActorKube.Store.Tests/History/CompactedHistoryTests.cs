using ActorKube.Store.Database;
using ActorKube.Store.History;
using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;
using ActorKube.Store.Serialization;
using ActorKube.Store.Tests.Database;
using Akka.Actor;
using CsCheck;

namespace ActorKube.Store.Tests.History;

/// <summary>For any history of writes and any horizon: what can be asked after the compaction has the answer it had before, and what cannot is refused.</summary>
public sealed class CompactedHistoryTests : IDisposable
{
    private const string Id = "store-pods";

    private static readonly Gen<(int Key, int What)[]> Writes = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 4]).Array[1, 60];

    private readonly ActorSystem _system = ActorSystem.Create("compacted-history", StoreSettings.Reference);

    public void Dispose() => _system.Dispose();

    [Fact]
    public void Every_question_inside_the_retention_has_the_same_answer_before_and_after() =>
        Gen.Select(Writes, Gen.Int[0, 60], Gen.Int[1, 20], Gen.Bool).Sample((writes, horizon, chunk, old) =>
        {
            var events = Events(writes, old);
            var (whole, compacted) = (Filled(events), Filled(events));
            Compact(compacted, Math.Min(horizon, events.Count), chunk);
            var (before, after) = (new ResourceHistory(whole, _system.Serialization), new ResourceHistory(compacted, _system.Serialization));
            for (var revision = 0; revision <= events.Count; revision++)
            {
                if (revision < horizon)
                {
                    // Refused, unless nothing happened since that moment at all.
                    if (revision < Math.Min(horizon, events.Count))
                        Assert.Throws<HistoryGoneException>(() => State(after, revision, events.Count));
                    continue;
                }

                Assert.Equal(State(before, revision, events.Count), State(after, revision, events.Count));
                Assert.Equal(At(before, revision), At(after, revision));
                for (var key = 0; key < 6; key++)
                    Assert.Equal(Expected(events, $"ns/{key}", revision), One(after, events, $"ns/{key}", revision));
            }
        });

    [Fact]
    public void What_stays_is_of_each_object_the_newest_event_before_the_horizon_and_everything_after_it() =>
        Gen.Select(Writes, Gen.Int[0, 60], Gen.Int[1, 20], Gen.Bool).Sample((writes, wanted, chunk, old) =>
        {
            var events = Events(writes, old);
            var horizon = Math.Min(wanted, events.Count);
            var database = Filled(events);
            Compact(database, horizon, chunk);
            var state = events.Take(horizon).Aggregate(ResourceStoreState.Empty, (s, e) => s.Apply(e));
            Assert.Equal((events.Count - horizon, state.Objects.Count), (database.RowsOf(Id), database.BaseOf(Id)));
            Assert.All(state.Objects.Values, o => Assert.Equal(o.Revision, database.ReadBaseAsync(Id, o.Key).Result!.SequenceNr));
        });

    [Fact]
    public void An_objects_history_ends_with_the_state_it_had_at_the_horizon()
    {
        var events = Events([(0, 1), (1, 1), (0, 1), (0, 1), (1, 1), (0, 1)], old: false);
        var database = Filled(events);
        Compact(database, horizon: 4, chunk: 2);
        Assert.Equal([6, 4], Revisions(new ResourceHistory(database, _system.Serialization), "ns/0", 6));
        Assert.Equal([5, 2], Revisions(new ResourceHistory(database, _system.Serialization), "ns/1", 5));
    }

    [Fact]
    public async Task A_question_before_the_horizon_is_told_how_far_the_history_reaches_back()
    {
        var database = Filled(Events([(0, 1), (0, 1), (0, 1)], old: false));
        Compact(database, horizon: 2, chunk: 10);
        var history = new ResourceHistory(database, _system.Serialization);
        var gone = await Assert.ThrowsAsync<HistoryGoneException>(() => history.RevisionAtAsync("pods", Time(1)));
        Assert.Equal("the history of pods reaches back to 2026-01-01T00:02:00Z (resourceVersion 3) only", gone.Message);
        Assert.Equal(2, await history.RevisionAtAsync("pods", Time(2)));
        Assert.Equal(new HistoryHorizon(2, Time(2)), await history.HorizonAsync("pods"));
    }

    [Fact]
    public async Task What_an_older_version_deleted_without_saying_so_is_not_guessed_at()
    {
        var events = Events([(0, 1), (1, 1), (0, 1), (1, 1), (0, 1)], old: false);
        var database = new MemoryDatabase();
        await database.WriteAsync([.. events.Skip(2).Select(Row)]);
        var history = new ResourceHistory(database, _system.Serialization);
        Assert.Equal(new HistoryHorizon(2, Time(3)), await history.HorizonAsync("pods"));
        await Assert.ThrowsAsync<HistoryGoneException>(() => history.RevisionAtAsync("pods", Time(2)));
        await Assert.ThrowsAsync<HistoryGoneException>(() => history.BeforeAsync("pods", 1, 5, _ => true));
        Assert.Equal("ns/0=3", string.Join(',', (await history.BeforeAsync("pods", 4, 5, _ => true)).Select(b => $"{b.Key}={b.Value?.Revision}")));
    }

    private static DateTimeOffset Time(long revision) => new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero).AddMinutes(revision);

    // What: 0 removes, 4 only moves the revision on, anything else writes.
    private static List<StoreEvent> Events((int Key, int What)[] writes, bool old)
    {
        var (state, events) = (ResourceStoreState.Empty, new List<StoreEvent>());
        foreach (var (key, what) in writes)
        {
            var change = what switch
            {
                0 => state.Decide(Some.DeleteAny($"ns/{key}")),
                4 => state.Decide(new Advance("pods", state.Revision)),
                _ => state.Decide(Some.Write($"ns/{key}", $"{state.Revision}")),
            };
            if (change is null)
                continue;
            events.Add(old ? change with { Previous = 0 } : change);
            state = state.Apply(change);
        }

        return events;
    }

    private MemoryDatabase Filled(IEnumerable<StoreEvent> events)
    {
        var database = new MemoryDatabase();
        database.WriteAsync([.. events.Select(Row)]).GetAwaiter().GetResult();
        return database;
    }

    private JournalRow Row(StoreEvent change) =>
        new(Id, change.Revision, Time(change.Revision).UtcTicks, StoreSerializer.Id, "event/2", "", _system.Serialization.Serialize(change));

    private static void Compact(MemoryDatabase database, long horizon, int chunk)
    {
        for (var reached = 0L; reached < horizon;)
        {
            var events = new List<EventHeader>();
            database.ReplayAsync(Id, reached + 1, horizon, chunk, row => events.Add(StoreWire.Header(row))).GetAwaiter().GetResult();
            reached = events[^1].Revision;
            database.CompactAsync(Id, new Horizon(reached, events[^1].Created), CompactionStep.Over(events)).GetAwaiter().GetResult();
        }
    }

    // Every key that is different at the end, with the revision it had then; 0 where it did not exist.
    private static string State(ResourceHistory history, long revision, long until) => string.Join(',', history
        .BeforeAsync("pods", revision, until, _ => true).GetAwaiter().GetResult()
        .OrderBy(b => b.Key, StringComparer.Ordinal)
        .Select(b => $"{b.Key}={(b.Value is { Type: not StoreEventType.Removed } was ? was.Revision : 0)}"));

    // The revision of an object's event as of a moment, or 0: told from the beginning, and as the API server asks for it.
    private static long Expected(List<StoreEvent> events, string key, int revision) =>
        events.Take(revision).Aggregate(ResourceStoreState.Empty, (state, change) => state.Apply(change)).RevisionOf(key);

    private static long One(ResourceHistory history, List<StoreEvent> events, string key, int revision)
    {
        var now = Expected(events, key, events.Count);
        return now > 0 && now <= revision ? now : history.OfObjectAtAsync("pods", key, now, revision).GetAwaiter().GetResult()?.Revision ?? 0;
    }

    private static long At(ResourceHistory history, long revision) => history.RevisionAtAsync("pods", Time(revision)).GetAwaiter().GetResult();

    private static List<long> Revisions(ResourceHistory history, string key, long newest) =>
        history.OfObjectAsync("pods", key, newest, earlierLives: false).ToBlockingEnumerable().Select(e => e.Revision).ToList();
}
