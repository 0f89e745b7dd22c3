using ActorKube.ControllerManager.Autoscaling;
using ActorKube.ControllerManager.Tests.Fakes;
using CsCheck;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Autoscaling;

/// <summary>Behaviours of https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#configurable-scaling-behavior</summary>
public sealed class NormalizationTests
{
    private AutoscalerMemory _memory = AutoscalerMemory.Empty;
    private DateTimeOffset _now = Some.Now;

    [Fact]
    public void Without_behavior_there_are_at_most_twice_as_many_or_four()
    {
        Assert.Equal((4, "ScaleUpLimit"), Plain(1, 50));
        Assert.Equal((20, "ScaleUpLimit"), Plain(10, 50));
    }

    [Fact]
    public void The_highest_and_the_lowest_number_are_kept()
    {
        Assert.Equal((100, "TooManyReplicas"), Plain(60, 500));
        _now += TimeSpan.FromMinutes(10);
        Assert.Equal((2, "TooFewReplicas"), Plain(3, 1));
    }

    [Fact]
    public void There_are_not_fewer_before_the_highest_recommendation_of_five_minutes_is_over()
    {
        Assert.Equal((8, "DesiredWithinRange"), Plain(4, 8));
        _now += TimeSpan.FromMinutes(4);
        Assert.Equal((8, "DesiredWithinRange"), Plain(8, 3));
        Assert.Equal("ScaleDownStabilized", _able);
        _now += TimeSpan.FromMinutes(2);
        Assert.Equal((3, "DesiredWithinRange"), Plain(8, 3));
        Assert.Equal("ReadyForNewScale", _able);
    }

    [Fact]
    public void A_stabilization_window_of_zero_follows_at_once()
    {
        var behavior = Behavior(Rules(0, ("Percent", 100, 15)), Rules(0, ("Percent", 100, 15)));
        Assert.Equal((8, "DesiredWithinRange"), With(behavior, 4, 8));
        Assert.Equal((3, "DesiredWithinRange"), With(behavior, 8, 3));
    }

    [Fact]
    public void A_stabilization_window_on_the_way_up_takes_the_lowest_recommendation()
    {
        var behavior = Behavior(Rules(60, ("Percent", 100, 15)), Rules(0, ("Percent", 100, 15)));
        With(behavior, 4, 4);
        _now += TimeSpan.FromSeconds(30);
        Assert.Equal((4, "DesiredWithinRange"), With(behavior, 4, 8));
        Assert.Equal("ScaleUpStabilized", _able);
        _now += TimeSpan.FromSeconds(31);
        Assert.Equal((8, "DesiredWithinRange"), With(behavior, 4, 8));
    }

    [Fact]
    public void The_window_on_the_way_down_is_five_minutes_where_it_is_not_set()
    {
        var behavior = Behavior(Rules(0, ("Percent", 100, 15)), Rules(null, ("Percent", 100, 15)));
        With(behavior, 8, 8);
        _now += TimeSpan.FromMinutes(4);
        Assert.Equal(8, With(behavior, 8, 2).Replicas);
        _now += TimeSpan.FromMinutes(2);
        Assert.Equal(2, With(behavior, 8, 2).Replicas);
    }

    [Fact]
    public void The_policy_of_the_largest_change_is_taken()
    {
        var up = Rules(0, ("Pods", 4, 60), ("Percent", 10, 60));
        Assert.Equal((14, "ScaleUpLimit"), With(Behavior(up, Rules(0, ("Percent", 100, 15))), 10, 90));
        Assert.Equal((88, "ScaleUpLimit"), With(Behavior(up, Rules(0, ("Percent", 100, 15))), 80, 95));
    }

    [Fact]
    public void With_Min_the_policy_of_the_least_change_is_taken()
    {
        var rules = Rules(0, ("Pods", 4, 60), ("Percent", 10, 60));
        rules.SelectPolicy = "Min";
        Assert.Equal((11, "ScaleUpLimit"), With(Behavior(rules, Rules(0, ("Percent", 100, 15))), 10, 90));
        Assert.Equal((9, "ScaleDownLimit"), With(Behavior(Rules(0, ("Percent", 100, 15)), rules), 10, 2));
    }

    [Fact]
    public void With_Disabled_there_is_no_change_in_that_direction()
    {
        var disabled = Rules(0, ("Percent", 100, 15));
        disabled.SelectPolicy = "Disabled";
        Assert.Equal((10, "ScaleDownLimit"), With(Behavior(Rules(0, ("Percent", 100, 15)), disabled), 10, 2));
        Assert.Equal((20, "DesiredWithinRange"), With(Behavior(Rules(0, ("Percent", 100, 15)), disabled), 10, 20));
    }

    [Fact]
    public void A_policy_counts_what_was_changed_within_its_period()
    {
        var behavior = Behavior(Rules(0, ("Pods", 4, 60)), Rules(0, ("Pods", 1, 60)));
        Assert.Equal(14, Rescaled(behavior, 10, 90));
        _now += TimeSpan.FromSeconds(30);
        Assert.Equal((14, "ScaleUpLimit"), With(behavior, 14, 90));
        _now += TimeSpan.FromSeconds(31);
        Assert.Equal((18, "ScaleUpLimit"), With(behavior, 14, 90));
    }

    [Fact]
    public void What_went_down_within_the_period_may_come_back()
    {
        var behavior = Behavior(Rules(0, ("Pods", 1, 60)), Rules(0, ("Pods", 5, 60)));
        Assert.Equal(5, Rescaled(behavior, 10, 2));
        // The period began with ten: up to eleven.
        Assert.Equal((11, "ScaleUpLimit"), With(behavior, 5, 90));
    }

    [Fact]
    public void A_percentage_of_few_is_one_at_least_on_the_way_up() =>
        Assert.Equal((4, "ScaleUpLimit"), With(Behavior(Rules(0, ("Percent", 10, 60)), Rules(0, ("Percent", 100, 15))), 3, 90));

    [Fact]
    public void Whatever_is_recommended_the_number_is_within_its_bounds_and_goes_no_other_way() =>
        Gen.Select(Gen.Int[2, 100], Gen.Int[0, 200].Array[1, 20], Gen.Int[0, 120].Array[20], Gen.Bool).Sample((start, recommended, gaps, hasBehavior) =>
        {
            var (memory, now, current) = (AutoscalerMemory.Empty.Begin(start, Some.Now), Some.Now, start);
            var spec = Spec(hasBehavior ? Behavior(Rules(30, ("Pods", 4, 60), ("Percent", 50, 30)), Rules(60, ("Percent", 20, 60))) : null);
            for (var i = 0; i < recommended.Length; i++)
            {
                now = now.AddSeconds(gaps[i]);
                var next = Normalization.Of(spec, current, recommended[i], memory, AutoscalerSettings.Default, now);
                Assert.InRange(next.Replicas, 2, 100);
                // Without a behavior the highest recommendation of the window is still followed, step by step.
                if (hasBehavior && recommended[i] <= current)
                    Assert.True(next.Replicas <= current);
                memory = next.Memory.Rescaled(spec.Behavior, current, next.Replicas, now);
                if (next.Replicas < current)
                    Assert.True(next.Replicas >= Math.Min(recommended[i], current));
                current = next.Replicas;
            }
        });

    private string _able = "";

    private int Rescaled(V2HorizontalPodAutoscalerBehavior behavior, int current, int desired)
    {
        var replicas = With(behavior, current, desired).Replicas;
        _memory = _memory.Rescaled(behavior, current, replicas, _now);
        return replicas;
    }

    private (int Replicas, string Limited) Plain(int current, int desired) => Of(Spec(null), current, desired);

    private (int Replicas, string Limited) With(V2HorizontalPodAutoscalerBehavior behavior, int current, int desired) => Of(Spec(behavior), current, desired);

    private (int Replicas, string Limited) Of(V2HorizontalPodAutoscalerSpec spec, int current, int desired)
    {
        var normalized = Normalization.Of(spec, current, desired, _memory, AutoscalerSettings.Default, _now);
        (_memory, _able) = (normalized.Memory, normalized.AbleToScale.Reason);
        return (normalized.Replicas, normalized.ScalingLimited.Reason);
    }

    private static V2HorizontalPodAutoscalerSpec Spec(V2HorizontalPodAutoscalerBehavior? behavior) => new() { MinReplicas = 2, MaxReplicas = 100, Behavior = behavior };

    private static V2HorizontalPodAutoscalerBehavior Behavior(V2HPAScalingRules up, V2HPAScalingRules down) => new() { ScaleUp = up, ScaleDown = down };

    private static V2HPAScalingRules Rules(int? window, params (string Type, int Value, int Period)[] policies) => new()
    {
        StabilizationWindowSeconds = window,
        SelectPolicy = "Max",
        Policies = [.. policies.Select(p => new V2HPAScalingPolicy { Type = p.Type, Value = p.Value, PeriodSeconds = p.Period })],
    };
}
