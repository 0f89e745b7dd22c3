using ActorKube.Store.Cluster;
using Npgsql;

namespace ActorKube.Store.Database;

/// <summary>The lease in a PostgreSQL database. A question that the database does not answer soon has failed: the next one comes in half a second.</summary>
internal sealed class PostgreSqlLease(string connectionString) : ILeaseTable
{
    private const string Now = "(extract(epoch from clock_timestamp()) * 1000)::bigint";

    private readonly string _connectionString = Own(connectionString);

    private bool _created;

    public async Task<LeaseHolder?> ReadAsync()
    {
        await using var connection = await OpenAsync().ConfigureAwait(false);
        await using var command = new NpgsqlCommand($"SELECT owner, epoch, until > {Now} FROM store_owner WHERE name = '{StoreTables.OwnerRow}'", connection);
        return await HolderAsync(command).ConfigureAwait(false);
    }

    public Task BeginAsync() => ExecuteAsync($"INSERT INTO store_owner (name, owner, epoch, until) VALUES ('{StoreTables.OwnerRow}', '', 0, 0) ON CONFLICT (name) DO NOTHING");

    public async Task<LeaseHolder?> TryTakeAsync(string owner, TimeSpan lifetime)
    {
        await using var connection = await OpenAsync().ConfigureAwait(false);
        await using var command = new NpgsqlCommand(
            $"""
            UPDATE store_owner SET epoch = CASE WHEN owner = $1 THEN epoch ELSE epoch + 1 END, owner = $1, until = {Now} + $2
            WHERE name = '{StoreTables.OwnerRow}' AND (owner = $1 OR until <= {Now}) RETURNING owner, epoch, true
            """, connection);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = owner });
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = (long)lifetime.TotalMilliseconds });
        return await HolderAsync(command).ConfigureAwait(false);
    }

    public Task ReleaseAsync(string owner) => ExecuteAsync(
        $"UPDATE store_owner SET owner = '', until = 0 WHERE name = '{StoreTables.OwnerRow}' AND owner = $1", new NpgsqlParameter<string> { TypedValue = owner });

    private static async Task<LeaseHolder?> HolderAsync(NpgsqlCommand command)
    {
        await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
        return await reader.ReadAsync().ConfigureAwait(false) ? new LeaseHolder(reader.GetString(0), reader.GetInt64(1), reader.GetBoolean(2)) : null;
    }

    private static string Own(string connectionString)
    {
        var builder = PostgreSqlConnections.From(connectionString);
        (builder.Timeout, builder.CommandTimeout, builder.MaxPoolSize, builder.ApplicationName) = (3, 3, 2, "actorkube-lease");
        builder.CancellationTimeout = -1; // a connection that does not answer is given up at once
        return builder.ToString();
    }

    private async Task ExecuteAsync(string sql, params NpgsqlParameter[] parameters)
    {
        await using var connection = await OpenAsync().ConfigureAwait(false);
        await using var command = new NpgsqlCommand(sql, connection);
        command.Parameters.AddRange(parameters);
        await command.ExecuteNonQueryAsync().ConfigureAwait(false);
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(_connectionString);
        try
        {
            await connection.OpenAsync().ConfigureAwait(false);
            if (!_created)
            {
                await using var create = new NpgsqlCommand(StoreTables.CreateAtOnce(StoreTables.PostgreSqlOwner), connection);
                await create.ExecuteNonQueryAsync().ConfigureAwait(false);
                _created = true;
            }

            return connection;
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }
}
