using ActorKube.Store.Cluster;
using ActorKube.Store.Resources;
using Microsoft.Data.Sqlite;

namespace ActorKube.Store.Database;

/// <summary>Two SQLite files: the journal, and the snapshots apart from it, so that saving one never blocks writers.</summary>
/// <param name="settings">Where the files are.</param>
/// <param name="ownership">Under which epoch events are written, where several processes may own the store.</param>
internal sealed class SqliteDatabase(SqliteSettings settings, StoreOwnership? ownership = null) : IStoreDatabase
{
    private const string InRange = "persistence_id = $id AND sequence_number BETWEEN $from AND $to AND created BETWEEN $after AND $before";

    private readonly SqliteFile _journal = new(Path.Combine(settings.Directory, "journal.db"), settings, StoreTables.SqliteJournal + StoreTables.SqliteBase + StoreTables.SqliteOwner);
    private readonly SqliteFile _snapshots = new(Path.Combine(settings.Directory, "snapshots.db"), SnapshotFile(settings), StoreTables.SqliteSnapshot);

    public string JournalName => Path.Combine(settings.Directory, "journal.db");

    public string SnapshotsName => Path.Combine(settings.Directory, "snapshots.db");

    public Task WriteAsync(IReadOnlyList<JournalRow> rows) => _journal.WriteAsync(connection =>
    {
        _journal.Prepared ??= new SqliteJournalWriter(connection, ownership);
        ((SqliteJournalWriter)_journal.Prepared).Write(rows);
    });

    public Task ReplayAsync(string persistenceId, long from, long to, long max, Action<JournalRow> found) => ReadAsync("ASC", persistenceId, from, to, max, found);

    public Task ReadBackwardsAsync(string persistenceId, long from, long to, long max, Action<JournalRow> found) => ReadAsync("DESC", persistenceId, from, to, max, found);

    private Task ReadAsync(string order, string persistenceId, long from, long to, long max, Action<JournalRow> found) => _journal.ReadAsync(connection =>
    {
        using var command = connection.Command(
            $"""
            SELECT sequence_number, created, identifier, manifest, writer_uuid, message FROM journal
            WHERE persistence_id = $id AND sequence_number BETWEEN $from AND $to AND deleted = 0 ORDER BY sequence_number {order} LIMIT $max
            """,
            ("$id", persistenceId), ("$from", from), ("$to", to), ("$max", max));
        using var reader = command.ExecuteReader();
        while (reader.Read())
            found(Row(persistenceId, reader));
        return true;
    });

    public Task<long> HighestSequenceNrAsync(string persistenceId) => _journal.ReadAsync(connection =>
    {
        using var command = connection.Command("SELECT max(sequence_number) FROM journal WHERE persistence_id = $id", ("$id", persistenceId));
        return command.ExecuteScalar() is long highest ? highest : 0;
    });

    public Task DeleteRowsAsync(string persistenceId, long to) => _journal.WriteAsync(connection =>
    {
        connection.Execute("BEGIN IMMEDIATE");
        connection.Execute(
            """
            UPDATE journal SET deleted = 1 WHERE persistence_id = $id AND sequence_number <= $to
              AND sequence_number = (SELECT max(sequence_number) FROM journal WHERE persistence_id = $id);
            DELETE FROM journal WHERE persistence_id = $id AND sequence_number <= $to AND deleted = 0;
            """,
            ("$id", persistenceId), ("$to", to));
        connection.Execute("COMMIT");
    });

    // The next write presses the disk for this, too: writers wait for the deletion itself only.
    public Task CompactAsync(string persistenceId, Horizon horizon, CompactionStep step) => _journal.WriteAsync(connection => connection.Lazily(settings, () =>
    {
        connection.Execute("BEGIN IMMEDIATE");
        using var keep = connection.Command(
            """
            INSERT OR REPLACE INTO journal_base (persistence_id, object_key, sequence_number, created, identifier, manifest, writer_uuid, message)
            SELECT persistence_id, $key, sequence_number, created, identifier, manifest, writer_uuid, message FROM journal
            WHERE persistence_id = $id AND sequence_number = $nr AND deleted = 0
            """,
            ("$id", persistenceId), ("$key", ""), ("$nr", 0L));
        foreach (var (key, nr) in step.Newest)
        {
            (keep.Parameters[1].Value, keep.Parameters[2].Value) = (key, nr);
            keep.ExecuteNonQuery();
        }

        using var forget = connection.Command("DELETE FROM journal_base WHERE persistence_id = $id AND object_key = $key", ("$id", persistenceId), ("$key", ""));
        foreach (var key in step.Gone)
        {
            forget.Parameters[1].Value = key;
            forget.ExecuteNonQuery();
        }

        if (!step.KeepsBase)
            connection.Execute("DELETE FROM journal_base WHERE persistence_id = $id", ("$id", persistenceId));
        connection.Execute(
            """
            DELETE FROM journal WHERE persistence_id = $id AND sequence_number <= $nr;
            INSERT OR REPLACE INTO journal_base (persistence_id, object_key, sequence_number, created, message) VALUES ($id, '', $nr, $created, x'');
            """,
            ("$id", persistenceId), ("$nr", horizon.SequenceNr), ("$created", horizon.Created));
        connection.Execute("COMMIT");
    }));

    public Task<Horizon?> ReadHorizonAsync(string persistenceId) => _journal.ReadAsync(connection =>
    {
        using var command = connection.Command("SELECT sequence_number, created FROM journal_base WHERE persistence_id = $id AND object_key = ''", ("$id", persistenceId));
        using var reader = command.ExecuteReader();
        return reader.Read() ? new Horizon(reader.GetInt64(0), reader.GetInt64(1)) : null;
    });

    public Task<JournalRow?> ReadBaseAsync(string persistenceId, string key) => ReadBaseAsync("object_key = $what", persistenceId, key);

    public Task<JournalRow?> ReadBaseAsync(string persistenceId, long sequenceNr) => ReadBaseAsync("sequence_number = $what", persistenceId, sequenceNr);

    private Task<JournalRow?> ReadBaseAsync(string condition, string persistenceId, object what) => _journal.ReadAsync(connection =>
    {
        using var command = connection.Command(
            $"SELECT sequence_number, created, identifier, manifest, writer_uuid, message FROM journal_base WHERE persistence_id = $id AND {condition} AND object_key <> ''",
            ("$id", persistenceId), ("$what", what));
        using var reader = command.ExecuteReader();
        return reader.Read() ? Row(persistenceId, reader) : null;
    });

    public Task<bool> ShrinkAsync() => _journal.ShrinkAsync();

    public Task SaveSnapshotAsync(SnapshotRow snapshot) => _snapshots.WriteAsync(connection => Save(connection, snapshot));

    public Task SaveSnapshotPartsAsync(IReadOnlyList<SnapshotRow> parts) => _snapshots.WriteAsync(connection => connection.Lazily(settings, () =>
    {
        connection.Execute("BEGIN IMMEDIATE");
        foreach (var part in parts)
            Save(connection, part);
        connection.Execute("COMMIT");
    }));

    public Task ReadSnapshotPartsAsync(string persistenceId, long to, Action<SnapshotRow> found) => _snapshots.ReadAsync(connection =>
    {
        using var command = connection.Command(
            "SELECT sequence_number, created, serializer_id, manifest, snapshot FROM snapshot WHERE persistence_id = $id AND sequence_number BETWEEN 1 AND $to ORDER BY sequence_number",
            ("$id", persistenceId), ("$to", to));
        using var reader = command.ExecuteReader();
        while (reader.Read())
            found(Snapshot(persistenceId, reader));
        return true;
    });

    public Task<SnapshotRow?> LoadSnapshotAsync(string persistenceId, SnapshotRange range) => _snapshots.ReadAsync(connection =>
    {
        using var command = connection.Command(
            $"SELECT sequence_number, created, serializer_id, manifest, snapshot FROM snapshot WHERE {InRange} ORDER BY sequence_number DESC LIMIT 1",
            Parameters(persistenceId, range));
        using var reader = command.ExecuteReader();
        return reader.Read() ? Snapshot(persistenceId, reader) : null;
    });

    public Task DeleteSnapshotsAsync(string persistenceId, SnapshotRange range) => _snapshots.WriteAsync(connection =>
        connection.Execute($"DELETE FROM snapshot WHERE {InRange}", Parameters(persistenceId, range)));

    public void Dispose()
    {
        _journal.Dispose();
        _snapshots.Dispose();
    }

    // Nobody waits for a snapshot, but for the disk: many small moves of the log rather than few large ones.
    private static SqliteSettings SnapshotFile(SqliteSettings settings) => settings with { WalAutocheckpoint = Math.Min(settings.WalAutocheckpoint, 1000) };

    private static (string, object)[] Parameters(string persistenceId, SnapshotRange range) =>
        [("$id", persistenceId), ("$from", range.FromSequenceNr), ("$to", range.ToSequenceNr), ("$after", range.FromTime), ("$before", range.ToTime)];

    private static JournalRow Row(string persistenceId, SqliteDataReader reader) =>
        new(persistenceId, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetString(3), reader.GetString(4), reader.GetFieldValue<byte[]>(5));

    private static SnapshotRow Snapshot(string persistenceId, SqliteDataReader reader) =>
        new(persistenceId, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetString(3), reader.GetFieldValue<byte[]>(4));

    private static void Save(SqliteConnection connection, SnapshotRow snapshot) => connection.Execute(
        """
        INSERT OR REPLACE INTO snapshot (persistence_id, sequence_number, created, serializer_id, manifest, snapshot)
        VALUES ($id, $nr, $created, $serializer, $manifest, $message)
        """,
        ("$id", snapshot.PersistenceId), ("$nr", snapshot.SequenceNr), ("$created", snapshot.Created),
        ("$serializer", snapshot.Serializer), ("$manifest", snapshot.Manifest), ("$message", snapshot.Message));
}
