using CsCheck;

namespace ActorKube.Client.Tests;

public class WorkQueueTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void A_key_waits_once_however_often_it_is_added()
    {
        var queue = new WorkQueue<string>();
        queue.Add("a");
        queue.Add("b");
        queue.Add("a");

        Assert.Equal(["a", "b"], TakeAll(queue, Start));
    }

    [Fact]
    public void A_key_added_while_in_flight_comes_again_after_it_is_done()
    {
        var queue = new WorkQueue<string>();
        queue.Add("a");
        Assert.True(queue.TryTake(Start, out var key));
        queue.Add("a");
        Assert.False(queue.TryTake(Start, out _));

        queue.Done(key);

        Assert.True(queue.TryTake(Start, out _));
    }

    [Fact]
    public void Failures_put_a_key_off_twice_as_long_each_time_up_to_a_limit()
    {
        var queue = new WorkQueue<string>();
        var waits = new List<double>();
        for (var i = 0; i < 20; i++)
        {
            queue.AddFailed("a", Start);
            waits.Add((queue.NextDue!.Value - Start).TotalMilliseconds);
            queue.Add("a");
            queue.TryTake(Start, out _);
            queue.Done("a");
        }

        Assert.Equal([5, 10, 20, 40], waits.Take(4));
        Assert.Equal(1_000_000, waits[^1]);

        queue.Forget("a");
        queue.AddFailed("a", Start);
        Assert.Equal(Start.AddMilliseconds(5), queue.NextDue);
    }

    [Fact]
    public void The_sooner_of_two_appointments_holds()
    {
        var queue = new WorkQueue<string>();
        queue.AddAfter("a", TimeSpan.FromSeconds(10), Start);
        queue.AddAfter("a", TimeSpan.FromSeconds(3), Start);
        queue.AddAfter("a", TimeSpan.FromSeconds(5), Start);

        Assert.Equal(Start.AddSeconds(3), queue.NextDue);
        Assert.Equal(["a"], TakeAll(queue, Start.AddSeconds(3)));
        Assert.Null(queue.NextDue);
        Assert.Empty(TakeAll(queue, Start.AddSeconds(20)));
    }

    [Fact]
    public void Nothing_added_is_lost_and_no_key_is_in_flight_twice() => Gen.Int[0, 5].Array[0, 200].Sample(steps =>
    {
        var queue = new WorkQueue<int>();
        var now = Start;
        var owed = new HashSet<int>();
        var inFlight = new HashSet<int>();
        for (var i = 0; i < steps.Length; i++)
        {
            var key = i % 4;
            switch (steps[i])
            {
                case 0:
                    queue.Add(key);
                    owed.Add(key);
                    break;
                case 1:
                    queue.AddAfter(key, TimeSpan.FromSeconds(i % 3), now);
                    owed.Add(key);
                    break;
                case 2:
                    queue.AddFailed(key, now);
                    owed.Add(key);
                    break;
                case 3 when queue.TryTake(now, out var taken):
                    Assert.True(inFlight.Add(taken));
                    owed.Remove(taken);
                    break;
                case 4 when inFlight.Count > 0:
                    var done = inFlight.First();
                    inFlight.Remove(done);
                    queue.Done(done);
                    break;
                default:
                    now += TimeSpan.FromSeconds(1);
                    break;
            }
        }

        foreach (var key in inFlight)
            queue.Done(key);
        foreach (var key in TakeAll(queue, now + TimeSpan.FromHours(1)))
            owed.Remove(key);
        Assert.Empty(owed);
    });

    private static List<TKey> TakeAll<TKey>(WorkQueue<TKey> queue, DateTimeOffset now) where TKey : notnull
    {
        var taken = new List<TKey>();
        while (queue.TryTake(now, out var key))
            taken.Add(key);
        taken.ForEach(queue.Done);
        return taken;
    }
}
