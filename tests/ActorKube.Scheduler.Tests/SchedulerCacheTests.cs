using CsCheck;

namespace ActorKube.Scheduler.Tests;

public sealed class SchedulerCacheTests
{
    private readonly SchedulerCache _cache = new();

    [Fact]
    public void An_assumed_pod_takes_room_until_it_is_forgotten()
    {
        _cache.PutNode(Some.Node("n1"));
        var pod = new PodInfo(Some.Pod("a", "1"));

        _cache.Assume(pod, "n1");
        Assert.Equal(1000, _cache.Snapshot().Find("n1")!.Requested.MilliCpu);
        Assert.True(_cache.Forget(pod.Uid));
        Assert.Equal(0, _cache.Snapshot().Find("n1")!.Requested.MilliCpu);
    }

    [Fact]
    public void The_api_server_is_right_about_where_an_assumed_pod_is()
    {
        _cache.PutNode(Some.Node("n1"));
        _cache.PutNode(Some.Node("n2"));
        _cache.Assume(new PodInfo(Some.Pod("a", "1")), "n1");

        _cache.PutPod(new PodInfo(Some.Pod("a", "1").On("n2")));

        Assert.Empty(_cache.Snapshot().Find("n1")!.Pods);
        Assert.Single(_cache.Snapshot().Find("n2")!.Pods);
        Assert.False(_cache.Forget("uid-a"));
        Assert.Equal(0, _cache.AssumedCount);
    }

    [Fact]
    public void Pods_of_a_node_that_comes_later_or_comes_back_are_counted()
    {
        _cache.PutPod(new PodInfo(Some.Pod("a", "1").On("n1")));
        Assert.True(_cache.Snapshot().Nodes.IsEmpty);

        _cache.PutNode(Some.Node("n1"));
        Assert.Equal(1000, _cache.Snapshot().Find("n1")!.Requested.MilliCpu);

        _cache.RemoveNode("n1");
        Assert.Null(_cache.Snapshot().Find("n1"));
        _cache.PutNode(Some.Node("n1"));
        Assert.Equal(1000, _cache.Snapshot().Find("n1")!.Requested.MilliCpu);
    }

    [Fact]
    public void A_snapshot_does_not_change_afterwards()
    {
        _cache.PutNode(Some.Node("n1"));
        var before = _cache.Snapshot();

        _cache.PutPod(new PodInfo(Some.Pod("a", "1").On("n1")));
        _cache.PutNode(Some.Node("n2"));

        Assert.Equal(1, before.Nodes.Length);
        Assert.Empty(before.Find("n1")!.Pods);
        Assert.Null(before.Find("n2"));
        Assert.Same(_cache.Snapshot(), _cache.Snapshot());
    }

    [Fact]
    public void Sums_are_those_of_the_pods_after_any_history()
    {
        var step = Gen.Select(Gen.Int[0, 5], Gen.Int[0, 9], Gen.Int[0, 3]);
        step.Array[0, 60].Sample(steps =>
        {
            var cache = new SchedulerCache();
            foreach (var (what, pod, node) in steps)
            {
                var info = new PodInfo(Some.Pod($"p{pod}", $"{pod}00m", $"{node}Mi").On($"n{node}"));
                switch (what)
                {
                    case 0 or 1:
                        cache.PutPod(info);
                        break;
                    case 2 when !cache.Contains(info.Uid):
                        cache.Assume(info, $"n{node}");
                        break;
                    case 3:
                        cache.RemovePod(info.Uid);
                        break;
                    case 4:
                        cache.PutNode(Some.Node($"n{node}"));
                        break;
                    case 5:
                        cache.RemoveNode($"n{node}");
                        break;
                }

                var counted = 0;
                foreach (var seen in cache.Snapshot().Nodes)
                {
                    counted += seen.Pods.Length;
                    Assert.Equal(seen.Pods.Sum(p => p.Requests.MilliCpu), seen.Requested.MilliCpu);
                    Assert.Equal(seen.Pods.Sum(p => p.NonZeroRequests.Memory), seen.NonZeroRequested.Memory);
                    Assert.Equal(seen.Name, cache.Snapshot().Find(seen.Name)!.Name);
                }

                Assert.True(counted <= cache.PodCount);
            }
        });
    }
}
