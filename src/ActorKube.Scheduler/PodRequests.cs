using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>
/// What a pod takes from its node: the sum of its containers, or the most that its init containers need on the way, whichever is more,
/// plus overhead. Source: https://kubernetes.io/docs/concepts/workloads/pods/init-containers/#resource-sharing-within-containers
/// </summary>
public static class PodRequests
{
    /// <summary>A container that asks for no CPU counts as this many thousandths of a core when nodes are scored.</summary>
    public const long DefaultMilliCpu = 100;

    /// <summary>A container that asks for no memory counts as this many bytes when nodes are scored.</summary>
    public const long DefaultMemory = 200 * 1024 * 1024;

    /// <summary>What the pod asks for.</summary>
    public static ResourceAmounts Of(V1Pod pod) => Of(pod, static (pod, container) => Actual(pod, container));

    /// <summary>The same for scoring: a container without requests counts as a small one, so that such pods spread as well.</summary>
    public static ResourceAmounts NonZero(V1Pod pod) => Of(pod, static (pod, container) =>
    {
        var amounts = Actual(pod, container);
        var requests = container.Resources?.Requests;
        return amounts with
        {
            MilliCpu = requests?.ContainsKey("cpu") == true ? amounts.MilliCpu : DefaultMilliCpu,
            Memory = requests?.ContainsKey("memory") == true ? amounts.Memory : DefaultMemory,
        };
    });

    private static ResourceAmounts Of(V1Pod pod, Func<V1Pod, V1Container, ResourceAmounts> requests)
    {
        var total = ResourceAmounts.Zero;
        foreach (var container in pod.Spec.Containers ?? [])
        {
            total += requests(pod, container);
        }

        // Sidecars (init containers that restart always) stay, so that each later init container runs beside the ones before it.
        // Example: sidecar 1 core, init container 2 cores, container 1 core: max(1 + 1, 1 + 2) = 3 cores.
        var sidecars = ResourceAmounts.Zero;
        var peak = ResourceAmounts.Zero;
        foreach (var container in pod.Spec.InitContainers ?? [])
        {
            var own = requests(pod, container);
            if (container.RestartPolicy == "Always")
            {
                total += own;
                sidecars += own;
                peak = ResourceAmounts.Max(peak, sidecars);
            }
            else
            {
                peak = ResourceAmounts.Max(peak, sidecars + own);
            }
        }

        total = ResourceAmounts.Max(total, peak);
        total = PodLevel(pod, total);
        return pod.Spec.Overhead is { Count: > 0 } overhead ? total + ResourceAmounts.From(overhead) : total;
    }

    /// <summary>While a resize is under way the node still gives what it gave before, so the larger of the two counts.</summary>
    private static ResourceAmounts Actual(V1Pod pod, V1Container container)
    {
        var asked = ResourceAmounts.From(container.Resources?.Requests);
        if (pod.Status?.ContainerStatuses is { Count: > 0 } statuses && !string.IsNullOrEmpty(pod.Spec.NodeName))
        {
            foreach (var status in statuses)
            {
                if (status.Name == container.Name && status.AllocatedResources is { Count: > 0 } given)
                {
                    return ResourceAmounts.Max(asked, ResourceAmounts.From(given));
                }
            }
        }

        return asked;
    }

    /// <summary>Requests of the pod as a whole take the place of the containers' sum.</summary>
    private static ResourceAmounts PodLevel(V1Pod pod, ResourceAmounts total)
    {
        if (pod.Spec.Resources?.Requests is not { Count: > 0 } requests)
        {
            return total;
        }

        var whole = ResourceAmounts.From(requests);
        total = total with
        {
            MilliCpu = requests.ContainsKey("cpu") ? whole.MilliCpu : total.MilliCpu,
            Memory = requests.ContainsKey("memory") ? whole.Memory : total.Memory,
        };
        return total with { Extended = total.Extended.SetItems(whole.Extended) };
    }
}
