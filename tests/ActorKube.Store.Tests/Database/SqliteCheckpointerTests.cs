using System.Buffers.Binary;
using ActorKube.Store.Database;
using Microsoft.Data.Sqlite;

namespace ActorKube.Store.Tests.Database;

public sealed class SqliteCheckpointerTests : IDisposable
{
    private readonly TempDirectory _directory = new();
    private readonly string _connectionString;

    public SqliteCheckpointerTests() => _connectionString = $"Data Source={Path.Combine(_directory.Path, "a.db")};Pooling=False";

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task The_log_is_moved_and_begins_anew_though_writes_never_stop()
    {
        using var writer = Open();
        writer.Execute("CREATE TABLE t (v BLOB)");
        using var checkpointer = new SqliteCheckpointer(_connectionString, "", pages: 100);
        var first = await WriteUntilAsync(writer, checkpointer, () => BegunAnew() > 0);
        await WriteUntilAsync(writer, checkpointer, () => BegunAnew() > 2);
        Assert.True(first >= 20, $"after {first} writes of some pages each");
    }

    [Fact]
    public async Task A_reader_that_needs_an_older_state_keeps_the_log_as_it_is_and_hinders_no_write()
    {
        using var writer = Open();
        writer.Execute("CREATE TABLE t (v BLOB)");
        using var checkpointer = new SqliteCheckpointer(_connectionString, "", pages: 20);
        await WriteUntilAsync(writer, checkpointer, () => BegunAnew() > 0);
        using (var reader = Open())
        {
            reader.Execute("BEGIN");
            using var command = reader.Command("SELECT count(*) FROM t");
            var seen = (long)command.ExecuteScalar()!;
            var before = BegunAnew();
            for (var i = 0; i < 300; i++)
                Write(writer, checkpointer);
            Assert.InRange(BegunAnew(), before, before + 1); // once at most, when all was moved as the reader came
            Assert.Equal(seen, (long)command.ExecuteScalar()!);
        }

        var kept = BegunAnew();
        await WriteUntilAsync(writer, checkpointer, () => BegunAnew() > kept);
    }

    private static void Write(SqliteConnection writer, SqliteCheckpointer checkpointer)
    {
        writer.Execute("INSERT INTO t VALUES ($v)", ("$v", new byte[3000]));
        checkpointer.AfterWrite(writer);
    }

    private static async Task<int> WriteUntilAsync(SqliteConnection writer, SqliteCheckpointer checkpointer, Func<bool> condition)
    {
        for (var writes = 0; ; writes++)
        {
            if (condition())
                return writes;
            Assert.True(writes < 50_000, "the log never began anew");
            Write(writer, checkpointer);
            if (writes % 20 == 0)
                await Task.Delay(5); // the other thread's turn
        }
    }

    private SqliteConnection Open()
    {
        var connection = new SqliteConnection(_connectionString);
        connection.Open();
        connection.Execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF; PRAGMA wal_autocheckpoint = 0");
        return connection;
    }

    // The log's header counts it.
    private uint BegunAnew()
    {
        using var log = new FileStream(Path.Combine(_directory.Path, "a.db-wal"), FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var header = new byte[32];
        return log.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length ? 0 : BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(12));
    }
}
