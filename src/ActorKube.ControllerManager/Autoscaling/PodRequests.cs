using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>What pods request of a resource, in thousandths, for utilization is measured against it.</summary>
internal static class PodRequests
{
    /// <summary>Requests by pod; or in Kubernetes' words why there are none.</summary>
    /// <param name="pods">The pods.</param>
    /// <param name="resource">Such as <c>cpu</c>.</param>
    /// <param name="container">Of this container alone; empty for the whole pod.</param>
    public static (Dictionary<string, long> Requests, string? Error) Of(IEnumerable<V1Pod> pods, string resource, string container)
    {
        var requests = new Dictionary<string, long>(StringComparer.Ordinal);
        foreach (var pod in pods)
        {
            var (request, error) = container.Length == 0 && pod.Spec.Resources is { Requests.Count: > 0 } whole ? OfPod(pod, whole, resource) : OfContainers(pod, resource, container);
            if (error is not null)
                return (requests, error);
            requests[pod.Metadata.Name] = request;
        }

        return (requests, null);
    }

    private static (long, string?) OfPod(V1Pod pod, V1ResourceRequirements whole, string resource) => whole.Requests.ContainsKey(resource)
        ? (Quantity.From(whole.Requests, resource).MilliValue, null)
        : (0, $"missing pod-level request for {resource} in Pod {pod.Metadata.Name}");

    private static (long, string?) OfContainers(V1Pod pod, string resource, string container)
    {
        // Init containers that restart always run beside the others.
        var running = pod.Spec.Containers.Concat((pod.Spec.InitContainers ?? []).Where(c => c.RestartPolicy == "Always"))
            .Where(c => container.Length == 0 || c.Name == container).ToList();
        if (container.Length > 0 && running.Count == 0)
            return (0, $"container {container} not found in Pod {pod.Metadata.Name}");
        var sum = 0L;
        foreach (var one in running)
        {
            if (one.Resources?.Requests is not { } requests || !requests.ContainsKey(resource))
                return (0, $"missing request for {resource} in container {one.Name} of Pod {pod.Metadata.Name}");
            sum += Quantity.From(requests, resource).MilliValue;
        }

        return (sum, null);
    }
}
