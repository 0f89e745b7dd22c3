using ActorKube.Kubelet.Stats;
using k8s.Models;

namespace ActorKube.Kubelet.Tests.Stats;

public sealed class StatsTextTests
{
    private static readonly DateTimeOffset Time = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    private static readonly V1Pod Pod = new()
    {
        Metadata = new V1ObjectMeta { Name = "web", NamespaceProperty = "default", Uid = "u1" },
        Spec = new V1PodSpec { Containers = [new V1Container { Name = "main", Image = "registry/web:1" }, new V1Container { Name = "side", Image = "side:1" }] },
        Status = new V1PodStatus
        {
            StartTime = Time.UtcDateTime.AddMinutes(-1),
            ContainerStatuses = [new V1ContainerStatus { Name = "main", State = new V1ContainerState { Running = new V1ContainerStateRunning { StartedAt = Time.UtcDateTime.AddSeconds(-30) } } }],
        },
    };

    [Fact]
    public void The_summary_has_node_pods_and_containers()
    {
        var summary = StatsSummary.Of("n1", Time.AddDays(-1), Stats(Rate(250), Rate(50)), [Pod], onlyCpuAndMemory: false);
        Assert.Equal("2026-01-30T12:00:00Z", (string?)summary["node"]!["startTime"]);
        Assert.Equal(1_500_000_000UL, (ulong)summary["node"]!["cpu"]!["usageNanoCores"]!);
        var pod = summary["pods"]![0]!;
        Assert.Equal(("web", "default", "u1", "2026-01-31T11:59:00Z"), ((string?)pod["podRef"]!["name"], (string?)pod["podRef"]!["namespace"], (string?)pod["podRef"]!["uid"], (string?)pod["startTime"]));
        Assert.Equal((300_000_000UL, 5_000UL, 15.0), ((ulong)pod["cpu"]!["usageNanoCores"]!, (ulong)pod["memory"]!["workingSetBytes"]!, (double)pod["cpu"]!["windowSeconds"]!));
        var main = pod["containers"]![0]!;
        Assert.Equal(("main", "2026-01-31T11:59:30Z", 12UL), ((string?)main["name"], (string?)main["startTime"], (ulong)main["rootfs"]!["usedBytes"]!));
    }

    [Fact]
    public void A_pod_has_no_rate_before_all_its_containers_have_one()
    {
        var pod = StatsSummary.Of("n1", null, Stats(Rate(250), null), [], onlyCpuAndMemory: true)["pods"]![0]!;
        Assert.Null(pod["cpu"]!["usageNanoCores"]);
        Assert.Equal(250_000_000UL, (ulong)pod["containers"]![0]!["cpu"]!["usageNanoCores"]!);
        Assert.Null(pod["containers"]![1]!["cpu"]!["usageNanoCores"]);
        Assert.Null(pod["containers"]![0]!["rootfs"]);
    }

    [Fact]
    public void Resource_metrics_are_what_metrics_server_reads()
    {
        var text = UsageMetrics.Resource(Stats(Rate(250), Rate(50)), [Pod]);
        Assert.Contains("# TYPE container_cpu_usage_seconds_total counter\ncontainer_cpu_usage_seconds_total{container=\"main\",namespace=\"default\",pod=\"web\"} 5 1769860800000\n", text, StringComparison.Ordinal);
        Assert.Contains("container_memory_working_set_bytes{container=\"side\",namespace=\"default\",pod=\"web\"} 1000 1769860800000\n", text, StringComparison.Ordinal);
        Assert.Contains("container_start_time_seconds{container=\"main\",namespace=\"default\",pod=\"web\"} 1769860770\n", text, StringComparison.Ordinal);
        Assert.Contains("node_cpu_usage_seconds_total 77 1769860800000\n", text, StringComparison.Ordinal);
        Assert.Contains("pod_cpu_usage_seconds_total{namespace=\"default\",pod=\"web\"} 6 1769860800000\n", text, StringComparison.Ordinal);
        Assert.Contains("pod_memory_working_set_bytes{namespace=\"default\",pod=\"web\"} 5000 1769860800000\n", text, StringComparison.Ordinal);
        Assert.EndsWith("resource_scrape_error 0\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Cadvisor_metrics_name_container_and_image()
    {
        var text = UsageMetrics.Cadvisor(Stats(Rate(250), Rate(50)), [Pod]);
        Assert.Contains(
            "container_memory_working_set_bytes{container=\"main\",id=\"c1\",image=\"registry/web:1\",name=\"c1\",namespace=\"default\",pod=\"web\"} 4000 1769860800000\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void Label_values_are_escaped() =>
        Assert.Equal("m{l=\"a\\\"b\\\\c\\n\"} 1\n", new PrometheusText().Value("m", 1, null, ("l", "a\"b\\c\n")).ToString());

    private static NodeStats Stats(CpuRate? main, CpuRate? side) => new(
        Time, new Usage { CpuNanoseconds = 77_000_000_000, Rate = new CpuRate(1_500_000_000, TimeSpan.FromSeconds(15)), WorkingSetBytes = 1 << 30 },
        [
            new ContainerUsage("c1", "main", "web", "default", "u1", Time, new Usage { CpuNanoseconds = 5_000_000_000, Rate = main, WorkingSetBytes = 4000 }, 12, 3),
            new ContainerUsage("c2", "side", "web", "default", "u1", Time, new Usage { CpuNanoseconds = 1_000_000_000, Rate = side, WorkingSetBytes = 1000 }, 0, 0),
        ]);

    private static CpuRate Rate(ulong milli) => new(milli * 1_000_000, TimeSpan.FromSeconds(15));
}
