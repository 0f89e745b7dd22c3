using ActorKube.Api.Backup;
using ActorKube.Store.Database;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ActorKube.Store.Backup;

/// <summary>Two new SQLite files, which take the place of empty ones when they are whole.</summary>
internal sealed class SqliteTarget : IRestoreTarget
{
    private const string Restoring = ".restoring";

    private readonly string _directory;
    private readonly TimeProvider _time;
    private readonly string _journalFile;
    private readonly string _snapshotsFile;
    private SqliteConnection? _journal;
    private SqliteConnection? _snapshots;
    private SqliteCommand? _insert;
    private string _id = "";

    public SqliteTarget(SqliteSettings settings, TimeProvider time)
    {
        (_directory, _time) = (settings.Directory, time);
        (_journalFile, _snapshotsFile) = (Path.Combine(_directory, "journal.db"), Path.Combine(_directory, "snapshots.db"));
    }

    public string Name => $"the store in {_directory}";

    public Task BeginAsync() => Task.Run(() =>
    {
        Directory.CreateDirectory(_directory);
        MustBeEmpty(_journalFile, "journal");
        MustBeEmpty(_snapshotsFile, "snapshot");
        _journal = Create(_journalFile + Restoring, StoreTables.SqliteJournal + StoreTables.SqliteBase + StoreTables.SqliteOwner);
        _snapshots = Create(_snapshotsFile + Restoring, StoreTables.SqliteSnapshot);
        _insert = _journal.Command(
            """
            INSERT INTO journal (persistence_id, sequence_number, deleted, created, identifier, manifest, tags, writer_uuid, message)
            VALUES ($id, $nr, $deleted, $created, $serializer, $manifest, '', $writer, $message)
            """);
        foreach (var name in new[] { "$id", "$nr", "$deleted", "$created", "$serializer", "$manifest", "$writer", "$message" })
            _insert.Parameters.Add(new SqliteParameter { ParameterName = name });
    });

    public Task ResourceAsync(BackupResource resource)
    {
        _id = resource.Id;
        return Task.CompletedTask;
    }

    public Task SnapshotAsync(BackupSnapshot snapshot)
    {
        _snapshots!.Execute(
            "INSERT INTO snapshot (persistence_id, sequence_number, created, serializer_id, manifest, snapshot) VALUES ($id, $nr, $created, $serializer, $manifest, $message)",
            ("$id", _id), ("$nr", snapshot.SequenceNr), ("$created", snapshot.Created), ("$serializer", snapshot.Serializer), ("$manifest", snapshot.Manifest), ("$message", snapshot.Message));
        return Task.CompletedTask;
    }

    public Task BaseAsync(BackupBase kept)
    {
        _journal!.Execute(
            """
            INSERT INTO journal_base (persistence_id, object_key, sequence_number, created, identifier, manifest, writer_uuid, message)
            VALUES ($id, $key, $nr, $created, $serializer, $manifest, $writer, $message)
            """,
            ("$id", _id), ("$key", kept.Key), ("$nr", kept.SequenceNr), ("$created", kept.Created), ("$serializer", kept.Serializer), ("$manifest", kept.Manifest), ("$writer", kept.Writer), ("$message", kept.Message));
        return Task.CompletedTask;
    }

    public Task EventAsync(BackupEvent change)
    {
        var parameters = _insert!.Parameters;
        parameters[0].Value = _id;
        parameters[1].Value = change.SequenceNr;
        parameters[2].Value = change.IsMarked ? 1 : 0;
        parameters[3].Value = change.Created;
        parameters[4].Value = change.Serializer;
        parameters[5].Value = change.Manifest;
        parameters[6].Value = change.Writer;
        parameters[7].Value = change.Message;
        _insert.ExecuteNonQuery();
        return Task.CompletedTask;
    }

    public Task CommitAsync(long epoch) => Task.Run(() =>
    {
        _journal!.Execute($"INSERT INTO store_owner (name, owner, epoch, until) VALUES ('{StoreTables.OwnerRow}', '', $epoch, 0)", ("$epoch", epoch));
        _journal!.Execute("COMMIT");
        _snapshots!.Execute("COMMIT");
        Close();
        // The journal last: with it the store is there.
        Move(_snapshotsFile);
        Move(_journalFile);
    });

    public ValueTask DisposeAsync()
    {
        Close();
        File.Delete(_journalFile + Restoring);
        File.Delete(_snapshotsFile + Restoring);
        return ValueTask.CompletedTask;
    }

    private void MustBeEmpty(string file, string table)
    {
        if (!File.Exists(file))
            return;
        try
        {
            using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadWrite, Pooling = false }.ToString());
            connection.Open();
            if (Count(connection, "sqlite_master", $"name = '{table}'") > 0 && Count(connection, table, "true") is > 0 and var rows)
                throw RestoreException.NotEmpty(Name, rows);
            if (Count(connection, "sqlite_master", "name = 'store_owner'") > 0
                && Count(connection, "store_owner", FormattableString.Invariant($"owner <> '' AND until > {_time.GetUtcNow().ToUnixTimeMilliseconds()}")) > 0)
                throw RestoreException.Owned(Name);
        }
        catch (SqliteException e) when (e.SqliteErrorCode is raw.SQLITE_NOTADB or raw.SQLITE_CORRUPT)
        {
            throw new RestoreException($"{file} is there and cannot be read ({e.Message}); move it away first", e);
        }
    }

    private static long Count(SqliteConnection connection, string table, string where)
    {
        using var command = connection.Command($"SELECT count(*) FROM {table} WHERE {where}");
        return (long)command.ExecuteScalar()!;
    }

    // Nobody sees the file before it is whole: it needs no log.
    private static SqliteConnection Create(string file, string ddl)
    {
        File.Delete(file);
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = file, Mode = SqliteOpenMode.ReadWriteCreate, Pooling = false }.ToString());
        connection.Open();
        connection.Execute($"PRAGMA auto_vacuum = INCREMENTAL; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cache_size = -65536; {ddl} BEGIN");
        return connection;
    }

    private void Close()
    {
        _insert?.Dispose();
        _journal?.Dispose();
        _snapshots?.Dispose();
        (_insert, _journal, _snapshots) = (null, null, null);
    }

    private static void Move(string file)
    {
        using (var written = new FileStream(file + Restoring, FileMode.Open, FileAccess.ReadWrite))
            written.Flush(flushToDisk: true);
        File.Delete(file + "-wal");
        File.Delete(file + "-shm");
        File.Move(file + Restoring, file, overwrite: true);
    }
}
