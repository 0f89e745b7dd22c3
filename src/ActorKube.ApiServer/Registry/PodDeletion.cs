using k8s.Models;

namespace ActorKube.ApiServer.Registry;

/// <summary>How long a pod may take to end. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination</summary>
internal static class PodDeletion
{
    private const long DefaultSeconds = 30;

    /// <summary>The request's period, else the pod's own; 0 for a pod that no kubelet runs: not bound yet, or finished.</summary>
    public static long GracePeriodSeconds(V1Pod pod, V1DeleteOptions options)
    {
        if (string.IsNullOrEmpty(pod.Spec?.NodeName) || pod.Status?.Phase is "Failed" or "Succeeded")
        {
            return 0;
        }

        var period = options.GracePeriodSeconds ?? pod.Spec.TerminationGracePeriodSeconds ?? DefaultSeconds;
        return period < 0 ? 1 : period;
    }
}
