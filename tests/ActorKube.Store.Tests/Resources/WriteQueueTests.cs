using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;
using CsCheck;

namespace ActorKube.Store.Tests.Resources;

public sealed class WriteQueueTests
{
    private const int MaxEvents = 3;

    [Fact]
    public void The_second_creator_of_an_object_hears_that_it_lost_only_when_the_first_write_is_durable()
    {
        var queue = NewQueue();
        Assert.Null(queue.Offer("a", Some.Create("x")));
        queue.Begin();
        Assert.Null(queue.Offer("b", Some.Create("x")));

        Assert.Equal([("a", new Committed(1)), ("b", new Rejected(1))], queue.Complete());
    }

    [Fact]
    public void A_creator_may_follow_a_removal_that_is_still_in_flight()
    {
        var queue = NewQueue();
        queue.Offer("a", Some.Create("x"));
        queue.Begin();
        queue.Complete();
        queue.Offer("b", Some.Delete("x", 1));
        queue.Begin();
        Assert.Null(queue.Offer("c", Some.Create("x")));
        Assert.Equal([("b", new Committed(2))], queue.Complete());

        Assert.Equal(StoreEventType.Created, Assert.Single(queue.Begin()).Type);
        Assert.Equal([("c", new Committed(3))], queue.Complete());
    }

    [Fact]
    public void Who_finds_the_object_removed_by_a_write_in_flight_waits_for_that_write()
    {
        var queue = NewQueue();
        queue.Offer("a", Some.Create("x"));
        queue.Begin();
        queue.Complete();
        queue.Offer("b", Some.Delete("x", 1));
        queue.Begin();
        Assert.Null(queue.Offer("c", Some.Update("x", 1)));

        Assert.Equal([("b", new Committed(2)), ("c", new Rejected(0))], queue.Complete());
    }

    [Fact]
    public void What_only_one_may_have_the_second_does_not_get_and_hears_so_when_that_is_durable()
    {
        var queue = NewQueue();
        Assert.Null(queue.Offer("a", Some.Create("x") with { Unique = ["ip/1", "port/2"] }));
        queue.Begin();
        Assert.Null(queue.Offer("b", Some.Create("y") with { Unique = ["ip/3", "port/2"] }));
        Assert.Equal([("a", (object)new Committed(1)), ("b", new Rejected(0) { Taken = "port/2" })], queue.Complete());
        Assert.Equal(new Rejected(0) { Taken = "ip/1" }, queue.Offer("c", Some.Create("z") with { Unique = ["ip/1"] }));

        // Who has it may write again, and gives back what the new form lacks; a removal gives everything back.
        queue.Offer("a", Some.Update("x", 1) with { Unique = ["ip/1"] });
        Assert.Null(queue.Offer("b", Some.Create("y") with { Unique = ["ip/3", "port/2"] }));
        queue.Offer("a", Some.Delete("x", 2));
        Assert.Null(queue.Offer("c", Some.Create("z") with { Unique = ["ip/1"] }));
        queue.Begin();
        queue.Complete();
        queue.Begin();
        queue.Complete();
        Assert.Equal([("ip/1", "z"), ("ip/3", "y"), ("port/2", "y")], queue.Durable.Holders.Select(h => (h.Key, h.Value)).Order());
    }

    [Fact]
    public void The_revision_moves_on_once_for_all_who_ask_it_to_move_on_from_there()
    {
        var queue = NewQueue();
        Assert.Null(queue.Offer("a", new Advance("x", 0)));
        Assert.Null(queue.Offer("b", new Advance("x", 0)));
        Assert.Equal(StoreEventType.Advanced, Assert.Single(queue.Begin()).Type);
        Assert.Equal([("a", new Committed(1)), ("b", new Rejected(1))], queue.Complete());
        Assert.Equal(new Rejected(1), queue.Offer("c", new Advance("x", 0)));
        Assert.Empty(queue.Durable.Objects);
    }

    [Fact]
    public void A_conflict_with_what_is_durable_is_told_at_once()
    {
        var queue = NewQueue();
        queue.Offer("a", Some.Create("x"));
        queue.Begin();
        queue.Complete();
        queue.Offer("b", Some.Create("y"));
        queue.Begin();

        Assert.Equal(new Rejected(1), queue.Offer("c", Some.Create("x")));
        Assert.Equal(new Rejected(0), queue.Offer("c", Some.DeleteAny("z")));
    }

    [Fact]
    public void A_batch_ends_before_it_grows_too_large()
    {
        var queue = new WriteQueue<string>(ResourceStoreState.Empty, 500, maxBytes: 100);
        foreach (var (key, size) in new[] { ("a", 60), ("b", 40), ("c", 1), ("d", 500), ("e", 1) })
            queue.Offer(key, new Put("pods", key, new byte[size], Expected.Absent, Some.Cause));

        Assert.Equal(["a", "b"], Next());
        Assert.Equal(["c"], Next());
        Assert.Equal(["d"], Next());
        Assert.Equal(["e"], Next());

        IEnumerable<string> Next()
        {
            var keys = queue.Begin().Select(e => e.Key).ToArray();
            queue.Complete();
            return keys;
        }
    }

    [Fact]
    public void Any_history_is_linear_replays_to_the_same_state_and_answers_everybody_once() =>
        Steps.Sample(steps =>
        {
            var queue = new WriteQueue<int>(ResourceStoreState.Empty, MaxEvents, long.MaxValue);
            IReadOnlyList<StoreEvent> inFlight = [];
            var written = new List<StoreEvent>();
            var commands = new List<IStoreMessage>();
            var answers = new Dictionary<int, object>();

            foreach (var step in steps)
            {
                switch (step)
                {
                    case BeginBatch:
                        var batch = queue.Begin();
                        Assert.True(batch.Count <= MaxEvents);
                        inFlight = [.. inFlight, .. batch];
                        break;
                    case CompleteBatch when inFlight.Count > 0:
                        written.AddRange(inFlight);
                        inFlight = [];
                        foreach (var (caller, answer) in queue.Complete())
                            Answer(caller, answer);
                        break;
                    case Put put:
                        commands.Add(put);
                        if (queue.Offer(commands.Count - 1, put) is { } refused)
                            Answer(commands.Count - 1, refused);
                        break;
                    case Remove remove:
                        commands.Add(remove);
                        if (queue.Offer(commands.Count - 1, remove) is { } rejected)
                            Answer(commands.Count - 1, rejected);
                        break;
                }
            }

            // What is durable is what replaying the journal gives, revision by revision.
            Assert.Equal(Enumerable.Range(1, written.Count).Select(i => (long)i), written.Select(e => e.Revision));
            var replayed = written.Aggregate(ResourceStoreState.Empty, (state, e) => state.Apply(e));
            Assert.Equal(replayed.Revision, queue.Durable.Revision);
            Assert.Equal(replayed.Objects.OrderBy(o => o.Key), queue.Durable.Objects.OrderBy(o => o.Key));

            // Each committed command is the event at its revision, and met its expectation there.
            foreach (var (caller, answer) in answers)
            {
                if (answer is not Committed committed)
                    continue;
                var before = written.Take((int)committed.Revision - 1).Aggregate(ResourceStoreState.Empty, (state, e) => state.Apply(e));
                var (key, expected) = commands[caller] is Put put ? (put.Key, put.Expected) : (((Remove)commands[caller]).Key, ((Remove)commands[caller]).Expected);
                Assert.Equal(key, written[(int)committed.Revision - 1].Key);
                Assert.True(expected == Expected.Any || expected.Revision == before.RevisionOf(key));
            }

            foreach (var caller in queue.Abandon())
                Answer(caller, new OutcomeUnknown(""));
            Assert.Equal(commands.Count, answers.Count);

            void Answer(int caller, object answer)
            {
                Assert.True(answers.TryAdd(caller, answer), $"caller {caller} was answered twice");
                if (answer is Rejected { CurrentRevision: > 0 } rejected)
                    Assert.True(rejected.CurrentRevision <= written.Count, "a refusal rested on a write that is not durable");
            }
        });

    private static WriteQueue<string> NewQueue() => new(ResourceStoreState.Empty, MaxEvents, long.MaxValue);

    private static readonly Gen<Expected> AnyExpected = Gen.OneOf(
        Gen.Const(Expected.Absent), Gen.Const(Expected.Any), Gen.Long[1, 12].Select(Expected.At));

    private static readonly Gen<string> Key = Gen.Int[0, 2].Select(i => $"key-{i}");

    private static readonly Gen<object[]> Steps = Gen.Frequency(
        (4, Gen.Select(Key, AnyExpected, (key, expected) => (object)new Put("pods", key, Some.Json("x"), expected, Some.Cause))),
        (2, Gen.Select(Key, AnyExpected, (key, expected) => (object)new Remove("pods", key, Some.Json("x"), expected, Some.Cause))),
        (3, Gen.Const((object)new BeginBatch())),
        (3, Gen.Const((object)new CompleteBatch()))).Array[0, 40];

    private sealed record BeginBatch;

    private sealed record CompleteBatch;
}
