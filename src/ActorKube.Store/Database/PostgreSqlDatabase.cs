using ActorKube.Store.Cluster;
using ActorKube.Store.Resources;
using Npgsql;
using NpgsqlTypes;

namespace ActorKube.Store.Database;

/// <summary>A PostgreSQL database that control-plane processes share.</summary>
internal sealed class PostgreSqlDatabase : IStoreDatabase
{
    private const string InRange = "persistence_id = $1 AND sequence_number BETWEEN $2 AND $3 AND created BETWEEN $4 AND $5";

    private readonly string _connectionString;
    private readonly Lazy<NpgsqlDataSource> _source;
    private readonly PostgreSqlWriter _writer;
    private readonly SemaphoreSlim _creating = new(1);
    private volatile bool _created;

    /// <summary>Connects on first use.</summary>
    /// <param name="connectionString">Npgsql's.</param>
    /// <param name="ownership">Under which epoch events are written, where several processes may own the store.</param>
    public PostgreSqlDatabase(string connectionString, StoreOwnership? ownership = null)
    {
        _connectionString = connectionString;
        _source = new Lazy<NpgsqlDataSource>(() => Build(connectionString));
        _writer = new PostgreSqlWriter(OpenAsync, ownership, TimeProvider.System);
    }

    public string JournalName => PostgreSqlConnections.NameOf(_connectionString);

    public string SnapshotsName => JournalName;

    public Task WriteAsync(IReadOnlyList<JournalRow> rows) => _writer.WriteAsync(rows);

    public Task ReplayAsync(string persistenceId, long from, long to, long max, Action<JournalRow> found) => ReadAsync("ASC", persistenceId, from, to, max, found);

    public Task ReadBackwardsAsync(string persistenceId, long from, long to, long max, Action<JournalRow> found) => ReadAsync("DESC", persistenceId, from, to, max, found);

    private async Task ReadAsync(string order, string persistenceId, long from, long to, long max, Action<JournalRow> found)
    {
        await using var connection = await OpenAsync().ConfigureAwait(false);
        await using var command = Command(
            connection,
            $"""
            SELECT sequence_number, created, identifier, manifest, writer_uuid, message FROM journal
            WHERE persistence_id = $1 AND sequence_number BETWEEN $2 AND $3 AND NOT deleted ORDER BY sequence_number {order} LIMIT $4
            """,
            Value(persistenceId), Value(from), Value(to), Value(max));
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        while (await reader.ReadAsync().ConfigureAwait(false))
            found(Row(persistenceId, reader));
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

    public Task CompactAsync(string persistenceId, Horizon horizon, CompactionStep step) => ExecuteAsync(
        """
        WITH passed AS (DELETE FROM journal WHERE persistence_id = $1 AND sequence_number <= $2
          RETURNING sequence_number, created, identifier, manifest, writer_uuid, message, deleted),
        gone AS (DELETE FROM journal_base WHERE persistence_id = $1 AND object_key <> '' AND (object_key = ANY($4) OR NOT $7))
        INSERT INTO journal_base (persistence_id, object_key, sequence_number, created, identifier, manifest, writer_uuid, message)
        SELECT $1, n.object_key, p.sequence_number, p.created, p.identifier, p.manifest, p.writer_uuid, p.message
        FROM passed p JOIN unnest($5, $6) AS n(object_key, nr) ON p.sequence_number = n.nr WHERE NOT p.deleted
        UNION ALL SELECT $1, '', $2, $3, 0, '', '', ''
        ON CONFLICT (persistence_id, object_key) DO UPDATE SET sequence_number = excluded.sequence_number, created = excluded.created,
          identifier = excluded.identifier, manifest = excluded.manifest, writer_uuid = excluded.writer_uuid, message = excluded.message
        """,
        Value(persistenceId), Value(horizon.SequenceNr), Value(horizon.Created), Column([.. step.Gone], NpgsqlDbType.Text, key => key),
        Column([.. step.Newest], NpgsqlDbType.Text, n => n.Key), Column([.. step.Newest], NpgsqlDbType.Bigint, n => n.Value),
        Value(step.KeepsBase));

    public async Task<Horizon?> ReadHorizonAsync(string persistenceId)
    {
        await using var connection = await OpenAsync().ConfigureAwait(false);
        await using var command = Command(connection, "SELECT sequence_number, created FROM journal_base WHERE persistence_id = $1 AND object_key = ''", Value(persistenceId));
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        return await reader.ReadAsync().ConfigureAwait(false) ? new Horizon(reader.GetInt64(0), reader.GetInt64(1)) : null;
    }

    public Task<JournalRow?> ReadBaseAsync(string persistenceId, string key) => ReadBaseAsync("object_key = $2", persistenceId, Value(key));

    public Task<JournalRow?> ReadBaseAsync(string persistenceId, long sequenceNr) => ReadBaseAsync("sequence_number = $2", persistenceId, Value(sequenceNr));

    private async Task<JournalRow?> ReadBaseAsync(string condition, string persistenceId, NpgsqlParameter what)
    {
        await using var connection = await OpenAsync().ConfigureAwait(false);
        await using var command = Command(
            connection,
            $"SELECT sequence_number, created, identifier, manifest, writer_uuid, message FROM journal_base WHERE persistence_id = $1 AND {condition} AND object_key <> ''",
            Value(persistenceId), what);
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        return await reader.ReadAsync().ConfigureAwait(false) ? Row(persistenceId, reader) : null;
    }

    // Autovacuum does it (StoreTables).
    public Task<bool> ShrinkAsync() => Task.FromResult(false);

    public Task SaveSnapshotAsync(SnapshotRow snapshot) => SaveSnapshotPartsAsync([snapshot]);

    public Task SaveSnapshotPartsAsync(IReadOnlyList<SnapshotRow> parts) => ExecuteAsync(
        """
        INSERT INTO snapshot (persistence_id, sequence_number, created, serializer_id, manifest, snapshot)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
        ON CONFLICT (persistence_id, sequence_number) DO UPDATE
        SET created = excluded.created, serializer_id = excluded.serializer_id, manifest = excluded.manifest, snapshot = excluded.snapshot
        """,
        Column(parts, NpgsqlDbType.Text, p => p.PersistenceId), Column(parts, NpgsqlDbType.Bigint, p => p.SequenceNr), Column(parts, NpgsqlDbType.Bigint, p => p.Created),
        Column(parts, NpgsqlDbType.Integer, p => p.Serializer), Column(parts, NpgsqlDbType.Text, p => p.Manifest), Column(parts, NpgsqlDbType.Bytea, p => p.Message));

    public async Task ReadSnapshotPartsAsync(string persistenceId, long to, Action<SnapshotRow> found)
    {
        await using var connection = await OpenAsync().ConfigureAwait(false);
        await using var command = Command(
            connection,
            "SELECT sequence_number, created, serializer_id, manifest, snapshot FROM snapshot WHERE persistence_id = $1 AND sequence_number BETWEEN 1 AND $2 ORDER BY sequence_number",
            Value(persistenceId), Value(to));
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        while (await reader.ReadAsync().ConfigureAwait(false))
            found(Snapshot(persistenceId, reader));
    }

    public async Task<SnapshotRow?> LoadSnapshotAsync(string persistenceId, SnapshotRange range)
    {
        await using var connection = await OpenAsync().ConfigureAwait(false);
        await using var command = Command(
            connection,
            $"SELECT sequence_number, created, serializer_id, manifest, snapshot FROM snapshot WHERE {InRange} ORDER BY sequence_number DESC LIMIT 1",
            Parameters(persistenceId, range));
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        return await reader.ReadAsync().ConfigureAwait(false) ? Snapshot(persistenceId, reader) : null;
    }

    public Task DeleteSnapshotsAsync(string persistenceId, SnapshotRange range) =>
        ExecuteAsync($"DELETE FROM snapshot WHERE {InRange}", Parameters(persistenceId, range));

    public void Dispose()
    {
        _writer.Dispose();
        if (_source.IsValueCreated)
            _source.Value.Dispose();
    }

    // An acknowledged write must be on the server's disk, whatever the server's default is; a stronger setting, such as remote_apply, stays.
    private static NpgsqlDataSource Build(string connectionString)
    {
        const string Durable = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'";
        var builder = new NpgsqlSlimDataSourceBuilder(PostgreSqlConnections.From(connectionString).ToString());
        builder.ConnectionStringBuilder.NoResetOnClose = true;
        builder.ConnectionStringBuilder.WriteBufferSize = Math.Max(builder.ConnectionStringBuilder.WriteBufferSize, 65536); // a batch in few sends
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

    private static JournalRow Row(string persistenceId, NpgsqlDataReader reader) =>
        new(persistenceId, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetString(3), reader.GetString(4), reader.GetFieldValue<byte[]>(5));

    private static SnapshotRow Snapshot(string persistenceId, NpgsqlDataReader reader) =>
        new(persistenceId, reader.GetInt64(0), reader.GetInt64(1), reader.GetInt32(2), reader.GetString(3), reader.GetFieldValue<byte[]>(4));

    private static NpgsqlParameter[] Parameters(string persistenceId, SnapshotRange range) =>
        [Value(persistenceId), Value(range.FromSequenceNr), Value(range.ToSequenceNr), Value(range.FromTime), Value(range.ToTime)];

    private static NpgsqlParameter<T> Value<T>(T value) => new() { TypedValue = value };

    private static NpgsqlParameter<T[]> Column<TRow, T>(IReadOnlyList<TRow> rows, NpgsqlDbType type, Func<TRow, T> column)
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
            await using var command = new NpgsqlCommand(StoreTables.CreateAtOnce(StoreTables.PostgreSqlJournal + StoreTables.PostgreSqlBase + StoreTables.PostgreSqlSnapshot + StoreTables.PostgreSqlVacuum + StoreTables.PostgreSqlOwner), connection);
            await command.ExecuteNonQueryAsync().ConfigureAwait(false);
            _created = true;
        }
        finally
        {
            _creating.Release();
        }
    }
}
