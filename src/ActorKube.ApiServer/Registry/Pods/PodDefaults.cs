using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>What only a pod gets, not a template: requests from limits, service links, host ports under host networking.</summary>
internal static class PodDefaults
{
    /// <summary>Fills unset fields of the pod and its spec.</summary>
    public static void Apply(V1Pod pod)
    {
        pod.Spec ??= new V1PodSpec();
        pod.Status ??= new V1PodStatus();
        PodSpecDefaults.Apply(pod.Spec);
        foreach (var container in (pod.Spec.Containers ?? []).Concat(pod.Spec.InitContainers ?? []))
        {
            RequestsFromLimits(container.Resources);
        }

        if (pod.Spec.Resources is { Limits.Count: > 0 } resources)
        {
            PodRequests(pod.Spec, resources);
        }

        pod.Spec.EnableServiceLinks ??= true;
        if (pod.Spec.HostNetwork is true)
        {
            foreach (var port in (pod.Spec.Containers ?? []).Concat(pod.Spec.InitContainers ?? []).SelectMany(c => c.Ports ?? []))
            {
                port.HostPort ??= port.ContainerPort;
            }
        }
    }

    private static void RequestsFromLimits(V1ResourceRequirements resources)
    {
        if (resources.Limits is not { Count: > 0 })
        {
            return;
        }

        resources.Requests ??= new Dictionary<string, ResourceQuantity>();
        foreach (var (name, limit) in resources.Limits)
        {
            resources.Requests.TryAdd(name, limit);
        }
    }

    // A pod-level limit without a request asks for what the containers ask together, or else for all of the limit.
    private static void PodRequests(V1PodSpec spec, V1ResourceRequirements resources)
    {
        resources.Requests ??= new Dictionary<string, ResourceQuantity>();
        foreach (var (name, limit) in resources.Limits)
        {
            if (!resources.Requests.ContainsKey(name) && name is "cpu" or "memory")
            {
                var sum = PodResources.ContainerRequests(spec, name);
                resources.Requests[name] = sum.IsZero ? limit : sum.ToResourceQuantity();
            }
        }
    }
}
