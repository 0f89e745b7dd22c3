using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>What the containers of a pod ask for together.</summary>
internal static class PodResources
{
    /// <summary>
    /// The containers that run together, sidecars included, or the largest init container with the sidecars started before it: whichever is more.
    /// </summary>
    public static Quantity ContainerRequests(V1PodSpec spec, string resource)
    {
        var running = Sum(spec.Containers, resource);
        var (sidecars, largestInit) = (Quantity.Zero, Quantity.Zero);
        foreach (var container in spec.InitContainers ?? [])
        {
            var request = Quantity.From(container.Resources?.Requests, resource);
            if (container.RestartPolicy == "Always")
            {
                sidecars += request;
                largestInit = Quantity.Max(largestInit, sidecars);
            }
            else
            {
                largestInit = Quantity.Max(largestInit, sidecars + request);
            }
        }

        return Quantity.Max(running + sidecars, largestInit);
    }

    private static Quantity Sum(IEnumerable<V1Container>? containers, string resource) =>
        (containers ?? []).Aggregate(Quantity.Zero, (sum, c) => sum + Quantity.From(c.Resources?.Requests, resource));
}
