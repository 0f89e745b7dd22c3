using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Tests.Fakes;
using CsCheck;

namespace ActorKube.Kubelet.Tests.Pods;

public class BackOffTests
{
    [Fact]
    public void Delays_double_up_to_the_limit_and_never_shrink_while_failures_go_on() => Gen.Int[0, 599].Array[1, 20].Sample(pauses =>
    {
        var (now, entry) = (Some.Noon, (BackOff?)null);
        foreach (var pause in pauses)
        {
            var next = BackOffPolicy.Default.Next(entry, now, now);
            Assert.InRange(next.Delay, TimeSpan.FromSeconds(10), TimeSpan.FromMinutes(5));
            if (entry is not null)
                Assert.True(next.Delay >= entry.Delay);
            entry = next;
            now = now.AddSeconds(pause);
        }
    });

    [Fact]
    public void Remaining_time_runs_from_the_failure()
    {
        var entry = BackOffPolicy.Default.Next(null, Some.Noon, Some.Noon);
        Assert.Equal(7, BackOffPolicy.Default.Remaining(entry, Some.Noon, Some.Noon.AddSeconds(3)).TotalSeconds);
        Assert.Equal(TimeSpan.Zero, BackOffPolicy.Default.Remaining(entry, Some.Noon, Some.Noon.AddSeconds(10)));
        Assert.Equal(TimeSpan.Zero, BackOffPolicy.Default.Remaining(null, Some.Noon, Some.Noon));
    }
}
