using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Probes;
using ActorKube.Kubelet.Tests.Fakes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Pods;

public class PodLifecycleTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);

    [Fact]
    public void Starts_volumes_then_sandbox_then_init_containers_in_order_then_the_others()
    {
        var pod = Some.Pod("web", Some.Container("a"), Some.Container("b")).WithInit(Some.Container("i1"), Some.Container("i2"));
        var sim = new PodSimulation(pod).Settle();
        Assert.Equal(["volumes", "sandbox#0", "start i1#0"], sim.Log);
        sim.Exit("i1", 0).Settle();
        Assert.Equal("start i2#0", sim.Log[^1]);
        sim.Exit("i2", 0).Settle();
        Assert.Equal(["start a#0", "start b#0"], sim.Log.TakeLast(2));
    }

    [Fact]
    public void A_sidecar_only_has_to_be_started_before_the_next_ones_turn()
    {
        var sidecar = Some.Sidecar("proxy");
        sidecar.StartupProbe = new V1Probe();
        var sim = new PodSimulation(Some.Pod("web", Some.Container("main")).WithInit(sidecar, Some.Container("init"))).Settle();
        Assert.Equal("start proxy#0", sim.Log[^1]);
        sim.Verdict("proxy", ProbeKind.Startup, true).Settle();
        Assert.Equal("start init#0", sim.Log[^1]);
        sim.Exit("init", 0).Settle();
        Assert.Equal("start main#0", sim.Log[^1]);

        // Later it restarts whenever it ends, while the others go on.
        sim.Exit("proxy", 0).Settle();
        Assert.Equal("start proxy#1", sim.Log[^1]);
        Assert.True(sim.Runtime.Latest("main")!.IsRunning);
    }

    [Fact]
    public void Waits_with_everything_while_volumes_cannot_be_set_up()
    {
        var sim = new PodSimulation(Some.Pod()) { VolumesFail = true };
        sim.Pass(Minute);
        Assert.All(sim.Log, line => Assert.Equal("volumes", line));
        Assert.InRange(sim.Log.Count, 3, 10);
        sim.VolumesFail = false;
        sim.State = sim.State with { VolumesStale = true };
        sim.Settle();
        Assert.Equal("start main#0", sim.Log[^1]);
    }

    [Fact]
    public void Restarts_a_crashing_container_at_once_and_then_after_10_20_40_seconds()
    {
        var sim = new PodSimulation(Some.Pod()).Settle();
        var waits = new List<double>();
        for (var n = 0; n < 8; n++)
        {
            sim.Exit("main", 1).Settle();
            var before = sim.Now;
            while (!sim.Runtime.Latest("main")!.IsRunning)
                sim.Pass(TimeSpan.FromSeconds(1));
            waits.Add((sim.Now - before).TotalSeconds);
        }

        Assert.Equal([0, 10, 20, 40, 80, 160, 300, 300], waits);
        Assert.Equal(8, sim.Runtime.Latest("main")!.RestartCount);
    }

    [Fact]
    public void A_container_that_ran_ten_minutes_is_forgiven()
    {
        var sim = new PodSimulation(Some.Pod()).Settle();
        for (var n = 0; n < 4; n++)
        {
            sim.Exit("main", 1).Pass(Minute);
            while (!sim.Runtime.Latest("main")!.IsRunning)
                sim.Pass(Minute);
        }

        sim.Pass(TimeSpan.FromMinutes(11)).Exit("main", 1).Settle();
        Assert.True(sim.Runtime.Latest("main")!.IsRunning);
        sim.Exit("main", 1).Settle();
        Assert.Equal("CrashLoopBackOff", sim.State.Memory("main").WaitingReason);
        Assert.StartsWith("back-off 10s restarting failed container=main pod=web_default(uid-web)", sim.State.Memory("main").WaitingMessage, StringComparison.Ordinal);
    }

    [Fact]
    public void Says_back_off_once_for_each_wait()
    {
        var sim = new PodSimulation(Some.Pod()).Settle();
        sim.Exit("main", 1).Settle().Exit("main", 1).Settle().Settle();
        Assert.Single(sim.Log, l => l == "event BackOff");
    }

    [Theory]
    [InlineData("Always", 0, true)]
    [InlineData("Always", 1, true)]
    [InlineData("OnFailure", 0, false)]
    [InlineData("OnFailure", 1, true)]
    [InlineData("Never", 0, false)]
    [InlineData("Never", 1, false)]
    public void Restart_policy_decides_whether_an_ended_container_runs_again(string policy, int code, bool restarts)
    {
        var sim = new PodSimulation(Some.Pod().Restarting(policy)).Settle();
        sim.Exit("main", code).Settle();
        Assert.Equal(restarts, sim.Runtime.Latest("main")!.IsRunning);
        Assert.Equal(!restarts, sim.State.End is { Reason: PodEndReason.Finished });
    }

    [Fact]
    public void A_finished_pod_stops_its_sidecars_and_sandbox_but_keeps_its_containers_for_their_logs()
    {
        var sim = new PodSimulation(Some.Pod().Restarting("Never").WithInit(Some.Sidecar("proxy"))).Settle();
        sim.Exit("main", 0).Settle();
        Assert.Equal(["kill proxy", "stop sandbox", "remove volumes"], sim.Log.TakeLast(3));
        Assert.NotNull(sim.Runtime.Latest("main"));
        Assert.DoesNotContain("delete from API", sim.Log);
    }

    [Fact]
    public void A_failed_init_container_with_restart_policy_Never_ends_the_pod()
    {
        var sim = new PodSimulation(Some.Pod().Restarting("Never").WithInit(Some.Container("init"))).Settle();
        sim.Exit("init", 1).Settle();
        Assert.Equal(PodEndReason.Finished, sim.State.End!.Reason);
        Assert.DoesNotContain(sim.Log, l => l.StartsWith("start main", StringComparison.Ordinal));
    }

    [Fact]
    public void A_failed_init_container_is_tried_again_otherwise()
    {
        var sim = new PodSimulation(Some.Pod().WithInit(Some.Container("init"))).Settle();
        sim.Exit("init", 1).Settle();
        Assert.Equal("start init#1", sim.Log[^1]);
        sim.Exit("init", 0).Settle();
        Assert.Equal("start main#0", sim.Log[^1]);
    }

    [Fact]
    public void Deletion_stops_containers_then_sandbox_then_volumes_then_the_object()
    {
        var sim = new PodSimulation(Some.Pod("web", Some.Container("a"), Some.Container("b"))).Settle();
        sim.Delete().Settle();
        Assert.Equal(["kill a+b", "stop sandbox", "remove volumes", "delete from API"], sim.Log.TakeLast(4));
        Assert.False(sim.State.Gone);
        sim.State = sim.State with { Removed = true };
        sim.Settle();
        Assert.Equal(["remove sandbox", "remove directories"], sim.Log.TakeLast(2));
        Assert.True(sim.State.Gone);
    }

    [Fact]
    public void Sidecars_stop_after_the_others_the_last_started_first()
    {
        var sim = new PodSimulation(Some.Pod().WithInit(Some.Sidecar("s1"), Some.Sidecar("s2"))).Settle();
        sim.Delete().Settle();
        Assert.Equal(["kill main", "kill s2", "kill s1", "stop sandbox"], sim.Log.Where(l => l.StartsWith("kill", StringComparison.Ordinal) || l == "stop sandbox"));
    }

    [Fact]
    public void A_pod_deleted_before_anything_started_leaves_nothing_behind()
    {
        var sim = new PodSimulation(Some.Pod()) { VolumesFail = true };
        sim.Settle().Delete().Settle();
        Assert.Equal(["volumes", "remove volumes", "delete from API"], sim.Log);
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 1)]
    [InlineData(5, 5)]
    [InlineData(60, 60)]
    public void The_grace_period_of_the_deletion_counts_and_is_at_least_a_second(long asked, double given)
    {
        var state = new PodState { Pod = Some.Pod().Deleting(asked, Some.Noon), SeenAt = Some.Noon };
        Assert.Equal(given, PodTermination.Grace(state).TotalSeconds);
    }

    [Fact]
    public void A_lost_sandbox_is_made_anew_with_init_containers_and_all()
    {
        var sim = new PodSimulation(Some.Pod().WithInit(Some.Container("init"))).Settle();
        sim.Exit("init", 0).Settle().LoseSandbox().Settle();
        Assert.Equal(["event SandboxChanged", "sandbox#1", "start init#1"], sim.Log.TakeLast(3));
        sim.Exit("init", 0).Settle();
        Assert.Equal("start main#1", sim.Log[^1]);
    }

    [Fact]
    public void A_pod_whose_containers_are_done_gets_no_new_sandbox()
    {
        var sim = new PodSimulation(Some.Pod().Restarting("OnFailure")).Settle();
        sim.Exit("main", 0).LoseSandbox().Settle();
        Assert.DoesNotContain("sandbox#1", sim.Log);
        Assert.Equal(PodEndReason.Finished, sim.State.End!.Reason);
    }

    [Fact]
    public void A_failed_liveness_probe_restarts_the_container()
    {
        var sim = new PodSimulation(Some.Pod()).Settle();
        sim.Verdict("main", ProbeKind.Liveness, false).Settle();
        Assert.Equal(["kill main", "start main#1"], sim.Log.TakeLast(2));
        sim.Settle();
        Assert.Equal("start main#1", sim.Log[^1]);
    }

    [Fact]
    public void A_new_image_restarts_the_container_whatever_the_policy()
    {
        var sim = new PodSimulation(Some.Pod().Restarting("Never")).Settle();
        sim.State = sim.State with { Pod = Some.Pod("web", Some.Container("main", "registry.local/app:2")).Restarting("Never") };
        sim.Settle();
        Assert.Equal(["kill main", "start main#1"], sim.Log.TakeLast(2));
    }

    [Fact]
    public void An_image_that_cannot_be_pulled_is_tried_after_10_20_40_seconds()
    {
        var sim = new PodSimulation(Some.Pod());
        sim.StartFailures["main"] = ("ErrImagePull", true);
        sim.Pass(TimeSpan.FromSeconds(155));
        Assert.Equal(5, sim.Log.Count(l => l == "fail main pull"));
        Assert.Contains("fail main held back", sim.Log);
        sim.StartFailures.Clear();
        sim.Pass(TimeSpan.FromSeconds(11));
        Assert.Equal("start main#0", sim.Log[^1]);
    }

    [Fact]
    public void A_pod_older_than_its_deadline_is_stopped_and_failed()
    {
        var sim = new PodSimulation(Some.Pod().With(s => s.ActiveDeadlineSeconds = 60)).Settle();
        sim.Pass(TimeSpan.FromSeconds(59));
        Assert.Null(sim.State.End);
        sim.Pass(TimeSpan.FromSeconds(1));
        Assert.Equal("DeadlineExceeded", sim.State.End!.StatusReason);
        Assert.Contains("kill main", sim.Log);
    }

    [Fact]
    public void Keeps_one_ended_instance_and_removes_the_older_ones()
    {
        var sim = new PodSimulation(Some.Pod()).Settle();
        for (var n = 0; n < 4; n++)
        {
            sim.Exit("main", 1);
            sim.Pass(TimeSpan.FromMinutes(5));
        }

        Assert.Equal(["main", "main"], sim.Runtime.Of("main").Select(c => c.Name));
        Assert.Contains("remove main#0", sim.Log);
    }

    [Fact]
    public void A_pod_that_the_API_says_has_ended_is_never_started_again()
    {
        var pod = Some.Pod();
        pod.Status.Phase = "Failed";
        var sim = new PodSimulation(pod).Pass(Minute);
        Assert.DoesNotContain(sim.Log, l => l.StartsWith("start", StringComparison.Ordinal) || l.StartsWith("sandbox", StringComparison.Ordinal));
    }

    [Fact]
    public void Restart_counts_go_on_after_the_runtime_lost_its_containers()
    {
        var pod = Some.Pod();
        pod.Status.ContainerStatuses = [new V1ContainerStatus { Name = "main", RestartCount = 4, ContainerID = "fake://gone" }];
        Assert.Contains("start main#5", new PodSimulation(pod).Settle().Log);
    }

    [Fact]
    public void A_sandbox_that_cannot_be_made_is_tried_again_with_growing_pauses()
    {
        var sim = new PodSimulation(Some.Pod()) { SandboxFails = true };
        sim.Pass(Minute);
        Assert.InRange(sim.Log.Count(l => l == "sandbox#0"), 4, 12);
        sim.SandboxFails = false;
        sim.Pass(TimeSpan.FromSeconds(11));
        Assert.Equal("start main#0", sim.Log[^1]);
    }

    [Fact]
    public void An_ephemeral_container_starts_beside_the_others_and_never_again()
    {
        var sim = new PodSimulation(Some.Pod()).Settle();
        sim.State = sim.State with { Pod = sim.State.Pod.With(s => s.EphemeralContainers = [new V1EphemeralContainer { Name = "debug", Image = "registry.local/debug:1" }]) };
        sim.Settle();
        Assert.Equal("start debug#0", sim.Log[^1]);
        sim.Exit("debug", 1).Settle();
        Assert.Equal("start debug#0", sim.Log[^1]);
    }
}
