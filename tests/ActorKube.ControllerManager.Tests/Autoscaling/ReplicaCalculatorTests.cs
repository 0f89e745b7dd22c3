using ActorKube.ControllerManager.Autoscaling;
using ActorKube.ControllerManager.Tests.Fakes;
using CsCheck;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Autoscaling;

/// <summary>Behaviours of https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details</summary>
public sealed class ReplicaCalculatorTests
{
    private static readonly Tolerances Usual = new(0.1, 0.1);

    [Fact]
    public void Twice_the_target_doubles_the_replicas() => Assert.Equal((4, 100), Utilization(50, Pods(2), (0, 200), (1, 200)));

    [Fact]
    public void Half_of_the_target_halves_the_replicas() => Assert.Equal((2, 25), Utilization(50, Pods(4), (0, 50), (1, 50), (2, 50), (3, 50)));

    [Theory]
    [InlineData(52, 3)]
    [InlineData(55, 3)]
    [InlineData(56, 4)]
    [InlineData(46, 3)]
    [InlineData(45, 3)]
    public void Within_the_tolerance_nothing_changes(int percent, int replicas) =>
        Assert.Equal((replicas, percent), Utilization(50, Pods(3), (0, 2 * percent), (1, 2 * percent), (2, 2 * percent)));

    [Fact]
    public void Each_direction_may_have_a_tolerance_of_its_own()
    {
        var generousUp = new Tolerances(0.01, 0.5);
        Assert.Equal(2, Calculator(Pods(2), generousUp).ByUtilization(2, 50, "cpu", "", Metrics((0, 140), (1, 140))).Replicas);
        Assert.Equal(1, Calculator(Pods(2), generousUp).ByUtilization(2, 50, "cpu", "", Metrics((0, 48), (1, 48))).Replicas);
    }

    [Fact]
    public void Missing_metrics_count_as_nothing_on_the_way_up() =>
        // 3 pods at 150 %: nine would do; with a fourth that counts as using nothing, 112 % of 50 % are nine of four.
        Assert.Equal((9, 150), Utilization(50, Pods(4), (0, 300), (1, 300), (2, 300)));

    [Fact]
    public void Missing_metrics_count_as_all_that_is_requested_on_the_way_down() =>
        // 3 pods at 10 %; the fourth counts as 100 %: 32 % of 50 %, so three.
        Assert.Equal((3, 10), Utilization(50, Pods(4), (0, 20), (1, 20), (2, 20)));

    [Fact]
    public void Missing_metrics_never_turn_the_direction() =>
        // 1 pod at 40 % of 50 %, three count as 100 %: that would be more.
        Assert.Equal((4, 40), Utilization(50, Pods(4), (0, 80)));

    [Fact]
    public void Pods_that_do_not_run_yet_count_as_nothing_on_the_way_up()
    {
        var pods = Pods(3);
        pods[2].Status.Phase = "Pending";
        // 2 pods at 90 % of 50 %: 1.8, and 60 % with the third: 1.2 × 3 = 3.6.
        Assert.Equal((4, 90), Utilization(50, pods, (0, 180), (1, 180)));
    }

    [Fact]
    public void Pods_that_do_not_run_yet_are_left_out_on_the_way_down()
    {
        var pods = Pods(3);
        pods[2].Status.Phase = "Pending";
        Assert.Equal((1, 25), Utilization(50, pods, (0, 50), (1, 50)));
    }

    [Fact]
    public void Pods_that_end_or_have_ended_count_for_nothing()
    {
        var pods = Pods(4);
        pods[2].Deleting();
        pods[3].Status.Phase = "Succeeded";
        Assert.Equal((4, 100), Utilization(50, pods, (0, 200), (1, 200), (2, 900), (3, 900)));
    }

    [Fact]
    public void CPU_of_a_pod_that_starts_counts_once_it_was_measured_while_ready()
    {
        var pods = Pods(2);
        (pods[1].Status.StartTime, pods[1].Status.Conditions[0].LastTransitionTime) = (Some.Now.UtcDateTime.AddSeconds(-60), Some.Now.UtcDateTime.AddSeconds(-10));
        // The window of 15 s began before it was ready: it counts as using nothing on the way up.
        Assert.Equal((2, 100), Utilization(50, pods, (0, 200), (1, 2000)));
        pods[1].Status.Conditions[0].LastTransitionTime = Some.Now.UtcDateTime.AddSeconds(-15);
        Assert.Equal(22, Utilization(50, pods, (0, 200), (1, 2000)).Replicas);
    }

    [Fact]
    public void CPU_of_a_pod_that_never_was_ready_is_left_out()
    {
        var pods = Pods(2);
        pods[1].Status.Conditions[0].Status = "False";
        pods[1].Status.Conditions[0].LastTransitionTime = pods[1].Status.StartTime;
        Assert.Equal((2, 100), Utilization(50, pods, (0, 200), (1, 2000)));
        // One that was ready before counts although it is not now.
        pods[1].Status.Conditions[0].LastTransitionTime = pods[1].Status.StartTime!.Value.AddMinutes(2);
        Assert.Equal(22, Utilization(50, pods, (0, 200), (1, 2000)).Replicas);
    }

    [Fact]
    public void Memory_counts_from_the_start()
    {
        var pods = Pods(2);
        pods[1].Status.Conditions[0].Status = "False";
        pods[1].Status.StartTime = Some.Now.UtcDateTime;
        Assert.Equal(4, Calculator(pods, Usual).ByAverage(2, 100, false, Metrics((0, 200), (1, 200))).Replicas);
    }

    [Fact]
    public void Without_requests_there_is_no_utilization()
    {
        var pods = Pods(1);
        pods[0].Spec.Containers[0].Resources = null;
        Assert.Equal("missing request for cpu in container main of Pod p0", Calculator(pods, Usual).ByUtilization(1, 50, "cpu", "", Metrics((0, 1))).Error);
    }

    [Fact]
    public void A_container_resource_is_measured_against_its_own_request()
    {
        var pods = Pods(1);
        pods[0].Spec.Containers.Add(new V1Container { Name = "side" });
        Assert.Equal((2, 100), (Calculator(pods, Usual).ByUtilization(1, 50, "cpu", "main", Metrics((0, 200))) is var c ? (c.Replicas, c.Percent!.Value) : default));
        Assert.Equal("container nobody not found in Pod p0", Calculator(pods, Usual).ByUtilization(1, 50, "cpu", "nobody", Metrics((0, 200))).Error);
    }

    [Fact]
    public void Requests_of_the_whole_pod_and_of_sidecars_count()
    {
        var pods = Pods(1);
        pods[0].Spec.InitContainers = [new V1Container { Name = "side", RestartPolicy = "Always", Resources = Requests("200m") }, new V1Container { Name = "init" }];
        Assert.Equal(50, Calculator(pods, Usual).ByUtilization(1, 50, "cpu", "", Metrics((0, 200))).Percent);
        pods[0].Spec.Resources = Requests("1");
        Assert.Equal(20, Calculator(pods, Usual).ByUtilization(1, 50, "cpu", "", Metrics((0, 200))).Percent);
    }

    [Fact]
    public void Without_pods_or_metrics_nothing_can_be_said()
    {
        Assert.Equal("no pods returned by selector while calculating replica count", Calculator([], Usual).ByUtilization(1, 50, "cpu", "", Metrics((0, 1))).Error);
        Assert.Equal("did not receive metrics for targeted pods (pods might be unready)", Calculator(Pods(1), Usual).ByUtilization(1, 50, "cpu", "", Metrics()).Error);
    }

    [Fact]
    public void A_value_scales_the_ready_pods()
    {
        Assert.Equal(6, Calculator(Pods(3), Usual).ByValue(3, 1000, 2000).Replicas);
        Assert.Equal(3, Calculator(Pods(3), Usual).ByValue(3, 1000, 1050).Replicas);
        // From nothing, the ratio alone tells.
        Assert.Equal(2, Calculator([], Usual).ByValue(0, 1000, 1500).Replicas);
        Assert.Equal(0, Calculator([], Usual).ByValue(0, 1000, 0).Replicas);
    }

    [Fact]
    public void A_value_per_pod_is_divided_among_them()
    {
        Assert.Equal(new Calculation(5, 1667), Calculator(Pods(3), Usual).ByValuePerPod(3, 1000, 5000));
        Assert.Equal(new Calculation(3, 1000), Calculator(Pods(3), Usual).ByValuePerPod(3, 1000, 3000));
        Assert.Equal(new Calculation(5, 0), Calculator([], Usual).ByValuePerPod(0, 1000, 5000));
    }

    [Fact]
    public void More_usage_never_asks_for_less_and_the_direction_is_that_of_the_usage() =>
        Gen.Select(Gen.Int[1, 100], Gen.Int[0, 400].Array[1, 8], Gen.Int[0, 3]).Sample((target, percents, missing) =>
        {
            var pods = Pods(percents.Length + missing);
            var calculator = Calculator(pods, Usual);
            Calculation Of(int more) => calculator.ByUtilization(pods.Count, target, "cpu", "", Metrics([.. percents.Select((p, i) => (i, (2 * p) + more))]));
            var (less, more) = (Of(0), Of(20));
            Assert.True(more.Replicas >= less.Replicas);
            var average = percents.Sum() / (double)percents.Length;
            if (less.Replicas > pods.Count)
                Assert.True(average > target);
            if (less.Replicas < pods.Count)
                Assert.True(average < target + 1);
        });

    private static (int Replicas, int Percent) Utilization(int target, List<V1Pod> pods, params (int Pod, long Milli)[] metrics)
    {
        var calculation = Calculator(pods, Usual).ByUtilization(pods.Count, target, "cpu", "", Metrics(metrics));
        Assert.Null(calculation.Error);
        return (calculation.Replicas, calculation.Percent!.Value);
    }

    private static ReplicaCalculator Calculator(List<V1Pod> pods, Tolerances tolerances) => new(pods, tolerances, AutoscalerSettings.Default, Some.Now);

    private static Dictionary<string, PodMetric> Metrics(params (int Pod, long Milli)[] metrics) =>
        metrics.ToDictionary(m => $"p{m.Pod}", m => new PodMetric(m.Milli, Some.Now, TimeSpan.FromSeconds(15)));

    // Pods that have been ready for long, each of which requests 200m.
    internal static List<V1Pod> Pods(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i =>
        {
            var pod = Some.Pod($"p{i}").Ready(Some.Now.AddHours(-1));
            pod.Status.StartTime = Some.Now.UtcDateTime.AddHours(-1);
            pod.Spec.Containers[0].Resources = Requests("200m");
            return pod;
        }),
    ];

    private static V1ResourceRequirements Requests(string cpu) => new() { Requests = new Dictionary<string, ResourceQuantity> { ["cpu"] = new(cpu) } };
}
