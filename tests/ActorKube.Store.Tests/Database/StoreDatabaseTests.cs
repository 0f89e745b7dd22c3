using System.Text;
using ActorKube.Store.Database;

namespace ActorKube.Store.Tests.Database;

/// <summary>What the plugins rely on, of each database.</summary>
public abstract class StoreDatabaseTests : IDisposable
{
    private IStoreDatabase? _database;

    internal abstract IStoreDatabase Open();

    public virtual void Dispose() => _database?.Dispose();

    private IStoreDatabase Database => _database ??= Open();

    [SkippableFact]
    public async Task Replays_what_was_written_in_order_within_the_range()
    {
        await Database.WriteAsync([Row("a", 1), Row("b", 1), Row("a", 2), Row("a", 3)]);
        await Database.WriteAsync([Row("a", 4)]);
        Assert.Equal([1, 2, 3, 4], (await ReplayAsync("a", 1, long.MaxValue)).Select(r => r.SequenceNr));
        Assert.Equal([2, 3], (await ReplayAsync("a", 2, 3)).Select(r => r.SequenceNr));
        Assert.Equal([2], (await ReplayAsync("a", 2, 4, max: 1)).Select(r => r.SequenceNr));
        Assert.Empty(await ReplayAsync("nobody", 1, long.MaxValue));

        var read = (await ReplayAsync("b", 1, 1)).Single();
        Assert.Equal(Row("b", 1) with { Message = read.Message }, read);
        Assert.Equal("b 1", Encoding.UTF8.GetString(read.Message));
    }

    [SkippableFact]
    public async Task Refuses_a_sequence_number_twice_and_writes_nothing_of_that_transaction()
    {
        await Database.WriteAsync([Row("a", 1)]);
        await Assert.ThrowsAsync<DuplicateRowException>(() => Database.WriteAsync([Row("b", 1), Row("a", 1), Row("a", 2)]));
        Assert.Equal(1, await Database.HighestSequenceNrAsync("a"));
        Assert.Equal(0, await Database.HighestSequenceNrAsync("b"));
        await Database.WriteAsync([Row("b", 1), Row("a", 2)]);
    }

    [SkippableFact]
    public async Task Remembers_the_highest_number_when_all_rows_are_deleted()
    {
        await Database.WriteAsync([Row("a", 1), Row("a", 2), Row("a", 3), Row("b", 1)]);
        await Database.DeleteRowsAsync("a", 2);
        Assert.Equal([3], (await ReplayAsync("a", 1, long.MaxValue)).Select(r => r.SequenceNr));
        await Database.DeleteRowsAsync("a", long.MaxValue);
        Assert.Empty(await ReplayAsync("a", 1, long.MaxValue));
        Assert.Equal(3, await Database.HighestSequenceNrAsync("a"));
        await Assert.ThrowsAsync<DuplicateRowException>(() => Database.WriteAsync([Row("a", 3)]));
        await Database.WriteAsync([Row("a", 4)]);
        Assert.Single(await ReplayAsync("b", 1, long.MaxValue));
    }

    [SkippableFact]
    public async Task Finds_the_newest_snapshot_within_the_range()
    {
        await Database.SaveSnapshotAsync(Snapshot(10, created: 100));
        await Database.SaveSnapshotAsync(Snapshot(20, created: 200));
        Assert.Equal(20, (await Database.LoadSnapshotAsync("a", All))!.SequenceNr);
        Assert.Equal(10, (await Database.LoadSnapshotAsync("a", All with { ToSequenceNr = 19 }))!.SequenceNr);
        Assert.Equal(10, (await Database.LoadSnapshotAsync("a", All with { ToTime = 150 }))!.SequenceNr);
        Assert.Null(await Database.LoadSnapshotAsync("b", All));

        await Database.DeleteSnapshotsAsync("a", All with { ToSequenceNr = 10 });
        Assert.Null(await Database.LoadSnapshotAsync("a", All with { ToSequenceNr = 19 }));
        Assert.Equal(20, (await Database.LoadSnapshotAsync("a", All))!.SequenceNr);
    }

    [SkippableFact]
    public async Task A_snapshot_replaces_one_of_the_same_number()
    {
        await Database.SaveSnapshotAsync(Snapshot(10, created: 100));
        await Database.SaveSnapshotAsync(Snapshot(10, created: 200));
        Assert.Equal(200, (await Database.LoadSnapshotAsync("a", All))!.Created);
    }

    private static SnapshotRange All => new(0, long.MaxValue, 0, long.MaxValue);

    private static JournalRow Row(string id, long nr) => new(id, nr, 638_000_000_000_000_000, 1864, "event/1", "writer", Encoding.UTF8.GetBytes($"{id} {nr}"));

    private static SnapshotRow Snapshot(long nr, long created) => new("a", nr, created, 1864, "snapshot/1", [1, 2, 3]);

    private async Task<List<JournalRow>> ReplayAsync(string id, long from, long to, long max = long.MaxValue)
    {
        var rows = new List<JournalRow>();
        await Database.ReplayAsync(id, from, to, max, rows.Add);
        return rows;
    }
}

public sealed class SqliteDatabaseTests : StoreDatabaseTests
{
    private readonly TempDirectory _directory = new();

    internal override IStoreDatabase Open() => new SqliteDatabase(StoreHost.SettingsIn(_directory.Path).Sqlite);

    public override void Dispose()
    {
        base.Dispose();
        _directory.Dispose();
    }
}

/// <summary>Each test has a database of its own on one server.</summary>
public sealed class PostgreSqlDatabaseTests(PostgreSqlServer server) : StoreDatabaseTests, IClassFixture<PostgreSqlServer>
{
    internal override IStoreDatabase Open()
    {
        Skip.If(PostgreSqlCluster.Binaries is null, "PostgreSQL is not installed (apt-get install postgresql)");
        return new PostgreSqlDatabase(server.NewDatabase());
    }
}

/// <summary>A PostgreSQL server for the tests of one class.</summary>
public sealed class PostgreSqlServer : IDisposable
{
    private readonly Lazy<PostgreSqlCluster> _cluster = new(PostgreSqlCluster.Start);
    private int _databases;

    public string NewDatabase()
    {
        var name = $"test{Interlocked.Increment(ref _databases)}";
        using var connection = new Npgsql.NpgsqlConnection(_cluster.Value.ConnectionString + ";Pooling=false");
        connection.Open();
        using var command = new Npgsql.NpgsqlCommand($"CREATE DATABASE {name}", connection);
        command.ExecuteNonQuery();
        return _cluster.Value.ConnectionString.Replace("Database=postgres", $"Database={name}", StringComparison.Ordinal);
    }

    public void Dispose()
    {
        if (_cluster.IsValueCreated)
            _cluster.Value.Dispose();
    }
}
