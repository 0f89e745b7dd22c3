using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>What one metric of an autoscaler asks for.</summary>
/// <param name="Replicas">How many replicas.</param>
/// <param name="Metric">The metric's name for people, such as <c>cpu resource utilization (percentage of request)</c>.</param>
/// <param name="Status">Its entry in <c>status.currentMetrics</c>.</param>
internal sealed record Proposal(int Replicas, string Metric, V2MetricStatus Status)
{
    /// <summary>The reason why nothing can be said, such as <c>FailedGetResourceMetric</c>; null when it can.</summary>
    public string? Reason { get; private init; }

    /// <summary>What went wrong, for an event and a condition.</summary>
    public string Message { get; private init; } = "";

    /// <summary>What went wrong and where, for the failure of the whole.</summary>
    public string Context { get; private init; } = "";

    /// <summary>Nothing can be said.</summary>
    public static Proposal Failed(string reason, string message, string context) => new(0, "", new V2MetricStatus { Type = "" }) { Reason = reason, Message = message, Context = context };
}
