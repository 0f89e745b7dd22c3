using ActorKube.Kubelet.Containers;
using ActorKube.Kubelet.Pods;
using ActorKube.Kubelet.Tests.Fakes;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Pods;

public class QosClassTests
{
    [Fact]
    public void Nothing_asked_is_best_effort() => Assert.Equal("BestEffort", Of(null, null));

    [Fact]
    public void A_request_alone_is_burstable() => Assert.Equal("Burstable", Of(Map("100m", null), null));

    [Fact]
    public void Limits_of_both_resources_equal_to_requests_are_guaranteed()
    {
        Assert.Equal("Guaranteed", Of(Map("500m", "1Gi"), Map("0.5", "1024Mi")));
        Assert.Equal("Guaranteed", Of(null, Map("500m", "1Gi")));
        Assert.Equal("Burstable", Of(Map("100m", "1Gi"), Map("500m", "1Gi")));
        Assert.Equal("Burstable", Of(null, Map("500m", null)));
    }

    [Fact]
    public void The_more_memory_a_burstable_container_asked_for_the_later_it_is_killed()
    {
        var pod = Pod(Map(null, "2Gi"), null);
        Assert.Equal(750, QosClass.OomScoreAdjust(pod, pod.Spec.Containers[0], 8L << 30));
        Assert.Equal(3, QosClass.OomScoreAdjust(pod, pod.Spec.Containers[0], 2L << 30));
        Assert.Equal(-997, QosClass.OomScoreAdjust(Pod(null, Map("1", "1Gi")), Some.Container(), 8L << 30));
        Assert.Equal(1000, QosClass.OomScoreAdjust(Pod(null, null), Some.Container(), 8L << 30));
    }

    [Fact]
    public void Requests_become_shares_and_limits_quotas()
    {
        var pod = Pod(Map("250m", null), Map("500m", "64Mi"));
        var limits = ContainerLimits.Of(pod, pod.Spec.Containers[0], 8L << 30);
        Assert.Equal((256, 50_000, 100_000, 64L << 20), (limits.CpuShares, limits.CpuQuota, limits.CpuPeriod, limits.MemoryLimitInBytes));
        var none = ContainerLimits.Of(Some.Pod(), Some.Container(), 8L << 30);
        Assert.Equal((2, 0, 0), (none.CpuShares, none.CpuQuota, none.MemoryLimitInBytes));
    }

    private static string Of(Dictionary<string, ResourceQuantity>? requests, Dictionary<string, ResourceQuantity>? limits) => QosClass.Of(Pod(requests, limits));

    private static V1Pod Pod(Dictionary<string, ResourceQuantity>? requests, Dictionary<string, ResourceQuantity>? limits)
    {
        var pod = Some.Pod();
        pod.Status = null;
        pod.Spec.Containers[0].Resources = new V1ResourceRequirements { Requests = requests, Limits = limits };
        return pod;
    }

    private static Dictionary<string, ResourceQuantity> Map(string? cpu, string? memory)
    {
        var map = new Dictionary<string, ResourceQuantity>();
        if (cpu is not null)
            map["cpu"] = new ResourceQuantity(cpu);
        if (memory is not null)
            map["memory"] = new ResourceQuantity(memory);
        return map;
    }
}
