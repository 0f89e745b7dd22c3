using System.Text;
using ActorKube.ApiServer.ResourceMetrics;

namespace ActorKube.ApiServer.Tests.ResourceMetrics;

public sealed class NodeSummaryTests
{
    [Fact]
    public void A_summary_of_Kubernetes_kubelet_is_read()
    {
        var summary = Read("""
            {"node":{"nodeName":"n1","cpu":{"time":"2026-01-31T12:00:00Z","usageNanoCores":123456789,"usageCoreNanoSeconds":1},"memory":{"time":"2026-01-31T12:00:00Z","workingSetBytes":1048576}},
             "pods":[{"podRef":{"name":"web","namespace":"default","uid":"u1"},"containers":[
               {"name":"main","cpu":{"time":"2026-01-31T12:00:01Z","usageNanoCores":5},"memory":{"workingSetBytes":7}}]}]}
            """);
        var time = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);
        Assert.Equal(new Measure(time, TimeSpan.FromSeconds(10), 123456789, 1048576), summary.Node);
        var pod = Assert.Single(summary.Pods);
        Assert.Equal(("default", "web", "u1"), (pod.Namespace, pod.Name, pod.Uid));
        Assert.Equal(new ContainerMeasure("main", new Measure(time.AddSeconds(1), TimeSpan.FromSeconds(10), 5, 7)), Assert.Single(pod.Containers));
    }

    [Fact]
    public void The_window_is_what_the_kubelet_says() =>
        Assert.Equal(TimeSpan.FromSeconds(14.5), Read("""{"node":{"cpu":{"time":"2026-01-31T12:00:00Z","usageNanoCores":1,"windowSeconds":14.5},"memory":{"workingSetBytes":1}}}""").Node!.Window);

    [Fact]
    public void A_pod_counts_when_all_its_containers_are_known()
    {
        var summary = Read("""
            {"pods":[{"podRef":{"name":"web","namespace":"default"},"containers":[
               {"name":"main","cpu":{"time":"2026-01-31T12:00:00Z","usageNanoCores":5},"memory":{"workingSetBytes":7}},
               {"name":"new","cpu":{"time":"2026-01-31T12:00:00Z","usageCoreNanoSeconds":5},"memory":{"workingSetBytes":7}}]}]}
            """);
        Assert.Null(summary.Node);
        Assert.Empty(summary.Pods);
    }

    [Theory]
    [InlineData(0, "0s")]
    [InlineData(250, "250ms")]
    [InlineData(15000, "15s")]
    [InlineData(14_750, "14.75s")]
    [InlineData(60_000, "1m0s")]
    [InlineData(3_661_500, "1h1m1.5s")]
    public void A_window_is_written_as_Go_does(int milliseconds, string text) => Assert.Equal(text, MetricsObjects.Window(TimeSpan.FromMilliseconds(milliseconds)));

    private static NodeSummary Read(string json) => NodeSummary.Read(Encoding.UTF8.GetBytes(json));
}
