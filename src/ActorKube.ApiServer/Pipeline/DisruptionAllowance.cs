using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>
/// Whether a PodDisruptionBudget lets a pod go now, and what it is afterwards. Pure.
/// Source: https://kubernetes.io/docs/concepts/scheduling-eviction/api-eviction/
/// </summary>
internal static class DisruptionAllowance
{
    /// <summary>The budget with the pod's eviction in it; null when the pod may go without. Throws the 429 Status when it may not.</summary>
    /// <param name="budget">The budget, shared: it is copied.</param>
    /// <param name="pod">The pod to evict.</param>
    /// <param name="now">The time.</param>
    public static V1PodDisruptionBudget? Take(V1PodDisruptionBudget budget, V1Pod pod, DateTime now)
    {
        var status = budget.Status ?? new V1PodDisruptionBudgetStatus();
        var ready = pod.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;
        if (!ready)
        {
            // One that does not serve is missed by nobody, as long as the others are enough.
            if (budget.Spec.UnhealthyPodEvictionPolicy == "AlwaysAllow" || (status.CurrentHealthy >= status.DesiredHealthy && status.DesiredHealthy > 0))
            {
                return null;
            }
        }

        if ((status.ObservedGeneration ?? 0) < (budget.Metadata.Generation ?? 0))
        {
            throw Refusal($"The disruption budget {budget.Metadata.Name} is still being processed by the server.", retryAfter: 10);
        }

        if (status.DisruptionsAllowed <= 0)
        {
            throw Refusal($"The disruption budget {budget.Metadata.Name} needs {status.DesiredHealthy} healthy pods and has {status.CurrentHealthy} currently");
        }

        var changed = ApiJson.Copy(budget);
        changed.Status.DisruptionsAllowed--;
        changed.Status.DisruptedPods ??= new Dictionary<string, DateTime?>();
        changed.Status.DisruptedPods[pod.Metadata.Name] = now;
        return changed;
    }

    /// <summary>The 429 Status that says why.</summary>
    public static ApiException Refusal(string why, int? retryAfter = null)
    {
        var status = ApiError.Status(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.");
        status.Details = new V1StatusDetails { Causes = [new V1StatusCause { Reason = "DisruptionBudget", Message = why }], RetryAfterSeconds = retryAfter };
        return new ApiException(status);
    }
}
