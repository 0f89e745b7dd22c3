using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Pods;
using k8s.Models;

namespace ActorKube.Kubelet.Containers;

/// <summary>
/// Requests and limits as cgroup values.
/// Source: https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/#how-pods-with-resource-limits-are-run
/// </summary>
internal static class ContainerLimits
{
    private const long Period = 100_000;
    private const long MinQuota = 1_000;
    private const long MinShares = 2;
    private const long MaxShares = 262_144;

    /// <summary>A request of 250m CPU is 256 shares; a limit of 500m is a quota of 50 ms in every 100 ms.</summary>
    public static LinuxContainerResources Of(V1Pod pod, V1Container container, long memoryCapacity)
    {
        var requests = container.Resources?.Requests;
        var limits = container.Resources?.Limits;
        var cpuLimit = Millis(limits);
        var result = new LinuxContainerResources
        {
            CpuShares = Math.Clamp((Millis(requests) ?? cpuLimit ?? 0) * 1024 / 1000, MinShares, MaxShares),
            MemoryLimitInBytes = Bytes(limits) ?? 0,
            OomScoreAdj = QosClass.OomScoreAdjust(pod, container, memoryCapacity),
        };
        if (cpuLimit is { } milli and > 0)
        {
            result.CpuPeriod = Period;
            result.CpuQuota = Math.Max(milli * Period / 1000, MinQuota);
        }

        return result;
    }

    private static long? Millis(IDictionary<string, ResourceQuantity>? list) =>
        list is not null && list.TryGetValue("cpu", out var cpu) ? (long)Math.Ceiling(cpu.ToDecimal() * 1000) : null;

    private static long? Bytes(IDictionary<string, ResourceQuantity>? list) =>
        list is not null && list.TryGetValue("memory", out var memory) ? (long)Math.Ceiling(memory.ToDecimal()) : null;
}
