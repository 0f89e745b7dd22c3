using Akka.Configuration;

namespace ActorKube.Store.Tests;

public sealed class StoreSettingsTests
{
    [Fact]
    public void The_reference_configuration_is_complete()
    {
        var settings = StoreSettings.Default;
        Assert.Equal(StoreProvider.Sqlite, settings.Provider);
        Assert.Equal("FULL", settings.Sqlite.Synchronous);
        Assert.Equal(20_000, settings.Sqlite.WalAutocheckpoint);
        Assert.Equal(TimeSpan.FromSeconds(30), settings.Sqlite.BusyTimeout);
        Assert.Equal(500, settings.BatchMaxEvents);
        Assert.Equal(8 * 1024 * 1024, settings.BatchMaxBytes);
        Assert.Contains("leases.coordination.k8s.io", settings.NoHistory);
        Assert.Equal(TimeSpan.FromMilliseconds(100), settings.MinBackoff);
    }

    [Fact]
    public void A_file_overrides_the_reference()
    {
        var settings = StoreSettings.From(ConfigurationFactory.ParseString("actorkube.store { provider = postgresql, history.none = [] }"));
        Assert.Equal(StoreProvider.PostgreSql, settings.Provider);
        Assert.Empty(settings.NoHistory);
        Assert.Equal(500, settings.BatchMaxEvents);
    }

    [Theory]
    [InlineData("", "pods", 7 * 24)]
    [InlineData("", "leases.coordination.k8s.io", 0)]
    [InlineData("history.period = infinite", "pods", null)]
    [InlineData("history { period = 2h, periods { pods = 1d, \"deployments.apps\" = infinite } }", "pods", 24)]
    [InlineData("history { period = 2h, periods { pods = 1d, \"deployments.apps\" = infinite } }", "deployments.apps", null)]
    [InlineData("history { period = 2h, periods { pods = 1d, \"deployments.apps\" = infinite } }", "services", 2)]
    [InlineData("history.periods.\"leases.coordination.k8s.io\" = 3h", "leases.coordination.k8s.io", 3)]
    [InlineData("history.none = [pods]", "pods", 0)]
    public void The_past_is_kept_for_a_period_by_resource_type(string setting, string resource, int? hours) =>
        Assert.Equal(hours is { } h ? TimeSpan.FromHours(h) : null, StoreSettings.From(ConfigurationFactory.ParseString($"actorkube.store {{ {setting} }}")).RetentionOf(resource).Period);

    [Theory]
    [InlineData("history.period = long", "actorkube.store.history.period: 'long' is not a duration, such as 7d, or infinite")]
    [InlineData("history.periods.pods = -1d", "actorkube.store.history.periods.pods: '-1d' is not a duration, such as 7d, or infinite")]
    [InlineData("provider = mysql", "actorkube.store.provider: 'mysql' is not sqlite or postgresql")]
    [InlineData("sqlite.synchronous = off", "actorkube.store.sqlite.synchronous: 'off' is not full or normal")]
    [InlineData("batch.max-events = 0", "actorkube.store.batch.max-events: '0' is not a number above 0")]
    public void A_wrong_value_is_an_error_that_names_the_key(string setting, string message) =>
        Assert.Equal(message, Assert.Throws<ConfigurationException>(
            () => StoreSettings.From(ConfigurationFactory.ParseString($"actorkube.store.{setting}"))).Message);

    [Theory]
    [InlineData(10, 1000)]
    [InlineData(4000, 4000)]
    [InlineData(50_000, 10_000)]
    public void Snapshots_come_less_often_where_they_are_larger(int objects, int events) =>
        Assert.Equal(events, StoreSettings.Default.EventsPerSnapshot(objects));

    [Fact]
    public void Every_setting_is_explained()
    {
        using var reader = new StreamReader(typeof(StoreSettings).Assembly.GetManifestResourceStream("ActorKube.Store.reference.conf")!);
        var previous = "";
        foreach (var line in reader.ReadToEnd().Split("akka.actor {")[0].Split('\n').Select(l => l.Trim()))
        {
            if (line.Contains(" = ") && !line.StartsWith('#'))
                Assert.True(previous.StartsWith('#'), $"'{line}' has no comment");
            previous = line;
        }
    }
}
