using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>
/// The pod's quality of service and what follows from it for the out-of-memory killer.
/// Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-qos/ and
/// https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/#node-out-of-memory-behavior
/// </summary>
internal static class QosClass
{
    public const string Guaranteed = "Guaranteed";
    public const string Burstable = "Burstable";
    public const string BestEffort = "BestEffort";

    private static readonly string[] Computed = ["cpu", "memory"];

    public static string Of(V1Pod pod)
    {
        if (pod.Status?.QosClass is { Length: > 0 } known)
            return known;
        var containers = (pod.Spec.InitContainers ?? []).Concat(pod.Spec.Containers ?? []).ToList();
        var any = containers.Any(c => Computed.Any(r => Has(c.Resources?.Requests, r) || Has(c.Resources?.Limits, r)));
        if (!any)
            return BestEffort;
        var guaranteed = containers.All(c => Computed.All(r =>
            c.Resources?.Limits is { } limits && limits.TryGetValue(r, out var limit) && limit.ToDecimal() > 0
            && (c.Resources.Requests is not { } requests || !requests.TryGetValue(r, out var request) || request.ToDecimal() == limit.ToDecimal())));
        return guaranteed ? Guaranteed : Burstable;
    }

    /// <summary>
    /// Who dies first when memory runs out: -997 the guaranteed last, 1000 the best-effort first, between them the more a
    /// container asked for, the later. On an 8 GiB node a request of 2 GiB gives 1000 - 250 = 750.
    /// </summary>
    public static int OomScoreAdjust(V1Pod pod, V1Container container, long memoryCapacity)
    {
        switch (Of(pod))
        {
            case Guaranteed:
                return -997;
            case BestEffort:
                return 1000;
        }

        var request = container.Resources?.Requests is { } r && r.TryGetValue("memory", out var q) ? q.ToDecimal() : 0;
        var score = memoryCapacity <= 0 ? 1000 : (int)(1000 - 1000 * request / memoryCapacity);
        return Math.Clamp(score, 3, 999);
    }

    private static bool Has(IDictionary<string, ResourceQuantity>? list, string resource) =>
        list is not null && list.TryGetValue(resource, out var quantity) && quantity.ToDecimal() > 0;
}
