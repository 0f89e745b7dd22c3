using System.Globalization;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Containers;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>
/// Whether a running container has the CPU and memory that its pod asks for now, and how to give it those.
/// Source: https://kubernetes.io/docs/tasks/configure-pod-container/resize-container-resources/
/// </summary>
/// <param name="Resources">What it should have.</param>
/// <param name="Key">Names these amounts for this instance: what was given once is not given again, whatever the runtime then says.</param>
/// <param name="NeedsRestart">Whether a resource changes that the container wants to be restarted for.</param>
internal sealed record ContainerResize(LinuxContainerResources Resources, string Key, bool NeedsRestart)
{
    /// <summary>The change; null when there is none to make, or when the runtime does not say what the container has.</summary>
    public static ContainerResize? Of(V1Pod pod, V1Container container, ContainerInstance running)
    {
        if (running.Resources is not { } has)
            return null;
        var wanted = ContainerLimits.Of(pod, container, memoryCapacity: 0);
        var cpu = wanted.CpuShares != has.CpuShares || Limit(wanted.CpuQuota, wanted.CpuPeriod) != Limit(has.CpuQuota, has.CpuPeriod);
        var memory = Math.Max(0, wanted.MemoryLimitInBytes) != Math.Max(0, has.MemoryLimitInBytes);
        if (!cpu && !memory)
            return null;

        // Who dies first when memory runs out stays as it was.
        wanted.OomScoreAdj = has.OomScoreAdj;
        var key = string.Create(CultureInfo.InvariantCulture, $"{running.Id} {wanted.CpuShares} {wanted.CpuQuota}/{wanted.CpuPeriod} {wanted.MemoryLimitInBytes}");
        return new ContainerResize(wanted, key, (cpu && Restarts(container, "cpu")) || (memory && Restarts(container, "memory")));
    }

    /// <summary>
    /// Why the node can never give the pod what it asks for now; null when it can. The pod then keeps what it has.
    /// </summary>
    public static string? Infeasible(V1Pod pod, IReadOnlyDictionary<string, ResourceQuantity> allocatable)
    {
        foreach (var resource in new[] { "cpu", "memory" })
        {
            if (!allocatable.TryGetValue(resource, out var has))
                continue;
            var (asked, unit) = (PodAdmission.Request(pod, resource), resource == "cpu" ? 1000 : 1);
            if (asked > has.ToDecimal())
                return string.Create(CultureInfo.InvariantCulture, $"Node didn't have enough capacity: {resource}, requested: {asked * unit:0}, capacity: {has.ToDecimal() * unit:0}");
        }

        return null;
    }

    private static bool Restarts(V1Container container, string resource) =>
        container.ResizePolicy?.Any(p => p.ResourceName == resource && p.RestartPolicy == "RestartContainer") == true;

    // No limit is 0, or -1, or a quota that is left out.
    private static (long Quota, long Period) Limit(long quota, long period) => quota > 0 ? (quota, period) : (0, 0);
}
