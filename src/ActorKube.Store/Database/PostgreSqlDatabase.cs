using ActorKube.Store.Cluster;
using Npgsql;
using NpgsqlTypes;

namespace ActorKube.Store.Database;

/// <summary>A PostgreSQL database that control-plane processes share. A batch of events is one statement and one round trip.</summary>
/// <param name="connectionString">Npgsql's.</param>
/// <param name="ownership">Under which epoch events are written, where several processes may own the store.</param>
internal sealed class PostgreSqlDatabase(string connectionString, StoreOwnership? ownership = null) : IStoreDatabase
{
    private const string InsertRows = """
        INSERT INTO journal (persistence_id, sequence_number, deleted, created, identifier, manifest, tags, writer_uuid, message)
        SELECT id, nr, false, created, serializer, manifest, '', writer, message
        FROM unnest($1, $2, $3, $4, $5, $6, $7) AS r(id, nr, created, serializer, manifest, writer, message)
        """;

    // Whoever takes the lease waits for the row's lock: no owner comes between the look and the write.
    private const string InsertRowsOfOwner = $"{InsertRows}, (SELECT 1 FROM store_owner WHERE name = '{StoreTables.OwnerRow}' AND epoch = $8 FOR SHARE) AS current";

    private const string InRange = "persistence_id = $1 AND sequence_number BETWEEN $2 AND $3 AND created BETWEEN $4 AND $5";

    private readonly Lazy<NpgsqlDataSource> _source = new(() => Build(connectionString));
    private readonly SemaphoreSlim _creating = new(1);
    private volatile bool _created;

    public string JournalName => PostgreSqlConnections.NameOf(connectionString);

    public string SnapshotsName => JournalName;

    public async Task WriteAsync(IReadOnlyList<JournalRow> rows)
    {
        try
        {
            NpgsqlParameter[] columns =
            [
                Column(rows, NpgsqlDbType.Text, r => r.PersistenceId),
                Column(rows, NpgsqlDbType.Bigint, r => r.SequenceNr),
                Column(rows, NpgsqlDbType.Bigint, r => r.Created),
                Column(rows, NpgsqlDbType.Integer, r => r.Serializer),
                Column(rows, NpgsqlDbType.Text, r => r.Manifest),
                Column(rows, NpgsqlDbType.Text, r => r.Writer),
                Column(rows, NpgsqlDbType.Bytea, r => r.Message),
            ];
            if (ownership is null)
                await ExecuteAsync(InsertRows, columns).ConfigureAwait(false);
            else if (await ExecuteAsync(InsertRowsOfOwner, [.. columns, Value(ownership.Epoch)]).ConfigureAwait(false) == 0)
                throw new NotOwnerException(ownership.Epoch);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw new DuplicateRowException(e);
        }
    }

    public async Task ReplayAsync(string persistenceId, long from, long to, long max, Action<JournalRow> found)
    {
        await using var connection = await OpenAsync().ConfigureAwait(false);
        await using var command = Command(
            connection,
            """
            SELECT sequence_number, created, identifier, manifest, writer_uuid, message FROM journal
            WHERE persistence_id = $1 AND sequence_number BETWEEN $2 AND $3 AND NOT deleted ORDER BY sequence_number LIMIT $4
            """,
            Value(persistenceId), Value(from), Value(to), Value(max));
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        while (await reader.ReadAsync().ConfigureAwait(false))
        {
            found(new JournalRow(
                persistenceId, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetString(3), reader.GetString(4), reader.GetFieldValue<byte[]>(5)));
        }
    }

    public async Task<long> HighestSequenceNrAsync(string persistenceId)
    {
        await using var connection = await OpenAsync().ConfigureAwait(false);
        await using var command = Command(connection, "SELECT max(sequence_number) FROM journal WHERE persistence_id = $1", Value(persistenceId));
        return await command.ExecuteScalarAsync().ConfigureAwait(false) is long highest ? highest : 0;
    }

    public Task DeleteRowsAsync(string persistenceId, long to) => ExecuteAsync(
        """
        WITH newest AS (SELECT max(sequence_number) AS nr FROM journal WHERE persistence_id = $1),
        marked AS (UPDATE journal SET deleted = true FROM newest WHERE persistence_id = $1 AND sequence_number = newest.nr AND newest.nr <= $2)
        DELETE FROM journal USING newest WHERE persistence_id = $1 AND sequence_number <= $2 AND sequence_number < newest.nr
        """,
        Value(persistenceId), Value(to));

    public Task SaveSnapshotAsync(SnapshotRow snapshot) => ExecuteAsync(
        """
        INSERT INTO snapshot (persistence_id, sequence_number, created, serializer_id, manifest, snapshot) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (persistence_id, sequence_number) DO UPDATE
        SET created = excluded.created, serializer_id = excluded.serializer_id, manifest = excluded.manifest, snapshot = excluded.snapshot
        """,
        Value(snapshot.PersistenceId), Value(snapshot.SequenceNr), Value(snapshot.Created),
        Value(snapshot.Serializer), Value(snapshot.Manifest), Value(snapshot.Message));

    public async Task<SnapshotRow?> LoadSnapshotAsync(string persistenceId, SnapshotRange range)
    {
        await using var connection = await OpenAsync().ConfigureAwait(false);
        await using var command = Command(
            connection,
            $"SELECT sequence_number, created, serializer_id, manifest, snapshot FROM snapshot WHERE {InRange} ORDER BY sequence_number DESC LIMIT 1",
            Parameters(persistenceId, range));
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        return await reader.ReadAsync().ConfigureAwait(false)
            ? new SnapshotRow(persistenceId, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetString(3), reader.GetFieldValue<byte[]>(4))
            : null;
    }

    public Task DeleteSnapshotsAsync(string persistenceId, SnapshotRange range) =>
        ExecuteAsync($"DELETE FROM snapshot WHERE {InRange}", Parameters(persistenceId, range));

    public void Dispose()
    {
        if (_source.IsValueCreated)
            _source.Value.Dispose();
    }

    // An acknowledged write must be on the server's disk, whatever the server's default is; a stronger setting, such as remote_apply, stays.
    private static NpgsqlDataSource Build(string connectionString)
    {
        const string Durable = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
        var builder = new NpgsqlSlimDataSourceBuilder(PostgreSqlConnections.From(connectionString).ToString());
        builder.ConnectionStringBuilder.NoResetOnClose = true;
        builder.EnableArrays();
        builder.UsePhysicalConnectionInitializer(
            connection =>
            {
                using var command = new NpgsqlCommand(Durable, connection);
                command.ExecuteNonQuery();
            },
            async connection =>
            {
                await using var command = new NpgsqlCommand(Durable, connection);
                await command.ExecuteNonQueryAsync().ConfigureAwait(false);
            });
        return builder.Build();
    }

    private static NpgsqlParameter[] Parameters(string persistenceId, SnapshotRange range) =>
        [Value(persistenceId), Value(range.FromSequenceNr), Value(range.ToSequenceNr), Value(range.FromTime), Value(range.ToTime)];

    private static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    private static NpgsqlParameter<T[]> Column<T>(IReadOnlyList<JournalRow> rows, NpgsqlDbType type, Func<JournalRow, T> column)
    {
        var values = new T[rows.Count];
        for (var i = 0; i < values.Length; i++)
            values[i] = column(rows[i]);
        return new NpgsqlParameter<T[]> { TypedValue = values, NpgsqlDbType = NpgsqlDbType.Array | type };
    }

    private static NpgsqlCommand Command(NpgsqlConnection connection, string sql, params NpgsqlParameter[] parameters)
    {
        var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        return command;
    }

    private async Task<int> ExecuteAsync(string sql, params NpgsqlParameter[] parameters)
    {
        await using var connection = await OpenAsync().ConfigureAwait(false);
        await using var command = Command(connection, sql, parameters);
        return await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        if (!_created)
            await CreateTablesAsync().ConfigureAwait(false);
        return await _source.Value.OpenConnectionAsync().ConfigureAwait(false);
    }

    private async Task CreateTablesAsync()
    {
        await _creating.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_created)
                return;
            await using var connection = await _source.Value.OpenConnectionAsync().ConfigureAwait(false);
            await using var command = new NpgsqlCommand(StoreTables.CreateAtOnce(StoreTables.PostgreSqlJournal + StoreTables.PostgreSqlSnapshot + StoreTables.PostgreSqlOwner), connection);
            await command.ExecuteNonQueryAsync().ConfigureAwait(false);
            _created = true;
        }
        finally
        {
            _creating.Release();
        }
    }
}
