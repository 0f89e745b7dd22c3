using k8s.Models;

namespace ActorKube.ControllerManager.Common;

/// <summary>What controllers ask of a pod. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/</summary>
internal static class PodFacts
{
    /// <summary>Whether it still runs or will run: neither finished nor on its way out.</summary>
    public static bool IsActive(V1Pod pod) => !IsTerminal(pod) && pod.Metadata.DeletionTimestamp is null;

    /// <summary>Whether it has finished for good.</summary>
    public static bool IsTerminal(V1Pod pod) => pod.Status?.Phase is "Succeeded" or "Failed";

    /// <summary>Whether it is on its way out but has not ended.</summary>
    public static bool IsTerminating(V1Pod pod) => !IsTerminal(pod) && pod.Metadata.DeletionTimestamp is not null;

    /// <summary>Whether its Ready condition holds.</summary>
    public static bool IsReady(V1Pod pod) => ReadyCondition(pod)?.Status == "True";

    /// <summary>Its Ready condition, or null.</summary>
    public static V1PodCondition? ReadyCondition(V1Pod pod) => pod.Status?.Conditions?.FirstOrDefault(c => c.Type == "Ready");

    /// <summary>Whether it has been ready for <paramref name="minReadySeconds"/>.</summary>
    public static bool IsAvailable(V1Pod pod, int minReadySeconds, DateTimeOffset now) => WaitUntilAvailable(pod, minReadySeconds, now) == TimeSpan.Zero;

    /// <summary>How long a ready pod still has to stay ready to be available; null when it is not ready.</summary>
    public static TimeSpan? WaitUntilAvailable(V1Pod pod, int minReadySeconds, DateTimeOffset now)
    {
        if (ReadyCondition(pod) is not { Status: "True" } ready)
            return null;
        if (minReadySeconds == 0 || ready.LastTransitionTime is not { } since)
            return TimeSpan.Zero;
        var wait = since.AddSeconds(minReadySeconds) - now.UtcDateTime;
        return wait > TimeSpan.Zero ? wait : TimeSpan.Zero;
    }
}
