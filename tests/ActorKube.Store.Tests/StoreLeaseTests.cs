using ActorKube.Store.Cluster;
using ActorKube.Store.Database;

namespace ActorKube.Store.Tests;

public sealed class StoreLeaseTests
{
    private static readonly TimeSpan Ten = TimeSpan.FromSeconds(10);

    [Fact]
    public async Task Of_two_who_ask_at_once_one_gets_it_and_may_have_it_longer()
    {
        using var directory = new TempDirectory();
        var settings = StoreSettings.Default with { Sqlite = StoreSettings.Default.Sqlite with { Directory = directory.Path } };
        var clock = new Clock();
        await OneOfTwoAsync(new StoreLease(settings, clock), new StoreLease(settings, clock), time =>
        {
            clock.Now += time;
            return Task.CompletedTask;
        });
    }

    [SkippableFact]
    public async Task The_same_holds_on_PostgreSQL_by_the_clock_of_the_database()
    {
        Skip.If(PostgreSqlCluster.Binaries is null, "PostgreSQL is not installed (apt-get install postgresql)");
        using var cluster = PostgreSqlCluster.Start();
        var settings = StoreSettings.Default with { Provider = StoreProvider.PostgreSql, PostgreSqlConnectionString = cluster.ConnectionString };
        await OneOfTwoAsync(new StoreLease(settings, TimeProvider.System), new StoreLease(settings, TimeProvider.System), async time =>
        {
            // The database's clock cannot be moved; the lease can.
            await using var connection = new Npgsql.NpgsqlConnection(cluster.ConnectionString);
            await connection.OpenAsync();
            await using var command = new Npgsql.NpgsqlCommand($"UPDATE store_owner SET until = until - {(long)time.TotalMilliseconds}", connection);
            await command.ExecuteNonQueryAsync();
        });
    }

    private static async Task OneOfTwoAsync(StoreLease a, StoreLease b, Func<TimeSpan, Task> passAsync)
    {
        Assert.Null(await a.ReadAsync());
        var lifetime = TimeSpan.FromMinutes(10);
        var answers = await Task.WhenAll(a.TakeAsync("a", lifetime), b.TakeAsync("b", lifetime));
        var winner = answers[0]!.Owner;
        var loser = winner == "a" ? "b" : "a";
        Assert.All(answers, answer => Assert.Equal(new LeaseHolder(winner, 1, true), answer));
        Assert.Equal(new LeaseHolder(winner, 1, true), await a.TakeAsync(winner, lifetime));
        await passAsync(TimeSpan.FromMinutes(9));
        Assert.Equal(new LeaseHolder(winner, 1, true), await b.TakeAsync(loser, lifetime));
        await passAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(new LeaseHolder(winner, 1, false), await b.ReadAsync());
        Assert.Equal(new LeaseHolder(loser, 2, true), await b.TakeAsync(loser, lifetime));
        Assert.Equal(new LeaseHolder(loser, 2, true), await a.TakeAsync(winner, lifetime));
        await b.ReleaseAsync(winner); // not its own: nothing happens
        Assert.True((await b.ReadAsync())!.IsCurrent);
        await b.ReleaseAsync(loser);
        Assert.Equal(new LeaseHolder(winner, 3, true), await a.TakeAsync(winner, lifetime));
    }

    [Fact]
    public async Task A_process_that_lost_the_lease_writes_nothing_any_more_on_SQLite()
    {
        using var directory = new TempDirectory();
        var settings = StoreSettings.Default with { Sqlite = StoreSettings.Default.Sqlite with { Directory = directory.Path } };
        await OnlyTheOwnerWritesAsync(settings, ownership => new SqliteDatabase(settings.Sqlite, ownership));
    }

    [SkippableFact]
    public async Task A_process_that_lost_the_lease_writes_nothing_any_more_on_PostgreSQL()
    {
        Skip.If(PostgreSqlCluster.Binaries is null, "PostgreSQL is not installed (apt-get install postgresql)");
        using var cluster = PostgreSqlCluster.Start();
        var settings = StoreSettings.Default with { Provider = StoreProvider.PostgreSql, PostgreSqlConnectionString = cluster.ConnectionString };
        await OnlyTheOwnerWritesAsync(settings, ownership => new PostgreSqlDatabase(cluster.ConnectionString, ownership));
    }

    private static async Task OnlyTheOwnerWritesAsync(StoreSettings settings, Func<StoreOwnership, IStoreDatabase> open)
    {
        var lease = new StoreLease(settings, TimeProvider.System);
        var (first, second) = (new StoreOwnership(TimeProvider.System), new StoreOwnership(TimeProvider.System));
        using var old = open(first);
        using var next = open(second);
        first.Confirm((await lease.TakeAsync("first", Ten))!.Epoch, 0, Ten);
        await old.WriteAsync([Row(1), Row(2)]);
        await lease.ReleaseAsync("first");
        second.Confirm((await lease.TakeAsync("second", Ten))!.Epoch, 0, Ten);
        // The numbers are free: it is the lease that forbids it.
        await Assert.ThrowsAsync<NotOwnerException>(() => old.WriteAsync([Row(3)]));
        Assert.Equal(2, await next.HighestSequenceNrAsync("p"));
        await next.WriteAsync([Row(3)]);
        await Assert.ThrowsAsync<NotOwnerException>(() => old.WriteAsync([Row(4)]));
        Assert.Equal(3, await old.HighestSequenceNrAsync("p"));
    }

    [Fact]
    public void Ownership_ends_by_the_own_clock_before_the_database_gives_the_lease_to_another()
    {
        var clock = new Clock();
        var ownership = new StoreOwnership(clock);
        Assert.False(ownership.IsCertain);
        var asked = clock.GetTimestamp();
        clock.Now += TimeSpan.FromSeconds(2); // until the database answered
        ownership.Confirm(7, asked, Ten);
        Assert.True(ownership.IsCertain);
        clock.Now += TimeSpan.FromSeconds(7.9);
        Assert.True(ownership.IsCertain);
        clock.Now += TimeSpan.FromSeconds(0.1);
        Assert.False(ownership.IsCertain);
        Assert.Equal(7, ownership.Epoch);
    }

    private static JournalRow Row(long number) => new("p", number, 0, 1864, "event/1", "w", [1]);

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = DateTimeOffset.FromUnixTimeSeconds(1_700_000_000);

        public override long TimestampFrequency => TimeSpan.TicksPerSecond;

        public override long GetTimestamp() => Now.UtcTicks;

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
