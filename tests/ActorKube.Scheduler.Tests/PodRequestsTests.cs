using k8s.Models;

namespace ActorKube.Scheduler.Tests;

public sealed class PodRequestsTests
{
    [Fact]
    public void Containers_add_up()
    {
        var pod = Some.Pod("a", "500m", "1Gi").With(p => p.Spec.Containers.Add(new V1Container { Name = "d", Resources = Some.Requests("0.25", "512Mi") }));

        var requests = PodRequests.Of(pod);

        Assert.Equal(750, requests.MilliCpu);
        Assert.Equal(1536L << 20, requests.Memory);
    }

    [Fact]
    public void An_init_container_counts_when_it_needs_more_than_all_containers_together()
    {
        var pod = Some.Pod("a", "1", "1Gi").With(p => p.Spec.InitContainers = [new V1Container { Name = "i", Resources = Some.Requests("3", "1Mi") }]);

        var requests = PodRequests.Of(pod);

        Assert.Equal(3000, requests.MilliCpu);
        Assert.Equal(1L << 30, requests.Memory);
    }

    [Fact]
    public void A_sidecar_counts_beside_later_init_containers_and_beside_the_containers()
    {
        var sidecar = new V1Container { Name = "s", RestartPolicy = "Always", Resources = Some.Requests("1", "") };
        var init = new V1Container { Name = "i", Resources = Some.Requests("2", "") };

        Assert.Equal(3000, PodRequests.Of(Some.Pod("a", "1").With(p => p.Spec.InitContainers = [sidecar, init])).MilliCpu);
        Assert.Equal(2000, PodRequests.Of(Some.Pod("a", "1").With(p => p.Spec.InitContainers = [init, sidecar])).MilliCpu);
        Assert.Equal(5000, PodRequests.Of(Some.Pod("a", "4").With(p => p.Spec.InitContainers = [sidecar, init])).MilliCpu);
    }

    [Fact]
    public void Overhead_and_pod_level_requests_count()
    {
        var pod = Some.Pod("a", "1", "1Gi").With(p =>
        {
            p.Spec.Resources = Some.Requests("2", "");
            p.Spec.Overhead = new Dictionary<string, ResourceQuantity> { ["cpu"] = new("100m"), ["example.com/gpu"] = new("1") };
        });

        var requests = PodRequests.Of(pod);

        Assert.Equal(2100, requests.MilliCpu);
        Assert.Equal(1L << 30, requests.Memory);
        Assert.Equal(1, requests["example.com/gpu"]);
    }

    [Fact]
    public void A_container_that_asks_for_nothing_counts_as_a_small_one_when_nodes_are_scored()
    {
        var pod = Some.Pod("a");

        Assert.True(PodRequests.Of(pod).IsZero);
        Assert.Equal(100, PodRequests.NonZero(pod).MilliCpu);
        Assert.Equal(200L << 20, PodRequests.NonZero(pod).Memory);
    }

    [Theory]
    [InlineData("0.1m", 1)]
    [InlineData("1", 1000)]
    [InlineData("1500m", 1500)]
    [InlineData("1k", 1_000_000)]
    public void Cpu_rounds_up_to_thousandths(string text, long milli) => Assert.Equal(milli, ResourceAmounts.Ceiling(new ResourceQuantity(text), 1000));
}
