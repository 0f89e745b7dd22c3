using ActorKube.Store.Protocol;
using Akka.Actor;

namespace ActorKube.Store.Tests;

public sealed class PostgreSqlTests
{
    [SkippableTheory]
    [InlineData("built-in")]
    [InlineData("akka-persistence-sql")]
    public async Task The_store_works_the_same_on_PostgreSQL(string plugin)
    {
        Skip.If(PostgreSqlCluster.Binaries is null, "PostgreSQL is not installed (apt-get install postgresql)");
        using var cluster = PostgreSqlCluster.Start();
        var settings = StoreHost.SettingsIn("unused", $"""
            provider = postgresql
            plugin = {plugin}
            postgresql.connection-string = "{cluster.ConnectionString}"
            restart.min-backoff = 10ms
            restart.max-backoff = 100ms
            snapshot.min-events = 100
            snapshot.max-events = 100
            history.none = [pods]
            history.keep-events = 20
            """);
        long revision;
        await using (var host = await StoreHost.StartAsync(settings))
        {
            var probe = new StoreProbe(host.System);
            host.Store.Tell(new Subscribe("pods", probe.Ref));
            await probe.ExpectAsync<StoreSnapshot>();
            for (var round = 0; round < 5; round++)
            {
                var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => host.AskAsync(Some.Write($"ns/{i}", $"{round}"))));
                Assert.All(answers, answer => Assert.IsType<Committed>(answer));
            }

            Assert.Equal(Enumerable.Range(1, 500).Select(i => (long)i), (await probe.EventsUntilAsync(500)).Select(e => e.Revision));
            Assert.Equal(new Rejected(401), await host.AskAsync(Some.Update("ns/0", 1)));

            cluster.Crash();
            Assert.IsType<OutcomeUnknown>(await host.AskAsync(Some.Write("ns/0")));
            cluster.Restart();
            var answered = await host.AskUntilKnownAsync(Some.Write("ns/0", "after the crash"));
            revision = Assert.IsType<Committed>(answered).Revision;
            Assert.Equal(501, revision);
        }

        await using var again = await StoreHost.StartAsync(settings);
        Assert.Equal(new CurrentRevision(revision), await again.AskAsync(new GetRevision("pods")));
        Assert.Equal(new Rejected(revision), await again.AskAsync(Some.Create("ns/0")));
    }
}
