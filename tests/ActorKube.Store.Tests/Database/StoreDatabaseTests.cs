using System.Text;
using ActorKube.Store.Database;
using ActorKube.Store.Resources;

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
    public async Task Reads_backwards_too()
    {
        await Database.WriteAsync([Row("a", 1), Row("a", 2), Row("b", 2), Row("a", 3), Row("a", 4)]);
        var rows = new List<long>();
        await Database.ReadBackwardsAsync("a", 1, 3, 2, row => rows.Add(row.SequenceNr));
        Assert.Equal([3, 2], rows);
    }

    [SkippableFact]
    public async Task Compaction_moves_the_horizon_and_keeps_the_newest_row_of_each_object()
    {
        await Database.WriteAsync([Row("a", 1), Row("a", 2), Row("a", 3), Row("a", 4), Row("a", 5), Row("b", 1)]);
        Assert.Equal(Horizon.None, await Horizon.OfAsync(Database, "a"));
        await Database.CompactAsync("a", new Horizon(2, 50), Step([("x", 1), ("y", 2)]));
        Assert.Equal("a 1", await BaseAsync("x"));
        await Database.CompactAsync("a", new Horizon(4, 60), Step([("x", 3)], "y", "z"));
        Assert.Equal([5], (await ReplayAsync("a", 1, long.MaxValue)).Select(r => r.SequenceNr));
        Assert.Equal(new Horizon(4, 60), await Horizon.OfAsync(Database, "a"));
        Assert.Equal(Horizon.None, await Horizon.OfAsync(Database, "b"));
        Assert.Equal("a 3", await BaseAsync("x"));
        Assert.Null(await BaseAsync("y"));
        Assert.Equal("a 3", Encoding.UTF8.GetString((await Database.ReadBaseAsync("a", 3))!.Message));
        Assert.Null(await Database.ReadBaseAsync("a", 4));
        Assert.Equal(5, await Database.HighestSequenceNrAsync("a"));
        Assert.Single(await ReplayAsync("b", 1, long.MaxValue));

        await Database.CompactAsync("a", new Horizon(4, 60), CompactionStep.Nothing);
        Assert.Null(await BaseAsync("x"));
        Assert.Equal(new Horizon(4, 60), await Horizon.OfAsync(Database, "a"));
        await Database.WriteAsync([Row("a", 6)]);
    }

    [SkippableFact]
    public async Task Parts_of_a_snapshot_are_read_in_order_and_replaced()
    {
        await Database.SaveSnapshotPartsAsync([Part(1, "old"), Part(2, "old"), Part(3, "old")]);
        await Database.SaveSnapshotPartsAsync([Part(1, "new"), Part(2, "new")]);
        var parts = new List<string>();
        await Database.ReadSnapshotPartsAsync("parts-0/a", 2, row => parts.Add($"{row.SequenceNr} {Encoding.UTF8.GetString(row.Message)}"));
        Assert.Equal(["1 new", "2 new"], parts);
        Assert.Null(await Database.LoadSnapshotAsync("a", All));
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

    private static CompactionStep Step((string Key, long Nr)[] newest, params string[] gone) => new(newest.ToDictionary(n => n.Key, n => n.Nr), gone);

    private async Task<string?> BaseAsync(string key) => await Database.ReadBaseAsync("a", key) is { } row ? Encoding.UTF8.GetString(row.Message) : null;

    private static SnapshotRow Part(long nr, string text) => new("parts-0/a", nr, 100, 1864, "snapshot-part/1", Encoding.UTF8.GetBytes(text));

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

    [Fact]
    public async Task Gives_disk_space_back_in_small_steps()
    {
        using var database = Open();
        await FillAsync(database);
        Checkpoint();
        var full = Size;
        await database.CompactAsync("a", new Horizon(4990, 1), CompactionStep.Nothing);
        var steps = 1;
        while (await database.ShrinkAsync())
            steps++;
        Assert.True(steps > 10, $"{steps} steps");
        Checkpoint();
        Assert.InRange(Size, 1, full / 2);
        Assert.Equal(FormattableString.Invariant($"{10} rows"), await CountAsync(database));
    }

    [Fact]
    public async Task A_file_of_an_older_version_is_made_one_that_can_be_shrunk()
    {
        using (var database = Open())
            await FillAsync(database);
        Sql("PRAGMA journal_mode = DELETE; PRAGMA auto_vacuum = NONE; VACUUM");
        Assert.Equal(0L, Sql("PRAGMA auto_vacuum"));
        using (var database = Open())
            await database.WriteAsync([new JournalRow("b", 1, 1, 1864, "event/1", "", new byte[10])]);
        Assert.Equal(2L, Sql("PRAGMA auto_vacuum"));
        using (var database = Open())
            Assert.Equal("5000 rows", await CountAsync(database));
    }

    private long Size => new FileInfo(Path.Combine(_directory.Path, "journal.db")).Length;

    private static Task FillAsync(IStoreDatabase database) =>
        database.WriteAsync([.. Enumerable.Range(1, 5000).Select(i => new JournalRow("a", i, i, 1864, "event/1", "", new byte[3000]))]);

    private static async Task<string> CountAsync(IStoreDatabase database)
    {
        var rows = 0;
        await database.ReplayAsync("a", 1, long.MaxValue, long.MaxValue, _ => rows++);
        return FormattableString.Invariant($"{rows} rows");
    }

    private void Checkpoint() => Sql("PRAGMA wal_checkpoint(TRUNCATE)");

    private object? Sql(string sql)
    {
        using var connection = new Microsoft.Data.Sqlite.SqliteConnection($"Data Source={Path.Combine(_directory.Path, "journal.db")};Pooling=false");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }

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
