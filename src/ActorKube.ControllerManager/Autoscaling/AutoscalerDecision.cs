using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>Something to be told about an autoscaler.</summary>
internal sealed record Told(string Type, string Reason, string Message);

/// <summary>What is to be done for an autoscaler.</summary>
/// <param name="Status">The status to be written, as if all else works out.</param>
/// <param name="Memory">What is to be remembered, as if all else works out.</param>
/// <param name="Events">What is to be told.</param>
/// <param name="Rescale">The number of replicas to be set; null when nothing is.</param>
/// <param name="Because">Why, such as <c>cpu resource utilization (percentage of request) above target</c>.</param>
internal sealed record AutoscalerDecision(V2HorizontalPodAutoscalerStatus Status, AutoscalerMemory Memory, IReadOnlyList<Told> Events, int? Rescale = null, string Because = "");

/// <summary>What an autoscaler's decision is made from.</summary>
/// <param name="Autoscaler">The autoscaler.</param>
/// <param name="Scale">Its target's scale.</param>
/// <param name="Pods">The pods that the scale's selector selects.</param>
/// <param name="Others">Names of other autoscalers that select some of these pods.</param>
/// <param name="Readings">What was read of its metrics, in their order; empty when <see cref="AutoscalerReconciler.NeedsMetrics"/> says that none are needed.</param>
/// <param name="Memory">What is remembered of it.</param>
internal sealed record Observed(
    V2HorizontalPodAutoscaler Autoscaler, V1Scale Scale, IReadOnlyList<V1Pod> Pods, IReadOnlyList<string> Others, IReadOnlyList<MetricReading> Readings, AutoscalerMemory Memory);
