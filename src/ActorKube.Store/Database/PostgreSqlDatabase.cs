using System.Data.Common;
using LinqToDB;
using LinqToDB.Data;
using LinqToDB.DataProvider.PostgreSQL;

namespace ActorKube.Store.Database;

/// <summary>One PostgreSQL database. Its tables are made with the first connection; a commit returns only when it is on the server's disk.</summary>
internal sealed class PostgreSqlDatabase(string connectionString, string ddl)
{
    // Any number will do, as long as every process takes the same one: CREATE TABLE IF NOT EXISTS may fail when two run it at once.
    private const long AdvisoryLock = 1864_0001;

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
                await ExecuteAsync(connection, FormattableString.Invariant($"BEGIN; SELECT pg_advisory_xact_lock({AdvisoryLock}); {ddl} COMMIT;"), cancellation);
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
