using System.Data.Common;
using LinqToDB;
using LinqToDB.Data;
using LinqToDB.DataProvider.PostgreSQL;

namespace ActorKube.Store.Database.AkkaPersistenceSql;

/// <summary>One PostgreSQL database. Its tables are made with the first connection; a commit returns only when it is on the server's disk.</summary>
internal sealed class PostgreSqlDataOptions(string connectionString, string ddl)
{
    private readonly SemaphoreSlim _creating = new(1);
    private volatile bool _created;

    public DataOptions Options() => new DataOptions()
        .UseConnectionString(ProviderName.PostgreSQL15, connectionString)
        .UsePostgreSQL(options => options with { BulkCopyType = BulkCopyType.ProviderSpecific })
        .UseAfterConnectionOpened(connection => PrepareAsync(connection, CancellationToken.None).GetAwaiter().GetResult(), PrepareAsync);

    private async Task PrepareAsync(DbConnection connection, CancellationToken cancellation)
    {
        await ExecuteAsync(connection, "SET synchronous_commit = on", cancellation);
        if (_created)
            return;
        await _creating.WaitAsync(cancellation);
        try
        {
            if (!_created)
                await ExecuteAsync(connection, StoreTables.CreateAtOnce(ddl), cancellation);
            _created = true;
        }
        finally
        {
            _creating.Release();
        }
    }

    private static async Task ExecuteAsync(DbConnection connection, string sql, CancellationToken cancellation)
    {
        await using var command = connection.CreateCommand();
        command.CommandText = sql;
        await command.ExecuteNonQueryAsync(cancellation);
    }
}
