using ActorKube.Store.Protocol;
using Akka.Actor;
using Microsoft.Data.Sqlite;

namespace ActorKube.Store.Tests;

public sealed class BuiltInStoreActorTests() : StoreActorTests("built-in");

public sealed class AkkaPersistenceSqlStoreActorTests() : StoreActorTests("akka-persistence-sql");

/// <summary>The store on real SQLite files, with either plugin.</summary>
public abstract class StoreActorTests(string plugin) : IDisposable
{
    private const string QuickRestart = "restart { min-backoff = 10ms, max-backoff = 50ms }";

    private readonly TempDirectory _directory = new();

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task Writes_survive_a_restart()
    {
        var settings = Settings();
        await using (var first = await StoreHost.StartAsync(settings))
        {
            Assert.Equal(new Committed(1), await first.AskAsync(Some.Create("ns/a")));
            Assert.Equal(new Committed(2), await first.AskAsync(Some.Create("ns/b")));
            Assert.Equal(new Committed(3), await first.AskAsync(Some.Update("ns/a", 1)));
            Assert.Equal(new Committed(4), await first.AskAsync(Some.Delete("ns/b", 2)));
            Assert.Equal(new Rejected(3), await first.AskAsync(Some.Update("ns/a", 1)));
            Assert.Equal(new Rejected(0), await first.AskAsync(Some.DeleteAny("ns/b")));
        }

        await using var second = await StoreHost.StartAsync(settings);
        Assert.Equal(new CurrentRevision(4), await second.AskAsync(new GetRevision("pods")));
        Assert.Equal(new Rejected(3), await second.AskAsync(Some.Create("ns/a")));
        Assert.Equal(new Committed(5), await second.AskAsync(Some.Create("ns/b")));
    }

    [Fact]
    public async Task A_subscriber_goes_on_from_what_it_has_even_after_a_restart()
    {
        var settings = Settings();
        await using (var first = await StoreHost.StartAsync(settings))
        {
            await first.AskAsync(Some.Create("ns/a"));
            await first.AskAsync(Some.Create("ns/b"));
            await first.AskAsync(Some.Update("ns/a", 1));
        }

        await using var second = await StoreHost.StartAsync(settings);
        var probe = new StoreProbe(second.System);
        second.Store.Tell(new Subscribe("pods", probe.Ref) { After = 1 });
        Assert.Equal([2L, 3L], (await probe.ExpectAsync<StoreEvents>()).Events.Select(e => e.Revision));
        second.Store.Tell(new Subscribe("pods", probe.Ref) { After = 3 });
        Assert.Empty((await probe.ExpectAsync<StoreEvents>()).Events);
        // Somebody who has what this store never wrote starts anew.
        second.Store.Tell(new Subscribe("pods", probe.Ref) { After = 99 });
        Assert.Equal(2, (await probe.ExpectAsync<StoreSnapshot>()).Objects.Count);
    }

    [Fact]
    public async Task What_only_one_object_may_have_is_remembered_over_a_restart()
    {
        var settings = Settings();
        await using (var first = await StoreHost.StartAsync(settings))
            Assert.Equal(new Committed(1), await first.AskAsync(Some.Create("ns/a") with { Unique = ["ip/1"] }));
        await using var second = await StoreHost.StartAsync(settings);
        Assert.Equal(new Rejected(0) { Taken = "ip/1" }, await second.AskAsync(Some.Create("ns/b") with { Unique = ["ip/1"] }));
        Assert.Equal(new Committed(2), await second.AskAsync(Some.Delete("ns/a", 1)));
        Assert.Equal(new Committed(3), await second.AskAsync(Some.Create("ns/b") with { Unique = ["ip/1"] }));
    }

    [Fact]
    public async Task Resource_types_count_their_revisions_apart()
    {
        await using var host = await StoreHost.StartAsync(Settings());
        Assert.Equal(new Committed(1), await host.AskAsync(Some.Create("ns/a", resource: "pods")));
        Assert.Equal(new Committed(1), await host.AskAsync(Some.Create("ns/a", resource: "deployments.apps")));
        Assert.Equal(new CurrentRevision(0), await host.AskAsync(new GetRevision("nodes")));
    }

    [Fact]
    public async Task A_subscriber_gets_the_objects_and_then_every_change_in_order()
    {
        await using var host = await StoreHost.StartAsync(Settings());
        await host.AskAsync(Some.Create("ns/a", "1"));
        await host.AskAsync(Some.Update("ns/a", 1, "2"));
        var probe = new StoreProbe(host.System);
        host.Store.Tell(new Subscribe("pods", probe.Ref));

        var snapshot = await probe.ExpectAsync<StoreSnapshot>();
        Assert.Equal(2, snapshot.Revision);
        Assert.Equal(("ns/a", 2), (Assert.Single(snapshot.Objects).Key, snapshot.Objects[0].Revision));

        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => host.AskAsync(Some.Create($"ns/x{i}"))));
        await host.AskAsync(Some.DeleteAny("ns/a"));
        var events = await probe.EventsUntilAsync(203);
        Assert.Equal(Enumerable.Range(3, 201).Select(i => (long)i), events.Select(e => e.Revision));
        Assert.Equal(StoreEventType.Removed, events[^1].Type);
        Assert.Equal(Some.Json("last").ToArray(), events[^1].Value.ToArray());
        Assert.Equal(Some.Cause, events[^1].Cause);
    }

    [Fact]
    public async Task A_subscriber_that_left_hears_nothing_more()
    {
        await using var host = await StoreHost.StartAsync(Settings());
        var (gone, stays) = (new StoreProbe(host.System), new StoreProbe(host.System));
        host.Store.Tell(new Subscribe("pods", gone.Ref));
        host.Store.Tell(new Subscribe("pods", stays.Ref));
        await gone.ExpectAsync<StoreSnapshot>();
        host.Store.Tell(new Unsubscribe("pods", gone.Ref));
        await host.AskAsync(Some.Create("ns/a"));
        host.Store.Tell(new Subscribe("pods", gone.Ref));

        await stays.ExpectAsync<StoreSnapshot>();
        Assert.Equal(1, Assert.Single((await stays.ExpectAsync<StoreEvents>()).Events).Revision);
        Assert.Equal(1, (await gone.ExpectAsync<StoreSnapshot>()).Revision);
    }

    [Fact]
    public async Task Of_many_who_write_the_same_revision_exactly_one_wins()
    {
        await using var host = await StoreHost.StartAsync(Settings());
        var current = 0L;
        for (var round = 0; round < 20; round++)
        {
            var expected = current == 0 ? Expected.Absent : Expected.At(current);
            var answers = await Task.WhenAll(Enumerable.Range(0, 16).Select(_ => host.AskAsync(new Put("pods", "ns/a", Some.Json("x"), expected, Some.Cause))));
            var winner = Assert.Single(answers.OfType<Committed>());
            Assert.Equal(15, answers.OfType<Rejected>().Count(r => r.CurrentRevision == winner.Revision));
            current = winner.Revision;
        }
    }

    [Fact]
    public async Task When_the_journal_fails_writers_are_told_and_the_store_comes_back_with_its_subscribers()
    {
        await using var host = await StoreHost.StartAsync(Settings(QuickRestart));
        await host.AskAsync(Some.Create("ns/a"));
        var probe = new StoreProbe(host.System);
        host.Store.Tell(new Subscribe("pods", probe.Ref));
        await probe.ExpectAsync<StoreSnapshot>();

        // Not by taking the table away: the store would make a new one.
        Sql("CREATE TRIGGER broken BEFORE INSERT ON journal BEGIN SELECT RAISE(FAIL, 'broken'); END");
        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => host.AskAsync(Some.Create($"ns/x{i}"))));
        Assert.All(answers, answer => Assert.IsType<OutcomeUnknown>(answer));
        var revision = host.AskAsync(new GetRevision("pods"));
        Sql("DROP TRIGGER broken");

        var answered = await host.AskUntilKnownAsync(Some.Write("ns/b"));
        Assert.Equal(new Committed(2), answered);
        Assert.InRange(Assert.IsType<CurrentRevision>(await revision).Revision, 1, 2);
        // Nothing but the events that it lacks, so that its own watchers can go on.
        await probe.ExpectAsync<StoreMoved>();
        host.Store.Tell(new Subscribe("pods", probe.Ref) { After = 1 });
        Assert.Equal([2L], (await probe.EventsUntilAsync(2)).Select(e => e.Revision));
        await host.AskAsync(Some.Write("ns/c"));
        Assert.Equal([3L], (await probe.EventsUntilAsync(3)).Select(e => e.Revision));
    }

    [Fact]
    public async Task A_second_incarnation_cannot_fork_the_history()
    {
        var settings = Settings(QuickRestart);
        await using var stale = await StoreHost.StartAsync(settings);
        await stale.AskAsync(Some.Create("ns/a"));
        await using (var replacement = await StoreHost.StartAsync(settings))
        {
            Assert.Equal(new Committed(2), await replacement.AskAsync(Some.Update("ns/a", 1, "by the replacement")));
        }

        Assert.IsType<OutcomeUnknown>(await stale.AskAsync(Some.Update("ns/a", 1, "by the stale one")));
        var answered = await stale.AskUntilKnownAsync(Some.Update("ns/a", 1, "by the stale one"));
        Assert.Equal(new Rejected(2), answered);
    }

    [Fact]
    public async Task Snapshots_spare_the_replay_and_churn_without_history_does_not_grow_the_journal()
    {
        const string Churn = "snapshot { min-events = 100, max-events = 100 }\n history { none = [leases], keep-events = 20, delete-chunk = 15, first-look = 50ms, interval = 50ms }";
        var settings = Settings(Churn);
        await using (var host = await StoreHost.StartAsync(settings))
        {
            for (var i = 0; i < 1000; i += 10)
                await Task.WhenAll(Enumerable.Range(i, 10).Select(n => host.AskAsync(Some.Write($"ns/{n % 7}", $"{n}", "leases"))));
            for (var i = 0; i < 250; i += 10)
                await Task.WhenAll(Enumerable.Range(i, 10).Select(n => host.AskAsync(Some.Write($"ns/{n % 7}", $"{n}", "pods"))));

            // Compaction runs behind the writes: what stays is the newest 20.
            await Eventually.AssertAsync(() => Assert.Equal(20, Count("journal", "journal", "store-leases")));
            Assert.Equal(1, Count("journal", "journal_base", "store-leases"));
            await Eventually.AssertAsync(() => Assert.Equal(1, Count("snapshots", "snapshot", "store-leases")));
            Assert.Equal(250, Count("journal", "journal", "store-pods"));
        }

        await using var again = await StoreHost.StartAsync(settings);
        Assert.Equal(new CurrentRevision(1000), await again.AskAsync(new GetRevision("leases")));
        Assert.Equal(new CurrentRevision(250), await again.AskAsync(new GetRevision("pods")));
        var probe = new StoreProbe(again.System);
        again.Store.Tell(new Subscribe("leases", probe.Ref));
        var objects = (await probe.ExpectAsync<StoreSnapshot>()).Objects;
        Assert.Equal(Enumerable.Range(994, 7).Select(i => (long)i), objects.Select(o => o.Revision).Order());
        Assert.Equal(new Committed(1001), await again.AskAsync(Some.Write("ns/0", "more", "leases")));
    }

    [Fact]
    public async Task The_database_is_set_up_to_lose_nothing()
    {
        await using var host = await StoreHost.StartAsync(Settings());
        await host.AskAsync(Some.Create("ns/a"));
        Assert.Equal("wal", Sql("PRAGMA journal_mode"));
        Assert.Equal(1L, Sql("SELECT count(*) FROM pragma_index_list('journal') WHERE \"unique\" = 1"));
    }

    [Fact]
    public async Task Another_plugin_may_take_over_at_the_next_start()
    {
        var other = plugin == "built-in" ? "akka-persistence-sql" : "built-in";
        const string Snapshots = "snapshot { min-events = 40, max-events = 40 }\n";
        await using (var host = await StoreHost.StartAsync(Settings(Snapshots)))
            await Task.WhenAll(Enumerable.Range(0, 100).Select(n => host.AskAsync(Some.Write($"ns/{n % 7}", $"{n}"))));

        await using var next = await StoreHost.StartAsync(StoreHost.SettingsIn(_directory.Path, Snapshots + $"plugin = {other}"));
        Assert.Equal(new CurrentRevision(100), await next.AskAsync(new GetRevision("pods")));
        Assert.Equal(new Committed(101), await next.AskAsync(Some.Write("ns/0")));
    }

    [Fact]
    public async Task A_large_object_goes_through()
    {
        await using var host = await StoreHost.StartAsync(Settings());
        var put = new Put("configmaps", "ns/large", new byte[3 * 1024 * 1024], Expected.Absent, Some.Cause);
        Assert.Equal(new Committed(1), await host.AskAsync(put));
    }

    private StoreSettings Settings(string overrides = "") => StoreHost.SettingsIn(_directory.Path, $"plugin = {plugin}\n{overrides}");

    private long Count(string file, string table, string persistenceId) =>
        (long)Sql($"SELECT count(*) FROM {table} WHERE persistence_id = '{persistenceId}'", file)!;

    private object? Sql(string sql, string file = "journal")
    {
        using var connection = new SqliteConnection($"Data Source={Path.Combine(_directory.Path, file + ".db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
