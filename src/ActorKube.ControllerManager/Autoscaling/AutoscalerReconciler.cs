using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>
/// How many replicas an autoscaler's target is to have, and what is to be said about it. Pure.
/// Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/
/// </summary>
internal static class AutoscalerReconciler
{
    private const string AbleToScale = "AbleToScale";
    private const string ScalingActive = "ScalingActive";
    private const string ScalingLimited = "ScalingLimited";

    /// <summary>Whether metrics tell what is to be: not where scaling is off, or the number is out of its bounds.</summary>
    public static bool NeedsMetrics(V2HorizontalPodAutoscalerSpec spec, V1Scale scale) =>
        !IsDisabled(spec, scale) && scale.Spec.Replicas <= spec.MaxReplicas && scale.Spec.Replicas >= (spec.MinReplicas ?? 1) && !string.IsNullOrEmpty(scale.Status?.Selector);

    /// <summary>The scale could not be read.</summary>
    public static AutoscalerDecision WithoutScale(V2HorizontalPodAutoscaler autoscaler, string error, AutoscalerMemory memory, DateTimeOffset now)
    {
        var status = Copy(autoscaler);
        Set(status, AbleToScale, false, "FailedGetScale", $"the HPA controller was unable to get the target's current scale: {error}", now);
        return new AutoscalerDecision(status, memory, [new Told("Warning", "FailedGetScale", error)]);
    }

    /// <summary>The scale could not be written.</summary>
    public static AutoscalerDecision NotRescaled(Observed observed, AutoscalerDecision decision, string error, DateTimeOffset now)
    {
        var status = decision.Status;
        Set(status, AbleToScale, false, "FailedUpdateScale", $"the HPA controller was unable to update the target scale: {error}", now);
        (status.DesiredReplicas, status.LastScaleTime) = (observed.Autoscaler.Status?.DesiredReplicas ?? 0, observed.Autoscaler.Status?.LastScaleTime);
        return decision with
        {
            Memory = decision.Memory with { Ups = observed.Memory.Ups, Downs = observed.Memory.Downs },
            Events = [.. decision.Events.Where(e => e.Reason != "SuccessfulRescale"), new Told("Warning", "FailedRescale", $"New size: {decision.Rescale}; reason: {decision.Because}; error: {error}")],
        };
    }

    /// <summary>What is to be done.</summary>
    public static AutoscalerDecision Decide(Observed observed, AutoscalerSettings settings, DateTimeOffset now)
    {
        var (spec, scale) = (observed.Autoscaler.Spec, observed.Scale);
        var (current, min) = (scale.Spec.Replicas ?? 0, spec.MinReplicas ?? 1);
        var status = Copy(observed.Autoscaler);
        var memory = observed.Memory.Begin(current, now);
        Set(status, AbleToScale, true, "SucceededGetScale", "the HPA controller was able to get the target's current scale", now);
        if (IsDisabled(spec, scale))
        {
            Set(status, ScalingActive, false, "ScalingDisabled", "scaling is disabled since the replica count of the target is zero", now);
            return new AutoscalerDecision(Finish(status, observed, current, current, null), memory, []);
        }

        if (current > spec.MaxReplicas)
            return Rescale(observed, status, memory, [], current, spec.MaxReplicas, "Current number of replicas above Spec.MaxReplicas", null, now);
        if (current < min)
            return Rescale(observed, status, memory, [], current, min, "Current number of replicas below Spec.MinReplicas", null, now);
        return ByMetrics(observed, status, memory, current, settings, now);
    }

    private static AutoscalerDecision ByMetrics(Observed observed, V2HorizontalPodAutoscalerStatus status, AutoscalerMemory memory, int current, AutoscalerSettings settings, DateTimeOffset now)
    {
        var (spec, scale) = (observed.Autoscaler.Spec, observed.Scale);
        if (WrongSelector(observed) is { } wrong)
        {
            Set(status, ScalingActive, false, wrong.Condition, wrong.Message, now);
            return Fail([wrong.Event], wrong.Event.Message, null);
        }

        var calculator = new ReplicaCalculator(observed.Pods, TolerancesOf(spec, settings), settings, now);
        var evaluation = new MetricEvaluation(calculator, observed.Autoscaler.Metadata.NamespaceProperty ?? "", current, scale.Status?.Replicas ?? 0);
        var proposals = (spec.Metrics ?? []).Zip(observed.Readings, evaluation.Of).ToList();
        var failed = proposals.Where(p => p.Reason is not null).ToList();
        var best = proposals.Where(p => p.Reason is null).Aggregate((Proposal?)null, (best, p) => best is null || p.Replicas > best.Replicas ? p : best);
        var events = failed.Select(f => new Told("Warning", f.Reason!, f.Message)).ToList();
        var statuses = proposals.Select(p => p.Status).ToList();

        // Where only some are known, there may be more for those, but not less: the others might ask for it.
        if (best is null || (failed.Count > 0 && best.Replicas < current))
        {
            if (failed.Count > 0)
                Set(status, ScalingActive, false, failed[0].Reason!, $"the HPA was unable to compute the replica count: {failed[0].Message}", now);
            return Fail(events, $"invalid metrics ({failed.Count} invalid out of {proposals.Count}), first error is: {failed.FirstOrDefault()?.Context}", statuses);
        }

        Set(status, ScalingActive, true, "ValidMetricFound", $"the HPA was able to successfully calculate a replica count from {best.Metric}", now);
        var because = best.Replicas > current ? $"{best.Metric} above target" : best.Replicas < current ? "All metrics below target" : "";
        var allowed = Normalization.Of(spec, current, best.Replicas, memory, settings, now);
        Set(status, AbleToScale, true, allowed.AbleToScale.Reason, allowed.AbleToScale.Message, now);
        Set(status, ScalingLimited, allowed.ScalingLimited.Holds, allowed.ScalingLimited.Reason, allowed.ScalingLimited.Message, now);
        return allowed.Replicas == current
            ? new AutoscalerDecision(Finish(status, observed, current, current, statuses), allowed.Memory, events)
            : Rescale(observed, status, allowed.Memory, events, current, allowed.Replicas, because, statuses, now);

        AutoscalerDecision Fail(IReadOnlyList<Told> first, string message, List<V2MetricStatus>? statuses) => new(
            Finish(status, observed, current, observed.Autoscaler.Status?.DesiredReplicas ?? 0, statuses), memory, [.. first, new Told("Warning", "FailedComputeMetricsReplicas", message)]);
    }

    private static AutoscalerDecision Rescale(
        Observed observed, V2HorizontalPodAutoscalerStatus status, AutoscalerMemory memory, IReadOnlyList<Told> events, int current, int desired, string because, List<V2MetricStatus>? statuses, DateTimeOffset now)
    {
        Set(status, AbleToScale, true, "SucceededRescale", $"the HPA controller was able to update the target scale to {desired}", now);
        status.LastScaleTime = Seconds(now);
        return new AutoscalerDecision(
            Finish(status, observed, current, desired, statuses), memory.Rescaled(observed.Autoscaler.Spec.Behavior, current, desired, now),
            [.. events, new Told("Normal", "SuccessfulRescale", $"New size: {desired}; reason: {because}")], desired, because);
    }

    private static (string Condition, string Message, Told Event)? WrongSelector(Observed observed)
    {
        var selector = observed.Scale.Status?.Selector;
        if (string.IsNullOrEmpty(selector))
            return ("InvalidSelector", "the HPA target's scale is missing a selector", new Told("Warning", "SelectorRequired", "selector is required"));
        if (!LabelSelector.TryParse(selector, out _, out var error))
        {
            var message = $"couldn't convert selector into a corresponding internal selector object: {error}";
            return ("InvalidSelector", message, new Told("Warning", "InvalidSelector", message));
        }

        if (observed.Others.Count == 0)
            return null;
        var ns = observed.Autoscaler.Metadata.NamespaceProperty;
        var all = string.Join(' ', observed.Others.Append(observed.Autoscaler.Metadata.Name).Order(StringComparer.Ordinal).Take(2).Select(n => $"{ns}/{n}"));
        var ambiguous = $"pods by selector {selector} are controlled by more than one HPA (e.g. [{all}])";
        return ("AmbiguousSelector", ambiguous, new Told("Warning", "AmbiguousSelector", ambiguous));
    }

    private static Tolerances TolerancesOf(V2HorizontalPodAutoscalerSpec spec, AutoscalerSettings settings) => new(
        spec.Behavior?.ScaleDown?.Tolerance is { } down ? Quantity.From(down).ToDouble() : settings.Tolerance,
        spec.Behavior?.ScaleUp?.Tolerance is { } up ? Quantity.From(up).ToDouble() : settings.Tolerance);

    private static bool IsDisabled(V2HorizontalPodAutoscalerSpec spec, V1Scale scale) => (scale.Spec.Replicas ?? 0) == 0 && (spec.MinReplicas ?? 1) != 0;

    private static V2HorizontalPodAutoscalerStatus Finish(V2HorizontalPodAutoscalerStatus status, Observed observed, int current, int desired, List<V2MetricStatus>? metrics)
    {
        (status.CurrentReplicas, status.DesiredReplicas, status.CurrentMetrics) = (current, desired, metrics);
        status.ObservedGeneration = observed.Autoscaler.Metadata.Generation;
        return status;
    }

    private static V2HorizontalPodAutoscalerStatus Copy(V2HorizontalPodAutoscaler autoscaler) => new()
    {
        CurrentReplicas = autoscaler.Status?.CurrentReplicas,
        DesiredReplicas = autoscaler.Status?.DesiredReplicas ?? 0,
        LastScaleTime = autoscaler.Status?.LastScaleTime,
        CurrentMetrics = autoscaler.Status?.CurrentMetrics,
        ObservedGeneration = autoscaler.Status?.ObservedGeneration,
        Conditions = [.. autoscaler.Status?.Conditions ?? []],
    };

    private static void Set(V2HorizontalPodAutoscalerStatus status, string type, bool holds, string reason, string message, DateTimeOffset now)
    {
        var at = status.Conditions.ToList().FindIndex(c => c.Type == type);
        var value = holds ? "True" : "False";
        var condition = new V2HorizontalPodAutoscalerCondition
        {
            Type = type,
            Status = value,
            Reason = reason,
            Message = message,
            LastTransitionTime = at >= 0 && status.Conditions[at].Status == value ? status.Conditions[at].LastTransitionTime : Seconds(now),
        };
        if (at >= 0)
            status.Conditions[at] = condition;
        else
            status.Conditions.Add(condition);
    }

    private static DateTime Seconds(DateTimeOffset now) => new(now.UtcTicks - (now.UtcTicks % TimeSpan.TicksPerSecond), DateTimeKind.Utc);
}
