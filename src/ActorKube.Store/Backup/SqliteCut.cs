using ActorKube.Api.Backup;
using ActorKube.Store.Database;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ActorKube.Store.Backup;

/// <summary>A moment of the two SQLite files.</summary>
internal sealed class SqliteCut : IStoreCut
{
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(30);

    private readonly SqliteConnection _journal;
    private readonly SqliteConnection? _snapshots;

    private SqliteCut(string directory)
    {
        (JournalName, SnapshotsName) = (Path.Combine(directory, "journal.db"), Path.Combine(directory, "snapshots.db"));
        _journal = Begin(JournalName);
        if (File.Exists(SnapshotsName))
            _snapshots = Begin(SnapshotsName);
    }

    public string Kind => "sqlite";

    public string JournalName { get; }

    public string SnapshotsName { get; }

    /// <summary>Begins; null where there is no database yet.</summary>
    public static Task<IStoreCut?> OpenAsync(SqliteSettings settings) => Task.Run<IStoreCut?>(() =>
        File.Exists(Path.Combine(settings.Directory, "journal.db")) ? new SqliteCut(settings.Directory) : null);

    public Task<IReadOnlyList<JournalExtent>> ExtentsAsync() => Task.Run<IReadOnlyList<JournalExtent>>(() =>
        HasTable(_journal, "journal")
            ? List(_journal, "SELECT persistence_id, min(sequence_number), max(sequence_number), count(*) FROM journal GROUP BY persistence_id ORDER BY persistence_id",
                r => new JournalExtent(r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3)))
            : []);

    public Task<(long Marked, long First)> MarkedAsync(string persistenceId) => Task.Run(() => List(
        _journal, "SELECT total(deleted), min(CASE deleted WHEN 0 THEN sequence_number END) FROM journal WHERE persistence_id = $id",
        r => ((long)r.GetDouble(0), r.IsDBNull(1) ? 0 : r.GetInt64(1)), ("$id", persistenceId))[0]);

    public Task<long> FirstMissingAsync(string persistenceId, long from) => Task.Run(() =>
    {
        using var command = _journal.Command(
            "SELECT sequence_number FROM journal WHERE persistence_id = $id AND sequence_number >= $from ORDER BY sequence_number", ("$id", persistenceId), ("$from", from));
        using var reader = command.ExecuteReader();
        while (reader.Read() && reader.GetInt64(0) == from)
            from++;
        return from;
    });

    public async IAsyncEnumerable<CutRow> RowsAsync(string persistenceId, long from)
    {
        await Task.Yield();
        using var command = _journal.Command(
            """
            SELECT sequence_number, created, identifier, manifest, writer_uuid, deleted, message FROM journal
            WHERE persistence_id = $id AND sequence_number >= $from ORDER BY sequence_number
            """,
            ("$id", persistenceId), ("$from", from));
        using var reader = command.ExecuteReader();
        while (reader.Read())
        {
            yield return new CutRow(
                new JournalRow(persistenceId, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetString(3), reader.GetString(4), reader.GetFieldValue<byte[]>(6)),
                reader.GetInt64(5) != 0);
        }
    }

    public Task<IReadOnlyList<long>> SnapshotsAsync(string persistenceId) => Task.Run<IReadOnlyList<long>>(() =>
        _snapshots is not null && HasTable(_snapshots, "snapshot")
            ? List(_snapshots, "SELECT sequence_number FROM snapshot WHERE persistence_id = $id ORDER BY sequence_number DESC", r => r.GetInt64(0), ("$id", persistenceId))
            : []);

    public Task<SnapshotRow?> SnapshotAsync(string persistenceId, long number) => Task.Run(() =>
    {
        var row = List(
            _snapshots!, "SELECT created, serializer_id, manifest, snapshot FROM snapshot WHERE persistence_id = $id AND sequence_number = $number",
            r => new SnapshotRow(persistenceId, number, r.GetInt64(0), r.GetInt32(1), r.GetString(2), r.GetFieldValue<byte[]>(3)),
            ("$id", persistenceId), ("$number", number)).FirstOrDefault();
        return row is not null && SnapshotParts.PartsOf(row) is var (id, parts)
            ? SnapshotParts.Join(row, parts, List(
                _snapshots!, "SELECT snapshot FROM snapshot WHERE persistence_id = $id AND sequence_number BETWEEN 1 AND $parts ORDER BY sequence_number",
                r => r.GetFieldValue<byte[]>(0), ("$id", id), ("$parts", parts)))
            : row;
    });

    public async IAsyncEnumerable<BackupBase> BaseAsync(string persistenceId)
    {
        await Task.Yield();
        if (!HasTable(_journal, "journal_base"))
            yield break;
        using var command = _journal.Command(
            "SELECT object_key, sequence_number, created, coalesce(identifier, 0), coalesce(manifest, ''), coalesce(writer_uuid, ''), message FROM journal_base WHERE persistence_id = $id ORDER BY sequence_number",
            ("$id", persistenceId));
        using var reader = command.ExecuteReader();
        while (reader.Read())
            yield return new BackupBase(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt32(3), reader.GetString(4), reader.GetString(5), reader.GetFieldValue<byte[]>(6));
    }

    public Task<long> EpochAsync() => Task.Run(() =>
        HasTable(_journal, "store_owner") ? List(_journal, $"SELECT epoch FROM store_owner WHERE name = '{StoreTables.OwnerRow}'", r => r.GetInt64(0)).FirstOrDefault() : 0);

    public Task<string?> DamageAsync() => Task.Run(() => DamageIn(_journal, JournalName) ?? (_snapshots is null ? null : DamageIn(_snapshots, SnapshotsName)));

    public async ValueTask DisposeAsync()
    {
        await _journal.DisposeAsync().ConfigureAwait(false);
        if (_snapshots is not null)
            await _snapshots.DisposeAsync().ConfigureAwait(false);
    }

    // The first read begins the moment.
    private static SqliteConnection Begin(string file)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
        try
        {
            connection.Open();
            connection.Execute(FormattableString.Invariant($"PRAGMA busy_timeout = {(long)Busy.TotalMilliseconds}; PRAGMA cache_size = -16384; BEGIN"));
            HasTable(connection, "");
            return connection;
        }
        catch (Exception e)
        {
            connection.Dispose();
            throw e is SqliteException { SqliteErrorCode: raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT } ? new StoreDamagedException($"{file} is damaged: {e.Message}", e) : e;
        }
    }

    private static bool HasTable(SqliteConnection connection, string name)
    {
        using var command = connection.Command("SELECT count(*) FROM sqlite_master WHERE type = 'table' AND name = $name", ("$name", name));
        return command.ExecuteScalar() is > 0L;
    }

    private static string? DamageIn(SqliteConnection connection, string file)
    {
        var found = List(connection, "PRAGMA integrity_check(1)", r => r.GetString(0)).FirstOrDefault("ok");
        return found == "ok" ? null : $"{file} is damaged: {found.ReplaceLineEndings(" ")}";
    }

    private static List<T> List<T>(SqliteConnection connection, string sql, Func<SqliteDataReader, T> read, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = connection.Command(sql, parameters);
        using var reader = command.ExecuteReader();
        var rows = new List<T>();
        while (reader.Read())
            rows.Add(read(reader));
        return rows;
    }
}
