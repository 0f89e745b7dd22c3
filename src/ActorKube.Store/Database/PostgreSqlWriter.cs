using ActorKube.Store.Cluster;
using Npgsql;
using NpgsqlTypes;

namespace ActorKube.Store.Database;

/// <summary>
/// Adds events to the journal of a PostgreSQL database. A batch is one statement, one transaction and one round trip, on a connection of its own where the statement is
/// prepared: to parse and plan it each time took longer than the disk does. Binary COPY was measured and is slower where the epoch is checked in the same
/// transaction: its rows cost the server as much, and it takes four round trips.
/// </summary>
/// <param name="open">Opens a connection to a database that has the tables.</param>
/// <param name="ownership">Under which epoch events are written, where several processes may own the store.</param>
/// <param name="time">Clock.</param>
internal sealed class PostgreSqlWriter(Func<Task<NpgsqlConnection>> open, StoreOwnership? ownership, TimeProvider time) : IDisposable
{
    private const string InsertRows = """
        INSERT INTO journal (persistence_id, sequence_number, deleted, created, identifier, manifest, tags, writer_uuid, message)
        SELECT id, nr, false, created, serializer, manifest, '', writer, message
        FROM unnest($1, $2, $3, $4, $5, $6, $7) AS r(id, nr, created, serializer, manifest, writer, message)
        """;

    // Whoever takes the lease waits for the row's lock: no owner comes between the look and the write.
    private const string InsertRowsOfOwner = $"{InsertRows}, (SELECT 1 FROM store_owner WHERE name = '{StoreTables.OwnerRow}' AND epoch = $8 FOR SHARE) AS current";

    // What lies between may have forgotten a connection that was silent for longer, without telling.
    private static readonly TimeSpan TrustedSilence = TimeSpan.FromMinutes(1);

    private readonly SemaphoreSlim _writing = new(1);
    private NpgsqlConnection? _connection;
    private InsertCommand? _insert;
    private long _used;

    /// <summary>See <see cref="IStoreDatabase.WriteAsync"/>.</summary>
    public async Task WriteAsync(IReadOnlyList<JournalRow> rows)
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_insert is not null && time.GetElapsedTime(_used) > TrustedSilence)
                Close();
            var insert = _insert ??= await PrepareAsync().ConfigureAwait(false);
            insert.Take(rows, ownership?.Epoch ?? 0);
            var written = await insert.Command.ExecuteNonQueryAsync().ConfigureAwait(false);
            _used = time.GetTimestamp();
            if (ownership is not null && written == 0)
                throw new NotOwnerException(ownership.Epoch);
        }
        catch (PostgresException e) when (e.SqlState == PostgresErrorCodes.UniqueViolation)
        {
            throw new DuplicateRowException(e);
        }
        catch (Exception e) when (e is not NotOwnerException)
        {
            Close();
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    public void Dispose()
    {
        _writing.Wait();
        Close();
        _writing.Release();
    }

    private async Task<InsertCommand> PrepareAsync()
    {
        _connection = await open().ConfigureAwait(false);
        var insert = new InsertCommand(_connection, ownership is not null);
        await insert.Command.PrepareAsync().ConfigureAwait(false);
        return insert;
    }

    private void Close()
    {
        _insert?.Command.Dispose();
        _connection?.Dispose();
        (_insert, _connection) = (null, null);
    }

    // The statement with a parameter per column, each an array with a value per row.
    private sealed class InsertCommand
    {
        private readonly NpgsqlParameter<string[]> _ids = Column<string>(NpgsqlDbType.Text);
        private readonly NpgsqlParameter<long[]> _numbers = Column<long>(NpgsqlDbType.Bigint);
        private readonly NpgsqlParameter<long[]> _created = Column<long>(NpgsqlDbType.Bigint);
        private readonly NpgsqlParameter<int[]> _serializers = Column<int>(NpgsqlDbType.Integer);
        private readonly NpgsqlParameter<string[]> _manifests = Column<string>(NpgsqlDbType.Text);
        private readonly NpgsqlParameter<string[]> _writers = Column<string>(NpgsqlDbType.Text);
        private readonly NpgsqlParameter<byte[][]> _messages = Column<byte[]>(NpgsqlDbType.Bytea);
        private readonly NpgsqlParameter<long> _epoch = new() { NpgsqlDbType = NpgsqlDbType.Bigint };

        public InsertCommand(NpgsqlConnection connection, bool isOwned)
        {
            Command = new NpgsqlCommand(isOwned ? InsertRowsOfOwner : InsertRows, connection);
            Command.Parameters.AddRange(new NpgsqlParameter[] { _ids, _numbers, _created, _serializers, _manifests, _writers, _messages });
            if (isOwned)
                Command.Parameters.Add(_epoch);
        }

        public NpgsqlCommand Command { get; }

        public void Take(IReadOnlyList<JournalRow> rows, long epoch)
        {
            Set(_ids, rows, r => r.PersistenceId);
            Set(_numbers, rows, r => r.SequenceNr);
            Set(_created, rows, r => r.Created);
            Set(_serializers, rows, r => r.Serializer);
            Set(_manifests, rows, r => r.Manifest);
            Set(_writers, rows, r => r.Writer);
            Set(_messages, rows, r => r.Message);
            _epoch.TypedValue = epoch;
        }

        private static NpgsqlParameter<T[]> Column<T>(NpgsqlDbType type) => new() { NpgsqlDbType = NpgsqlDbType.Array | type, TypedValue = [] };

        private static void Set<T>(NpgsqlParameter<T[]> parameter, IReadOnlyList<JournalRow> rows, Func<JournalRow, T> column)
        {
            var values = new T[rows.Count];
            for (var i = 0; i < values.Length; i++)
                values[i] = column(rows[i]);
            parameter.TypedValue = values;
        }
    }
}
