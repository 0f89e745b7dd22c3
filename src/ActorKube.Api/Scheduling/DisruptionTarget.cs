using k8s.Models;

namespace ActorKube.Api.Scheduling;

/// <summary>
/// The condition of a pod that the cluster is about to end: who reads it can tell that from a failure.
/// Source: https://kubernetes.io/docs/concepts/workloads/pods/disruptions/#pod-disruption-conditions
/// </summary>
public static class DisruptionTarget
{
    /// <summary>The condition's type.</summary>
    public const string Type = "DisruptionTarget";

    /// <summary>Whether the pod says so.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="reason">For this reason; null for any.</param>
    public static bool IsIn(V1Pod pod, string? reason = null) =>
        pod.Status?.Conditions?.Any(c => c.Type == Type && c.Status == "True" && (reason is null || c.Reason == reason)) == true;

    /// <summary>The pod's conditions with this one, in place of an earlier one.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="reason">Such as <c>EvictionByEvictionAPI</c>.</param>
    /// <param name="message">A sentence for people.</param>
    /// <param name="now">UTC.</param>
    public static List<V1PodCondition> AddTo(V1Pod pod, string reason, string message, DateTime now) =>
    [
        .. (pod.Status?.Conditions ?? []).Where(c => c.Type != Type),
        new V1PodCondition { Type = Type, Status = "True", Reason = reason, Message = message, LastTransitionTime = now },
    ];
}
