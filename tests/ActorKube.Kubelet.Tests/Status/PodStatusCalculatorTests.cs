using ActorKube.Api.Machinery;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Probes;
using ActorKube.Kubelet.Status;
using ActorKube.Kubelet.Tests.Fakes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Status;

public class PodStatusCalculatorTests
{
    private static readonly NodeFacts Node = new("containerd", ["192.0.2.1"]);

    [Fact]
    public void A_new_pod_is_pending_and_its_containers_are_being_created()
    {
        var status = Calculate(new PodSimulation(Some.Pod()));
        Assert.Equal(("Pending", "ContainerCreating"), (status.Phase, status.ContainerStatuses[0].State.Waiting.Reason));
        Assert.Equal("containers with unready status: [main]", Condition(status, "Ready").Message);
        Assert.Equal("True", Condition(status, "Initialized").Status);
        Assert.Null(status.PodIP);
        Assert.Equal(new DateTime(2026, 1, 31, 12, 0, 0, DateTimeKind.Utc), status.StartTime);
    }

    [Fact]
    public void While_init_containers_run_the_others_are_initializing()
    {
        var sim = new PodSimulation(Some.Pod().WithInit(Some.Container("init"))).Settle();
        var status = Calculate(sim);
        Assert.Equal(("Pending", "PodInitializing"), (status.Phase, status.ContainerStatuses[0].State.Waiting.Reason));
        Assert.Equal("containers with incomplete status: [init]", Condition(status, "Initialized").Message);
        Assert.NotNull(status.InitContainerStatuses[0].State.Running);
        sim.Exit("init", 0).Settle();
        status = Calculate(sim);
        Assert.True(status.InitContainerStatuses[0].Ready);
        Assert.Equal(("Running", "True"), (status.Phase, Condition(status, "Initialized").Status));
    }

    [Fact]
    public void A_failed_init_container_with_Never_fails_the_pod()
    {
        var sim = new PodSimulation(Some.Pod().Restarting("Never").WithInit(Some.Container("init"))).Settle();
        sim.Exit("init", 2).Settle();
        Assert.Equal("Failed", Calculate(sim).Phase);
    }

    [Fact]
    public void Running_containers_carry_ids_and_the_pod_its_address()
    {
        var status = Calculate(new PodSimulation(Some.Pod()).Settle());
        Assert.Equal(("Running", "10.0.0.7", "192.0.2.1"), (status.Phase, status.PodIP, status.HostIP));
        Assert.StartsWith("containerd://c", status.ContainerStatuses[0].ContainerID, StringComparison.Ordinal);
        Assert.All(status.Conditions, c => Assert.Equal("True", c.Status));
        Assert.Equal(["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled"], status.Conditions.Select(c => c.Type));
    }

    [Fact]
    public void Readiness_gates_hold_the_pod_back()
    {
        var sim = new PodSimulation(Some.Pod().With(s => s.ReadinessGates = [new V1PodReadinessGate { ConditionType = "example.com/lb" }])).Settle();
        var status = Calculate(sim);
        Assert.Equal(("False", "ReadinessGatesNotReady", "corresponding condition of pod readiness gate \"example.com/lb\" does not exist."),
            (Condition(status, "Ready").Status, Condition(status, "Ready").Reason, Condition(status, "Ready").Message));
        Assert.Equal("True", Condition(status, "ContainersReady").Status);
    }

    [Fact]
    public void A_startup_probe_decides_what_is_started()
    {
        var container = Some.Container();
        container.StartupProbe = new V1Probe();
        var sim = new PodSimulation(Some.Pod("web", container)).Settle();
        Assert.Equal((false, false), (Calculate(sim).ContainerStatuses[0].Started, Calculate(sim).ContainerStatuses[0].Ready));
        sim.Verdict("main", ProbeKind.Startup, true);
        Assert.Equal((true, true), (Calculate(sim).ContainerStatuses[0].Started, Calculate(sim).ContainerStatuses[0].Ready));
    }

    [Theory]
    [InlineData(0, 0, "Succeeded")]
    [InlineData(0, 1, "Failed")]
    public void A_finished_pod_succeeded_when_all_its_containers_did(int first, int second, string phase)
    {
        var sim = new PodSimulation(Some.Pod("web", Some.Container("a"), Some.Container("b")).Restarting("Never")).Settle();
        sim.Exit("a", first).Exit("b", second).Settle();
        Assert.Equal(phase, Calculate(sim).Phase);
        Assert.Equal(phase == "Succeeded" ? "PodCompleted" : "PodFailed", Condition(Calculate(sim), "Ready").Reason);
    }

    [Fact]
    public void A_deadline_is_told_as_reason()
    {
        var sim = new PodSimulation(Some.Pod().With(s => s.ActiveDeadlineSeconds = 5)).Settle();
        sim.Pass(TimeSpan.FromSeconds(6));
        var status = Calculate(sim);
        Assert.Equal(("Failed", "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"), (status.Phase, status.Reason, status.Message));
    }

    [Fact]
    public void Transition_times_move_only_with_the_condition()
    {
        var sim = new PodSimulation(Some.Pod()).Settle();
        sim.State = sim.State with { Pod = sim.State.Pod with { Status = Calculate(sim) } };
        sim.Pass(TimeSpan.FromMinutes(1));
        Assert.True(PodStatusMerge.Same(sim.State.Pod.Status, Calculate(sim)));
        sim.Exit("main", 1);
        var later = Calculate(sim);
        Assert.Equal(Some.Noon.AddMinutes(1).UtcDateTime, Condition(later, "Ready").LastTransitionTime);
        Assert.Equal(Some.Noon.UtcDateTime, Condition(later, "Initialized").LastTransitionTime);
    }

    [Fact]
    public void A_container_that_vanished_with_the_runtime_is_told_as_lost()
    {
        var pod = Some.Pod();
        pod.Status.ContainerStatuses =
        [
            new V1ContainerStatus { Name = "main", RestartCount = 1, ContainerID = "containerd://x", State = new V1ContainerState { Running = new V1ContainerStateRunning() } },
        ];
        var status = Calculate(new PodSimulation(pod)).ContainerStatuses[0];
        Assert.Equal((2, 137, "ContainerStatusUnknown"), (status.RestartCount, status.LastState.Terminated.ExitCode, status.LastState.Terminated.Reason));
    }

    [Fact]
    public void Merging_keeps_the_conditions_of_others()
    {
        var current = new V1PodStatus { Phase = "Running", Conditions = [new V1PodCondition { Type = "Ready", Status = "False" }, new V1PodCondition { Type = "DisruptionTarget", Status = "True" }] };
        var merged = PodStatusMerge.Merge(current, new V1PodStatus { Phase = "Running", Conditions = [new V1PodCondition { Type = "Ready", Status = "True" }] });
        Assert.Equal([("Ready", "True"), ("DisruptionTarget", "True")], merged.Conditions.Select(c => (c.Type, c.Status)));
        Assert.Equal("Failed", PodStatusMerge.Merge(current with { Phase = "Failed" }, merged).Phase);
    }

    private static V1PodCondition Condition(V1PodStatus status, string type) => status.Conditions.Single(c => c.Type == type);

    private static V1PodStatus Calculate(PodSimulation sim) => ApiJson.Copy(PodStatusCalculator.Calculate(sim.State, Node, sim.Now));
}
