using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Quota;

/// <summary>
/// What a whole pod asks for: its containers together, or the largest step of its start where that is more, with the pod's own
/// figures in their place where it has some, and the overhead of its runtime class.
/// Source: https://kubernetes.io/docs/concepts/workloads/pods/sidecar-containers/#resource-sharing-within-containers
/// </summary>
public static class PodAmounts
{
    private const string HugePages = "hugepages-";

    /// <summary>Requests. A container that is being resized counts with the largest of what it wants, was promised and has.</summary>
    public static Dictionary<string, Quantity> Requests(V1Pod pod)
    {
        var statuses = Statuses(pod);
        var infeasible = pod.Status?.Conditions?.Any(c => c is { Type: "PodResizePending", Reason: "Infeasible" }) is true;
        var total = Aggregate(pod.Spec, c => Container(c, statuses.GetValueOrDefault(c.Name), infeasible));
        Replace(total, pod.Spec.Resources?.Requests);
        ResourceAmounts.Add(total, ResourceAmounts.From(pod.Spec.Overhead));
        return total;
    }

    /// <summary>Limits. The overhead raises only what is limited at all.</summary>
    public static Dictionary<string, Quantity> Limits(V1Pod pod)
    {
        var statuses = Statuses(pod);
        var total = Aggregate(pod.Spec, c =>
        {
            var limits = ResourceAmounts.From(c.Resources?.Limits);
            ResourceAmounts.Raise(limits, ResourceAmounts.From(statuses.GetValueOrDefault(c.Name)?.Resources?.Limits));
            return limits;
        });
        Replace(total, pod.Spec.Resources?.Limits);
        foreach (var (name, overhead) in ResourceAmounts.From(pod.Spec.Overhead))
        {
            if (total.TryGetValue(name, out var limit) && !limit.IsZero)
            {
                total[name] = limit + overhead;
            }
        }

        return total;
    }

    // Running: all containers and all sidecars. While it starts: one init container at a time, with the sidecars before it.
    private static Dictionary<string, Quantity> Aggregate(V1PodSpec spec, Func<V1Container, Dictionary<string, Quantity>> amounts)
    {
        var total = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var container in spec.Containers ?? [])
        {
            ResourceAmounts.Add(total, amounts(container));
        }

        var sidecars = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        var starting = new Dictionary<string, Quantity>(StringComparer.Ordinal);
        foreach (var container in spec.InitContainers ?? [])
        {
            var own = amounts(container);
            if (container.RestartPolicy == "Always")
            {
                ResourceAmounts.Add(total, own);
                ResourceAmounts.Add(sidecars, own);
                ResourceAmounts.Raise(starting, sidecars);
            }
            else
            {
                ResourceAmounts.Add(own, sidecars);
                ResourceAmounts.Raise(starting, own);
            }
        }

        ResourceAmounts.Raise(total, starting);
        return total;
    }

    private static Dictionary<string, Quantity> Container(V1Container container, V1ContainerStatus? status, bool infeasible)
    {
        if (status?.Resources?.Requests is null && status?.AllocatedResources is null)
        {
            return ResourceAmounts.From(container.Resources?.Requests);
        }

        var requests = infeasible ? new Dictionary<string, Quantity>(StringComparer.Ordinal) : ResourceAmounts.From(container.Resources?.Requests);
        ResourceAmounts.Raise(requests, ResourceAmounts.From(status.Resources?.Requests));
        ResourceAmounts.Raise(requests, ResourceAmounts.From(status.AllocatedResources));
        return requests;
    }

    private static Dictionary<string, V1ContainerStatus> Statuses(V1Pod pod)
    {
        var statuses = new Dictionary<string, V1ContainerStatus>(StringComparer.Ordinal);
        foreach (var status in (pod.Status?.ContainerStatuses ?? []).Concat(pod.Status?.InitContainerStatuses ?? []))
        {
            statuses[status.Name] = status;
        }

        return statuses;
    }

    private static void Replace(Dictionary<string, Quantity> total, IDictionary<string, ResourceQuantity>? ofPod)
    {
        foreach (var (name, amount) in ResourceAmounts.From(ofPod))
        {
            if (name is "cpu" or "memory" || name.StartsWith(HugePages, StringComparison.Ordinal))
            {
                total[name] = amount;
            }
        }
    }
}
