using ActorKube.Store.Cluster;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ActorKube.Store.Database;

/// <summary>Adds events to the journal on one connection, a transaction for each batch.</summary>
/// <param name="connection">The connection that writes. After an exception it must be closed, and with it the transaction.</param>
/// <param name="ownership">Under which epoch events are written, where several processes may own the store.</param>
internal sealed class SqliteJournalWriter(SqliteConnection connection, StoreOwnership? ownership) : IDisposable
{
    private readonly SqliteStatement _begin = new(connection, "BEGIN IMMEDIATE");
    private readonly SqliteStatement _commit = new(connection, "COMMIT");
    private readonly SqliteStatement _epoch = new(connection, $"SELECT epoch FROM store_owner WHERE name = '{StoreTables.OwnerRow}'");
    private readonly SqliteStatement _insert = new(connection, """
        INSERT INTO journal (persistence_id, sequence_number, deleted, created, identifier, manifest, tags, writer_uuid, message)
        VALUES (?1, ?2, 0, ?3, ?4, ?5, '', ?6, ?7)
        """);

    /// <summary>See <see cref="IStoreDatabase.WriteAsync"/>.</summary>
    public void Write(IReadOnlyList<JournalRow> rows)
    {
        _begin.Run();
        try
        {
            // The transaction has the file to itself: no owner comes between this and the write.
            if (ownership is not null && _epoch.Run() != ownership.Epoch)
                throw new NotOwnerException(ownership.Epoch);
            foreach (var row in rows)
                Insert(row);
        }
        catch (SqliteException e) when (e.SqliteErrorCode == raw.SQLITE_CONSTRAINT)
        {
            throw new DuplicateRowException(e);
        }

        _commit.Run();
    }

    public void Dispose()
    {
        foreach (var statement in new[] { _begin, _commit, _epoch, _insert })
            statement.Dispose();
    }

    private void Insert(JournalRow row)
    {
        _insert.Bind(1, row.PersistenceId);
        _insert.Bind(2, row.SequenceNr);
        _insert.Bind(3, row.Created);
        _insert.Bind(4, row.Serializer);
        _insert.Bind(5, row.Manifest);
        _insert.Bind(6, row.Writer);
        _insert.Bind(7, row.Message);
        _insert.Run();
    }
}
