using ActorKube.Scheduler.Plugins;
using k8s.Models;

namespace ActorKube.Scheduler.Tests.Plugins;

public sealed class ResourceRulesTests
{
    [Fact]
    public void Every_resource_that_is_short_is_named()
    {
        var cluster = Some.Cluster([Some.Node("n1", "1", "1Gi", pods: 1)], Some.Pod("a", "500m").On("n1"));
        var pod = Some.Pod("b", "1", "2Gi").With(p =>
        {
            p.Spec.Containers[0].Resources.Requests["example.com/gpu"] = new("1");
            p.Spec.Containers[0].Resources.Requests["ephemeral-storage"] = new("1Gi");
        });

        Assert.Equal(
            ["Too many pods", "Insufficient cpu", "Insufficient memory", "Insufficient ephemeral-storage", "Insufficient example.com/gpu"],
            new NodeResourcesFit().Reasons(pod, cluster, "n1"));
    }

    [Fact]
    public void A_pod_that_asks_for_nothing_fits_on_a_full_node_while_there_is_a_place()
    {
        var cluster = Some.Cluster([Some.Node("n1", "1", "1Gi", pods: 2)], Some.Pod("a", "1", "1Gi").On("n1"));

        Assert.Empty(new NodeResourcesFit().Reasons(Some.Pod("b"), cluster, "n1"));
        Assert.Equal(["Insufficient cpu"], new NodeResourcesFit().Reasons(Some.Pod("b", "1m"), cluster, "n1"));
    }

    [Fact]
    public void The_emptier_node_scores_higher()
    {
        var cluster = Some.Cluster([Some.Node("n1", "4", "4Gi"), Some.Node("n2", "4", "4Gi")], Some.Pod("a", "1", "1Gi").On("n1"));

        // n1: 2 of 4 cores and 2 of 4 GiB with the pod on it; n2: 1 of 4 each.
        Assert.Equal([50, 75], new NodeResourcesFit().Scores(Some.Pod("b", "1", "1Gi"), cluster));
    }

    [Fact]
    public void Balance_between_cpu_and_memory_scores_higher()
    {
        var cluster = Some.Cluster([Some.Node("n1", "4", "4Gi"), Some.Node("n2", "2", "4Gi")]);

        // n1: 25 % of both; n2: 50 % of the cores, 25 % of the memory.
        Assert.Equal([100, 87], new NodeResourcesBalancedAllocation().Scores(Some.Pod("b", "1", "1Gi"), cluster));
    }

    [Fact]
    public void A_node_that_has_the_image_scores_higher()
    {
        var cluster = Some.Cluster(
        [
            Some.Node("n1").With(n => n.Status.Images = [new V1ContainerImage { Names = ["img:latest"], SizeBytes = 1L << 30 }]),
            Some.Node("n2"),
        ]);

        var scores = new ImageLocality().Scores(Some.Pod("a"), cluster);

        Assert.True(scores[0] > scores[1]);
        Assert.Equal(0, scores[1]);
    }
}
