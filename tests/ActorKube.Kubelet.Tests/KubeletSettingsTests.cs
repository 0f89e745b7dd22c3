using Akka.Configuration;

namespace ActorKube.Kubelet.Tests;

public class KubeletSettingsTests
{
    [Fact]
    public void The_reference_gives_every_default()
    {
        var settings = KubeletSettings.From(ConfigurationFactory.Empty);
        Assert.Equal(new KubeletSettings { NodeName = "", RootDirectory = "", PodLogsDirectory = "" }.LeaseRenewInterval, settings.LeaseRenewInterval);
        Assert.Equal((10250, 110, 10L << 20, 5), (settings.ServerPort, settings.MaxPods, settings.ContainerLogMaxSize, settings.ContainerLogMaxFiles));
        Assert.Equal("/var/lib/actorkube/kubelet/pod-logs", settings.PodLogsDirectory);
        Assert.Equal(TimeSpan.FromMinutes(5), settings.CrashLoopBackOff.Max);
        Assert.Empty(settings.NodeLabels);
    }

    [Fact]
    public void What_is_set_wins()
    {
        var settings = KubeletSettings.From(ConfigurationFactory.ParseString("""
            actorkube.kubelet {
              node-name = n7
              server.port = 0
              cluster-dns = ["10.0.0.1"]
              node-labels { "a.b/c" = d }
              lease.renew-interval = 500ms
              reserved.cpu = "250m"
            }
            """));
        Assert.Equal(("n7", 0, "10.0.0.1", "d"), (settings.NodeName, settings.ServerPort, settings.ClusterDns.Single(), settings.NodeLabels["a.b/c"]));
        Assert.Equal((500.0, 0.25m), (settings.LeaseRenewInterval.TotalMilliseconds, settings.Reserved["cpu"].ToDecimal()));
    }
}
