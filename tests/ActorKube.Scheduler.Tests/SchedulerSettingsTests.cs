using Akka.Configuration;

namespace ActorKube.Scheduler.Tests;

public sealed class SchedulerSettingsTests
{
    [Fact]
    public void The_reference_gives_Kubernetes_defaults()
    {
        var settings = SchedulerSettings.From(Config.Empty);

        Assert.Equal("default-scheduler", settings.Name);
        Assert.Equal(TimeSpan.FromSeconds(10), settings.PodMaxBackoff);
        Assert.Equal(3, settings.Weights["TaintToleration"]);
    }

    [Fact]
    public void A_file_overrides_single_keys()
    {
        var settings = SchedulerSettings.From(ConfigurationFactory.ParseString("actorkube.scheduler { pod-max-backoff = 3s, weights.ImageLocality = 0 }"));

        Assert.Equal(TimeSpan.FromSeconds(3), settings.PodMaxBackoff);
        Assert.Equal(0, settings.Weights["ImageLocality"]);
        Assert.Equal(2, settings.Weights["NodeAffinity"]);
    }
}
