using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Probes;
using ActorKube.Kubelet.Status;
using ActorKube.Kubelet.Tests.Fakes;
using CsCheck;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Pods;

/// <summary>Rules that hold for every pod, whatever happens to it.</summary>
public class PodLifecycleProperties
{
    private static readonly NodeFacts Node = new("fake", ["192.0.2.1"]);

    private static readonly Gen<V1Pod> Pods =
        from policy in Gen.Int[0, 2].Select(n => new[] { "Always", "OnFailure", "Never" }[n])
        from init in Gen.Bool.Array[0, 3]
        from regular in Gen.Int[1, 3]
        select Some.Pod("p", [.. Enumerable.Range(0, regular).Select(n => Some.Container($"c{n}"))])
            .Restarting(policy)
            .WithInit([.. init.Select((sidecar, n) => sidecar ? Some.Sidecar($"i{n}") : Some.Container($"i{n}"))]);

    private static readonly Gen<(int What, int Which, int Code)[]> Happenings =
        Gen.Select(Gen.Int[0, 6], Gen.Int[0, 5], Gen.Int[0, 1]).Array[0, 25];

    [Fact]
    public void Init_containers_never_overlap_and_regular_ones_wait_for_them() => Check((sim, _) =>
    {
        var pod = sim.State.Pod;
        var sandbox = sim.Runtime.Sandbox?.Id;
        var running = sim.Runtime.Containers.Where(c => c.IsRunning).Select(c => c.Name).ToHashSet();
        var inits = pod.Spec.InitContainers.Where(c => !ContainerSpecs.IsSidecar(c)).Select(c => c.Name).ToList();
        Assert.True(inits.Count(running.Contains) <= 1, "two init containers run at once");
        if (pod.Spec.Containers.Any(c => running.Contains(c.Name)))
            Assert.All(inits, name => Assert.Contains(sim.Runtime.Of(name), c => c.SandboxId == sandbox && c is { HasExited: true, ExitCode: 0 }));
    });

    [Fact]
    public void No_container_has_two_running_instances() => Check((sim, _) =>
        Assert.All(sim.Runtime.Containers.Where(c => c.IsRunning).GroupBy(c => c.Name), g => Assert.Single(g)));

    [Fact]
    public void Restart_counts_of_a_container_are_all_different() => Check((sim, _) =>
        Assert.All(sim.Runtime.Containers.GroupBy(c => c.Name), g => Assert.Equal(g.Count(), g.Select(c => c.RestartCount).Distinct().Count())));

    [Fact]
    public void What_has_settled_stays_settled() => Check((sim, _) =>
    {
        var again = PodLifecycle.Step(sim.State, sim.Now);
        Assert.Empty(again.Actions);
        Assert.Same(again.State, PodLifecycle.Step(again.State, sim.Now).State);
    });

    [Fact]
    public void A_pod_that_ends_starts_nothing_any_more() => Check((sim, from) =>
    {
        if (sim.State.End is not null)
            Assert.DoesNotContain(sim.Log.Skip(from.EndedAt ??= sim.Log.Count), l => l.StartsWith("start", StringComparison.Ordinal));
    });

    [Fact]
    public void A_finished_phase_never_changes_and_conditions_agree_with_containers() => Check((sim, from) =>
    {
        var status = PodStatusCalculator.Calculate(sim.State, Node, sim.Now);
        if (from.Phase is "Succeeded" or "Failed")
            Assert.Equal(from.Phase, status.Phase);
        from.Phase = status.Phase;
        sim.State = sim.State with { Pod = sim.State.Pod with { Status = status } };
        var ready = status.Conditions.Single(c => c.Type == "ContainersReady").Status == "True";
        Assert.Equal(ready, status.ContainerStatuses.All(s => s.Ready) && status.InitContainerStatuses?.Where((_, n) => ContainerSpecs.IsSidecar(sim.State.Pod.Spec.InitContainers[n])).All(s => s.Ready) != false);
    });

    [Fact]
    public void A_deleted_pod_is_gone_within_two_minutes_and_leaves_nothing() => Gen.Select(Pods, Happenings).Sample((pod, happenings) =>
    {
        var sim = Run(pod, happenings, (_, _) => { });
        sim.Delete().Pass(TimeSpan.FromMinutes(1));
        Assert.Contains("delete from API", sim.Log);
        sim.State = sim.State with { Removed = true };
        sim.Pass(TimeSpan.FromMinutes(1));
        Assert.True(sim.State.Gone);
        Assert.Empty(sim.Runtime.Sandboxes);
        Assert.Empty(sim.Runtime.Containers);
    }, iter: 300);

    private static void Check(Action<PodSimulation, Memory> rule) => Gen.Select(Pods, Happenings).Sample((pod, happenings) => Run(pod, happenings, rule), iter: 300);

    private static PodSimulation Run(V1Pod pod, (int What, int Which, int Code)[] happenings, Action<PodSimulation, Memory> rule)
    {
        var sim = new PodSimulation(pod).Settle();
        var memory = new Memory();
        rule(sim, memory);
        foreach (var (what, which, code) in happenings)
        {
            var running = sim.Runtime.Containers.Where(c => c.IsRunning).ToList();
            var chosen = running.Count > 0 ? running[which % running.Count].Name : null;
            switch (what)
            {
                case 0 or 1 when chosen is not null:
                    sim.Exit(chosen, code);
                    break;
                case 2 when chosen is not null:
                    sim.Verdict(chosen, ProbeKind.Liveness, false);
                    break;
                case 3 when sim.Runtime.Sandbox is { Ready: true } && which == 0:
                    sim.LoseSandbox();
                    break;
                case 4 when which == 0:
                    sim.Delete();
                    break;
                default:
                    sim.Pass(TimeSpan.FromSeconds(which * 7));
                    break;
            }

            sim.Settle();
            rule(sim, memory);
        }

        return sim;
    }

    private sealed class Memory
    {
        public int? EndedAt { get; set; }

        public string? Phase { get; set; }
    }
}
