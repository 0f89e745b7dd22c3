using ActorKube.EndToEnd.Tests.Infrastructure;

namespace ActorKube.EndToEnd.Tests;

/// <summary>Settings that are only found wrong when a process is put together: one line and exit code 2, as for any other.</summary>
public sealed class ConfigurationTests
{
    [SkippableFact]
    public async Task A_journal_that_asks_no_lease_is_refused_where_several_processes_may_own_the_store()
    {
        Skip.IfNot(Programs.Missing is null, Programs.Missing);
        await using var host = await TestHost.CreateAsync();
        var output = await host.RunAsync(Programs.Actorkube,
        [
            "seed", "--config", Path.Combine(Programs.Root, "config/seed.conf"), "--set", $"actorkube.data-dir={host.DataOf("seed")}",
            "--set", """actorkube.cluster.seed-nodes=["127.0.0.1:4053","127.0.0.1:4054"]""", "--set", "actorkube.store.provider=postgresql", "--set", "actorkube.store.plugin=akka-persistence-sql",
            "--set", "actorkube.store.postgresql.connection-string=\"Host=/none;Username=nobody;Database=none\"",
        ]);

        Assert.Equal(2, output.ExitCode);
        Assert.StartsWith("actorkube: actorkube.store.plugin: 'akka-persistence-sql' is for a store that no other process can own", output.Error.TrimEnd('\n').Split('\n')[^1]);
        Assert.DoesNotContain("   at ", output.Error);
    }
}
