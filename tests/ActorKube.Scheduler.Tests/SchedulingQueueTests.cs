using CsCheck;
using k8s.Models;

namespace ActorKube.Scheduler.Tests;

public sealed class SchedulingQueueTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private readonly SchedulingQueue _queue = New();

    [Fact]
    public void Higher_priority_goes_first_then_who_came_first()
    {
        Put("a", 0);
        Put("b", 10);
        Put("c", 0);

        Assert.Equal(["b", "a", "c"], PopAll(Start));
    }

    [Fact]
    public void A_pod_that_found_no_node_waits_for_a_change_that_could_help_it()
    {
        Put("a");
        var a = _queue.Pop(Start)!;
        _queue.Unschedulable(a, ClusterChange.PodRemoved | ClusterChange.NodeAdded, Start);

        _queue.Move(ClusterChange.NodeLabels, Start);
        Assert.Null(_queue.Pop(Start.AddMinutes(1)));

        _queue.Move(ClusterChange.PodRemoved, Start.AddMinutes(1));
        Assert.Same(a, _queue.Pop(Start.AddMinutes(1)));
        Assert.Equal(2, a.Attempts);
    }

    [Fact]
    public void A_busy_queue_makes_a_pod_sit_out_its_back_off()
    {
        Put("a", 10);
        _queue.Unschedulable(_queue.Pop(Start)!, ClusterChange.All, Start);
        Put("b");
        Put("c");
        _queue.Move(ClusterChange.NodeAdded, Start);

        Assert.Equal("b", _queue.Pop(Start.AddMilliseconds(500))!.Pod.Name);
        Assert.Equal(TimeSpan.FromMilliseconds(400), _queue.NextBackoff(Start.AddMilliseconds(600)));
        Assert.Equal("a", _queue.Pop(Start.AddSeconds(1))!.Pod.Name);
        Assert.Equal("c", _queue.Pop(Start.AddSeconds(1))!.Pod.Name);
    }

    [Fact]
    public void An_idle_queue_hands_out_a_pod_in_back_off_once_something_changed_for_it()
    {
        Put("a");
        _queue.Unschedulable(_queue.Pop(Start)!, ClusterChange.NodeAdded, Start);
        _queue.Move(ClusterChange.NodeAdded, Start);

        Assert.True(_queue.HasNext(Start));
        Assert.Equal("a", _queue.Pop(Start)!.Pod.Name);
    }

    [Fact]
    public void A_pod_whose_binding_failed_always_waits_for_its_back_off()
    {
        Put("a");
        _queue.Failed(_queue.Pop(Start)!, Start);

        Assert.False(_queue.HasNext(Start.AddMilliseconds(999)));
        Assert.Null(_queue.Pop(Start.AddMilliseconds(999)));
        Assert.NotNull(_queue.Pop(Start.AddSeconds(1)));
    }

    [Fact]
    public void Back_off_doubles_up_to_its_maximum() =>
        Assert.Equal([1.0, 2, 4, 8, 10, 10], Enumerable.Range(1, 6).Select(n => _queue.BackoffAfter(n).TotalSeconds));

    [Fact]
    public void A_flush_tries_what_waited_long_enough()
    {
        Put("a");
        _queue.Unschedulable(_queue.Pop(Start)!, ClusterChange.None, Start);

        _queue.Flush(Start.AddMinutes(4));
        Assert.Null(_queue.Pop(Start.AddMinutes(4)));
        _queue.Flush(Start.AddMinutes(5));
        Assert.NotNull(_queue.Pop(Start.AddMinutes(5)));
    }

    [Fact]
    public void A_gated_pod_waits_until_its_gates_are_gone()
    {
        var gated = Some.Pod("a").With(p => p.Spec.SchedulingGates = [new V1PodSchedulingGate { Name = "wait" }]);
        _queue.Put(new PodInfo(gated), Start);
        _queue.Move(ClusterChange.All, Start);
        Assert.Null(_queue.Pop(Start));

        _queue.Put(new PodInfo(Some.Pod("a")), Start);
        Assert.Equal("a", _queue.Pop(Start)!.Pod.Name);
    }

    [Fact]
    public void A_change_of_the_pods_own_status_does_not_try_it_again_but_a_change_of_its_spec_does()
    {
        _queue.Put(new PodInfo(Some.Pod("a")), Start);
        _queue.Unschedulable(_queue.Pop(Start)!, ClusterChange.NodeAdded, Start);

        _queue.Put(new PodInfo(Some.Pod("a").With(p => p.Status.Conditions = [new V1PodCondition { Type = "PodScheduled", Status = "False" }])), Start);
        Assert.Null(_queue.Pop(Start.AddSeconds(30)));

        _queue.Put(new PodInfo(Some.Pod("a").Tolerating("x")), Start.AddSeconds(30));
        Assert.NotNull(_queue.Pop(Start.AddSeconds(30)));
    }

    [Fact]
    public void A_removed_pod_does_not_come_back()
    {
        Put("a");
        var a = _queue.Pop(Start)!;
        _queue.Remove("uid-a");
        _queue.Unschedulable(a, ClusterChange.All, Start);
        _queue.Move(ClusterChange.All, Start);

        Assert.Equal(0, _queue.Count);
        Assert.Null(_queue.Pop(Start.AddHours(1)));
    }

    [Fact]
    public void No_pod_is_lost_whatever_happens()
    {
        var step = Gen.Select(Gen.Int[0, 6], Gen.Int[0, 7], Gen.Int[0, 20]);
        step.Array[0, 80].Sample(steps =>
        {
            var queue = New();
            var now = Start;
            var known = new HashSet<string>();
            var popped = new Dictionary<string, QueuedPod>();
            foreach (var (what, which, wait) in steps)
            {
                now = now.AddMilliseconds(wait * 100);
                var name = $"p{which}";
                switch (what)
                {
                    case 0 or 1:
                        queue.Put(new PodInfo(Some.Pod(name).With(p => p.Spec.Priority = which % 3)), now);
                        known.Add(name);
                        break;
                    case 2 when queue.Pop(now) is { } pod:
                        Assert.True(popped.TryAdd(pod.Pod.Name, pod), "popped twice");
                        Assert.Contains(pod.Pod.Name, known);
                        break;
                    case 3 when popped.Remove(name, out var back):
                        queue.Unschedulable(back, (ClusterChange)(wait % 4), now);
                        break;
                    case 4 when popped.Remove(name, out var back):
                        queue.Failed(back, now);
                        break;
                    case 5:
                        queue.Move((ClusterChange)(wait % 4), now);
                        break;
                    case 6:
                        queue.Remove("uid-" + name);
                        known.Remove(name);
                        popped.Remove(name);
                        break;
                }

                Assert.Equal(known.Count, queue.Count);
                Assert.Equal(popped.Keys.Order(), known.Where(k => queue.PlaceOf("uid-" + k) == QueuePlace.Out).Order());
                Assert.Equal(queue.HasNext(now), queue.CountAt(QueuePlace.Active) > 0 || WouldPop(queue, now));
            }

            // After the flush interval and the longest back-off every pod gets its turn.
            foreach (var back in popped.Values)
                queue.Unschedulable(back, ClusterChange.None, now);
            now += TimeSpan.FromMinutes(6);
            queue.Flush(now);
            var all = new List<string>();
            while (queue.Pop(now) is { } pod)
                all.Add(pod.Pod.Name);
            Assert.Equal(known.Order(), all.Order());
        });

        static bool WouldPop(SchedulingQueue queue, DateTimeOffset now) => queue.CountAt(QueuePlace.Backoff) > 0 && (queue.NextBackoff(now) == TimeSpan.Zero || queue.HasNext(now));
    }

    private static SchedulingQueue New() => new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5));

    private void Put(string name, int priority = 0) => _queue.Put(new PodInfo(Some.Pod(name).With(p => p.Spec.Priority = priority)), Start);

    private List<string> PopAll(DateTimeOffset now)
    {
        var names = new List<string>();
        while (_queue.Pop(now) is { } pod)
            names.Add(pod.Pod.Name);
        return names;
    }
}
