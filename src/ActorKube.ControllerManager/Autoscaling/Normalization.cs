using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>Why a number of replicas is what it is.</summary>
internal sealed record Because(bool Holds, string Reason, string Message);

/// <summary>A number of replicas within what is allowed.</summary>
/// <param name="Replicas">How many.</param>
/// <param name="AbleToScale">For the condition AbleToScale.</param>
/// <param name="ScalingLimited">For the condition ScalingLimited.</param>
/// <param name="Memory">With the recommendation.</param>
internal sealed record Normalized(int Replicas, Because AbleToScale, Because ScalingLimited, AutoscalerMemory Memory);

/// <summary>
/// Brings a recommendation within what the autoscaler allows: first stabilized (no lower than the highest recommendation of the last minutes, no higher than the lowest),
/// then limited by policies (so many pods or percent in so many seconds) and by the lowest and highest number. Pure.
/// Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#configurable-scaling-behavior
/// </summary>
internal static class Normalization
{
    private const double UpFactor = 2.0;
    private const int UpMinimum = 4;

    private static readonly Because Ready = new(true, "ReadyForNewScale", "recommended size matches current size");
    private static readonly Because WithinRange = new(false, "DesiredWithinRange", "the desired count is within the acceptable range");
    private static readonly Because TooMany = new(true, "TooManyReplicas", "the desired replica count is more than the maximum replica count");
    private static readonly Because TooFew = new(true, "TooFewReplicas", "the desired replica count is less than the minimum replica count");
    private static readonly Because UpLimit = new(true, "ScaleUpLimit", "the desired replica count is increasing faster than the maximum scale rate");
    private static readonly Because DownLimit = new(true, "ScaleDownLimit", "the desired replica count is decreasing faster than the maximum scale rate");
    private static readonly Because DownStabilized = new(true, "ScaleDownStabilized", "recent recommendations were higher than current one, applying the highest recent recommendation");
    private static readonly Because UpStabilized = new(true, "ScaleUpStabilized", "recent recommendations were lower than current one, applying the lowest recent recommendation");

    /// <summary>The number that is allowed.</summary>
    public static Normalized Of(V2HorizontalPodAutoscalerSpec spec, int current, int desired, AutoscalerMemory memory, AutoscalerSettings settings, DateTimeOffset now) => spec.Behavior is { } behavior
        ? WithBehavior(spec, behavior, current, desired, memory, settings, now)
        : Plain(spec, current, desired, memory, settings, now);

    private static Normalized Plain(V2HorizontalPodAutoscalerSpec spec, int current, int desired, AutoscalerMemory memory, AutoscalerSettings settings, DateTimeOffset now)
    {
        var stable = memory.Recommendations.Where(r => r.Time >= now - settings.DownscaleStabilization).Select(r => r.Count).Append(desired).Max();
        var (highest, tooHigh) = Lower(spec.MaxReplicas, (int)Math.Max(UpFactor * current, UpMinimum));
        var min = spec.MinReplicas ?? 1;
        var (replicas, limited) = stable < min ? (min, TooFew) : stable > highest ? (highest, tooHigh) : (stable, WithinRange);
        return new Normalized(replicas, stable == desired ? Ready : DownStabilized, limited, memory.Recommend(desired, settings.DownscaleStabilization, now));
    }

    private static Normalized WithBehavior(
        V2HorizontalPodAutoscalerSpec spec, V2HorizontalPodAutoscalerBehavior behavior, int current, int desired, AutoscalerMemory memory, AutoscalerSettings settings, DateTimeOffset now)
    {
        var upWindow = TimeSpan.FromSeconds(behavior.ScaleUp?.StabilizationWindowSeconds ?? 0);
        var downWindow = behavior.ScaleDown?.StabilizationWindowSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : settings.DownscaleStabilization;
        var lowest = memory.Recommendations.Where(r => r.Time > now - upWindow).Select(r => r.Count).Append(desired).Min();
        var highest = memory.Recommendations.Where(r => r.Time > now - downWindow).Select(r => r.Count).Append(desired).Max();
        var stable = Math.Min(Math.Max(current, lowest), highest);
        var able = stable == desired ? Ready : desired >= current ? UpStabilized : DownStabilized;
        var (replicas, limited) = Limit(spec, behavior, current, stable, memory, now);
        return new Normalized(replicas, able, limited, memory.Recommend(desired, upWindow > downWindow ? upWindow : downWindow, now));
    }

    private static (int Replicas, Because Limited) Limit(
        V2HorizontalPodAutoscalerSpec spec, V2HorizontalPodAutoscalerBehavior behavior, int current, int desired, AutoscalerMemory memory, DateTimeOffset now)
    {
        if (desired > current)
        {
            // Where more came already than the policies allow, nothing goes: it is waited until the period is over.
            var (highest, why) = Lower(spec.MaxReplicas, Math.Max(current, Furthest(behavior.ScaleUp, current, up: true, memory, now)));
            return desired > highest ? (highest, why) : (desired, WithinRange);
        }

        if (desired < current)
        {
            var limit = Math.Min(current, Furthest(behavior.ScaleDown, current, up: false, memory, now));
            var (lowest, why) = (spec.MinReplicas ?? 1) < limit ? (limit, DownLimit) : (spec.MinReplicas ?? 1, TooFew);
            return desired < lowest ? (lowest, why) : (desired, WithinRange);
        }

        return (desired, WithinRange);
    }

    // How far the policies let it go from what there was when their period began.
    private static int Furthest(V2HPAScalingRules? rules, int current, bool up, AutoscalerMemory memory, DateTimeOffset now)
    {
        if (rules?.SelectPolicy == "Disabled")
            return current;
        var proposals = (rules?.Policies ?? []).Select(p => Proposed(p, current - memory.ChangeWithin(p.PeriodSeconds, now), up)).ToList();
        if (proposals.Count == 0)
            return up ? int.MaxValue : 0;

        // The policy of the least change is the lowest number on the way up and the highest on the way down.
        return rules!.SelectPolicy == "Min" == up ? proposals.Min() : proposals.Max();
    }

    private static int Proposed(V2HPAScalingPolicy policy, int atStart, bool up) => (policy.Type, up) switch
    {
        ("Pods", true) => Bounded((long)atStart + policy.Value),
        ("Pods", false) => atStart - policy.Value,
        // Rounded up: ten percent of three more is one more, or there would never be any.
        (_, true) => Bounded((long)Math.Ceiling(atStart * (1 + (policy.Value / 100.0)))),
        (_, false) => (int)(atStart * (1 - (policy.Value / 100.0))),
    };

    private static int Bounded(long replicas) => (int)Math.Min(replicas, int.MaxValue);

    private static (int Highest, Because TooHigh) Lower(int max, int rate) => max > rate ? (rate, UpLimit) : (max, TooMany);
}
