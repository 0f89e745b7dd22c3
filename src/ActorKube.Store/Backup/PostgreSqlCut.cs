using System.Data;
using ActorKube.Api.Backup;
using ActorKube.Store.Database;
using Npgsql;

namespace ActorKube.Store.Backup;

/// <summary>A moment of a PostgreSQL database.</summary>
internal sealed class PostgreSqlCut : IStoreCut
{
    private readonly NpgsqlConnection _connection;

    private PostgreSqlCut(NpgsqlConnection connection, string name) => (_connection, JournalName) = (connection, name);

    public string Kind => "postgresql";

    public string JournalName { get; }

    public string SnapshotsName => JournalName;

    /// <summary>Begins; null where the tables have not been made yet.</summary>
    public static async Task<IStoreCut?> OpenAsync(string connectionString)
    {
        var builder = PostgreSqlConnections.From(connectionString);
        (builder.Pooling, builder.ApplicationName) = (false, "actorkube-backup");
        var connection = new NpgsqlConnection(builder.ToString());
        try
        {
            await connection.OpenAsync().ConfigureAwait(false);
            await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead).ConfigureAwait(false);
            await using var command = new NpgsqlCommand("SELECT to_regclass('journal') IS NOT NULL AND to_regclass('snapshot') IS NOT NULL", connection);
            if (await command.ExecuteScalarAsync().ConfigureAwait(false) is true)
                return new PostgreSqlCut(connection, PostgreSqlConnections.NameOf(connectionString));
            await connection.DisposeAsync().ConfigureAwait(false);
            return null;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public async Task<IReadOnlyList<JournalExtent>> ExtentsAsync() => await ListAsync(
        """SELECT persistence_id, min(sequence_number), max(sequence_number), count(*) FROM journal GROUP BY persistence_id ORDER BY persistence_id COLLATE "C" """,
        r => new JournalExtent(r.GetString(0), r.GetInt64(1), r.GetInt64(2), r.GetInt64(3))).ConfigureAwait(false);

    public async Task<(long Marked, long First)> MarkedAsync(string persistenceId) => (await ListAsync(
        "SELECT count(*) FILTER (WHERE deleted), min(sequence_number) FILTER (WHERE NOT deleted) FROM journal WHERE persistence_id = $1",
        r => (r.GetInt64(0), r.IsDBNull(1) ? 0 : r.GetInt64(1)), persistenceId).ConfigureAwait(false))[0];

    public async Task<long> FirstMissingAsync(string persistenceId, long from)
    {
        await using var command = Command("SELECT sequence_number FROM journal WHERE persistence_id = $1 AND sequence_number >= $2 ORDER BY sequence_number", persistenceId, from);
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        while (await reader.ReadAsync().ConfigureAwait(false) && reader.GetInt64(0) == from)
            from++;
        return from;
    }

    public async IAsyncEnumerable<CutRow> RowsAsync(string persistenceId, long from)
    {
        await using var command = Command(
            """
            SELECT sequence_number, created, identifier, manifest, writer_uuid, deleted, message FROM journal
            WHERE persistence_id = $1 AND sequence_number >= $2 ORDER BY sequence_number
            """,
            persistenceId, from);
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        while (await reader.ReadAsync().ConfigureAwait(false))
        {
            yield return new CutRow(
                new JournalRow(persistenceId, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetString(3), reader.GetString(4), reader.GetFieldValue<byte[]>(6)),
                reader.GetBoolean(5));
        }
    }

    public async Task<IReadOnlyList<long>> SnapshotsAsync(string persistenceId) =>
        await ListAsync("SELECT sequence_number FROM snapshot WHERE persistence_id = $1 ORDER BY sequence_number DESC", r => r.GetInt64(0), persistenceId).ConfigureAwait(false);

    public async Task<SnapshotRow?> SnapshotAsync(string persistenceId, long number)
    {
        var row = (await ListAsync(
            "SELECT created, serializer_id, manifest, snapshot FROM snapshot WHERE persistence_id = $1 AND sequence_number = $2",
            r => new SnapshotRow(persistenceId, number, r.GetInt64(0), r.GetInt32(1), r.GetString(2), r.GetFieldValue<byte[]>(3)),
            persistenceId, number).ConfigureAwait(false)).FirstOrDefault();
        return row is not null && SnapshotParts.PartsOf(row) is var (id, parts)
            ? SnapshotParts.Join(row, parts, await ListAsync(
                "SELECT snapshot FROM snapshot WHERE persistence_id = $1 AND sequence_number BETWEEN 1 AND $2 ORDER BY sequence_number",
                r => r.GetFieldValue<byte[]>(0), id, (long)parts).ConfigureAwait(false))
            : row;
    }

    public async IAsyncEnumerable<BackupBase> BaseAsync(string persistenceId)
    {
        if (!(await ListAsync("SELECT to_regclass('journal_base') IS NOT NULL", r => r.GetBoolean(0)).ConfigureAwait(false))[0])
            yield break;
        await using var command = Command(
            "SELECT object_key, sequence_number, created, coalesce(identifier, 0), coalesce(manifest, ''), coalesce(writer_uuid, ''), message FROM journal_base WHERE persistence_id = $1 ORDER BY sequence_number",
            persistenceId);
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        while (await reader.ReadAsync().ConfigureAwait(false))
            yield return new BackupBase(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2), reader.GetInt32(3), reader.GetString(4), reader.GetString(5), reader.GetFieldValue<byte[]>(6));
    }

    public async Task<long> EpochAsync() =>
        (await ListAsync("SELECT to_regclass('store_owner') IS NOT NULL", r => r.GetBoolean(0)).ConfigureAwait(false))[0]
            ? (await ListAsync($"SELECT epoch FROM store_owner WHERE name = '{StoreTables.OwnerRow}'", r => r.GetInt64(0)).ConfigureAwait(false)).FirstOrDefault()
            : 0;

    // Damaged pages are found by reading them, where the server keeps checksums of them.
    public Task<string?> DamageAsync() => Task.FromResult<string?>(null);

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<List<T>> ListAsync<T>(string sql, Func<NpgsqlDataReader, T> read, params object[] parameters)
    {
        await using var command = Command(sql, parameters);
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        var rows = new List<T>();
        while (await reader.ReadAsync().ConfigureAwait(false))
            rows.Add(read(reader));
        return rows;
    }

    private NpgsqlCommand Command(string sql, params object[] parameters)
    {
        var command = new NpgsqlCommand(sql, _connection) { CommandTimeout = 300 };
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        return command;
    }
}
