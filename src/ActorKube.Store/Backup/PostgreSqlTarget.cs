using ActorKube.Api.Backup;
using ActorKube.Store.Database;
using Npgsql;
using NpgsqlTypes;

namespace ActorKube.Store.Backup;

/// <summary>A PostgreSQL database, written to in one transaction.</summary>
internal sealed class PostgreSqlTarget : IRestoreTarget
{
    private const string CopyRows = """
        COPY journal (persistence_id, sequence_number, deleted, created, identifier, manifest, tags, writer_uuid, message) FROM STDIN (FORMAT BINARY)
        """;

    private readonly NpgsqlConnection _connection;
    private NpgsqlTransaction? _transaction;
    private NpgsqlBinaryImporter? _rows;
    private string _id = "";

    public PostgreSqlTarget(string connectionString)
    {
        var builder = PostgreSqlConnections.From(connectionString);
        (builder.Pooling, builder.ApplicationName) = (false, "actorkube-restore");
        _connection = new NpgsqlConnection(builder.ToString());
        Name = PostgreSqlConnections.NameOf(connectionString);
    }

    public string Name { get; }

    public async Task BeginAsync()
    {
        await _connection.OpenAsync().ConfigureAwait(false);
        await ExecuteAsync(StoreTables.CreateAtOnce(StoreTables.PostgreSqlJournal + StoreTables.PostgreSqlBase + StoreTables.PostgreSqlSnapshot + StoreTables.PostgreSqlOwner)).ConfigureAwait(false);
        _transaction = await _connection.BeginTransactionAsync().ConfigureAwait(false);
        // A process that starts now waits until this is over, and then sees all of it.
        await ExecuteAsync("SET LOCAL synchronous_commit = on; LOCK TABLE journal, snapshot, store_owner IN EXCLUSIVE MODE").ConfigureAwait(false);
        if (await CountAsync("SELECT (SELECT count(*) FROM journal) + (SELECT count(*) FROM snapshot)").ConfigureAwait(false) is > 0 and var rows)
            throw RestoreException.NotEmpty(Name, rows);
        if (await CountAsync("SELECT count(*) FROM store_owner WHERE owner <> '' AND until > extract(epoch from clock_timestamp()) * 1000").ConfigureAwait(false) > 0)
            throw RestoreException.Owned(Name);
    }

    public async Task ResourceAsync(BackupResource resource)
    {
        await CompleteRowsAsync().ConfigureAwait(false);
        _id = resource.Id;
    }

    public async Task SnapshotAsync(BackupSnapshot snapshot) => await ExecuteAsync(
        "INSERT INTO snapshot (persistence_id, sequence_number, created, serializer_id, manifest, snapshot) VALUES ($1, $2, $3, $4, $5, $6)",
        _id, snapshot.SequenceNr, snapshot.Created, snapshot.Serializer, snapshot.Manifest, snapshot.Message).ConfigureAwait(false);

    public async Task BaseAsync(BackupBase kept) => await ExecuteAsync(
        "INSERT INTO journal_base (persistence_id, object_key, sequence_number, created, identifier, manifest, writer_uuid, message) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        _id, kept.Key, kept.SequenceNr, kept.Created, kept.Serializer, kept.Manifest, kept.Writer, kept.Message).ConfigureAwait(false);

    public async Task EventAsync(BackupEvent change)
    {
        if (_rows is null)
        {
            _rows = await _connection.BeginBinaryImportAsync(CopyRows).ConfigureAwait(false);
            _rows.Timeout = TimeSpan.FromMinutes(5);
        }

        await _rows.StartRowAsync().ConfigureAwait(false);
        await _rows.WriteAsync(_id, NpgsqlDbType.Text).ConfigureAwait(false);
        await _rows.WriteAsync(change.SequenceNr, NpgsqlDbType.Bigint).ConfigureAwait(false);
        await _rows.WriteAsync(change.IsMarked, NpgsqlDbType.Boolean).ConfigureAwait(false);
        await _rows.WriteAsync(change.Created, NpgsqlDbType.Bigint).ConfigureAwait(false);
        await _rows.WriteAsync(change.Serializer, NpgsqlDbType.Integer).ConfigureAwait(false);
        await _rows.WriteAsync(change.Manifest, NpgsqlDbType.Text).ConfigureAwait(false);
        await _rows.WriteAsync("", NpgsqlDbType.Text).ConfigureAwait(false);
        await _rows.WriteAsync(change.Writer, NpgsqlDbType.Text).ConfigureAwait(false);
        await _rows.WriteAsync(change.Message, NpgsqlDbType.Bytea).ConfigureAwait(false);
    }

    public async Task CommitAsync(long epoch)
    {
        await CompleteRowsAsync().ConfigureAwait(false);
        await ExecuteAsync(
            $"INSERT INTO store_owner (name, owner, epoch, until) VALUES ('{StoreTables.OwnerRow}', '', $1, 0) ON CONFLICT (name) DO UPDATE SET owner = '', epoch = greatest(store_owner.epoch + 1, $1), until = 0",
            epoch).ConfigureAwait(false);
        await _transaction!.CommitAsync().ConfigureAwait(false);
    }

    // An import that was not completed is called off, a transaction that was not committed is undone.
    public async ValueTask DisposeAsync()
    {
        if (_rows is not null)
            await _rows.DisposeAsync().ConfigureAwait(false);
        if (_transaction is not null)
            await _transaction.DisposeAsync().ConfigureAwait(false);
        await _connection.DisposeAsync().ConfigureAwait(false);
    }

    private async Task CompleteRowsAsync()
    {
        if (_rows is null)
            return;
        await _rows.CompleteAsync().ConfigureAwait(false);
        await _rows.DisposeAsync().ConfigureAwait(false);
        _rows = null;
    }

    private async Task<long> CountAsync(string sql)
    {
        await using var command = new NpgsqlCommand(sql, _connection) { CommandTimeout = 300 };
        return (long)(await command.ExecuteScalarAsync().ConfigureAwait(false))!;
    }

    private async Task ExecuteAsync(string sql, params object[] parameters)
    {
        await using var command = new NpgsqlCommand(sql, _connection) { CommandTimeout = 300 };
        foreach (var parameter in parameters)
            command.Parameters.Add(new NpgsqlParameter { Value = parameter });
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
