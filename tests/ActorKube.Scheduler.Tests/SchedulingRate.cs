using System.Diagnostics;
using k8s.Models;
using Xunit.Abstractions;

namespace ActorKube.Scheduler.Tests;

/// <summary>How many pods per second are decided, without the API server. Prints; fails only when something is badly wrong.</summary>
public sealed class SchedulingRate(ITestOutputHelper output)
{
    [Theory]
    [InlineData(100, 2_000)]
    [InlineData(1_000, 3_000)]
    [InlineData(5_000, 2_000)]
    public void Decides_fast_in_a_big_cluster(int nodes, int pods)
    {
        var rate = Measure(nodes, pods);

        output.WriteLine($"{nodes} nodes: {rate:F0} pods/s");

        // By the clock, on a machine that may do twenty other things: only a rate that no load explains is a failure.
        Assert.True(rate > 5, $"{rate:F0} pods/s");
    }

    private static double Measure(int nodes, int pods)
    {
        var now = DateTimeOffset.UnixEpoch;
        var state = new SchedulerState(new SchedulerSettings { MaxBindingsInFlight = int.MaxValue });
        for (var i = 0; i < nodes; i++)
            state.NodeSeen(null, Some.Node($"n{i}", "32", "128Gi").Labelled("topology.kubernetes.io/zone", $"z{i % 3}"), now);
        for (var i = 0; i < pods; i++)
            state.PodSeen(null, Some.Pod($"p{i}", "100m", "128Mi").With(p => p.Metadata.OwnerReferences = [new V1OwnerReference { Uid = $"rs{i % 50}", Controller = true }]), now);
        var clock = Stopwatch.StartNew();
        while (state.Decide(now) is { } decision)
        {
            Assert.IsType<SchedulingResult.Fits>(decision.Result);
            state.BindingSucceeded(decision);
        }

        return pods / clock.Elapsed.TotalSeconds;
    }
}
