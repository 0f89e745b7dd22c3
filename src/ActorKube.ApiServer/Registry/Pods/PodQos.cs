using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>
/// A pod's quality of service class. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/
/// </summary>
public static class PodQos
{
    private static readonly string[] Counted = ["cpu", "memory"];

    /// <summary>
    /// <c>Guaranteed</c> when every container limits processor and memory and asks for exactly that; <c>BestEffort</c> when nobody
    /// asks for or limits either; else <c>Burstable</c>. A limit without a request counts as a request of the same size.
    /// </summary>
    public static string Of(V1PodSpec spec)
    {
        if (spec.Resources is { } whole && (whole.Limits is { Count: > 0 } || whole.Requests is { Count: > 0 }))
        {
            return Of([whole]);
        }

        return Of((spec.Containers ?? []).Concat(spec.InitContainers ?? []).Select(c => c.Resources ?? new V1ResourceRequirements()));
    }

    private static string Of(IEnumerable<V1ResourceRequirements> all)
    {
        var (anything, guaranteed) = (false, true);
        foreach (var resources in all)
        {
            foreach (var name in Counted)
            {
                var limit = Quantity.From(resources.Limits, name);
                var request = resources.Requests?.ContainsKey(name) is true ? Quantity.From(resources.Requests, name) : limit;
                anything |= limit.Sign > 0 || request.Sign > 0;
                guaranteed &= limit.Sign > 0 && request == limit;
            }
        }

        return !anything ? "BestEffort" : guaranteed ? "Guaranteed" : "Burstable";
    }
}
