using ActorKube.Store.Tests;
using Npgsql;

namespace ActorKube.Benchmarks.Store.AgainstEtcd;

/// <summary>ActorKube's store in this process, as the API server has it, on one of its databases.</summary>
internal sealed class StoreTarget : StoreCallers
{
    private readonly StoreProcess _process;
    private readonly PostgreSqlCluster? _cluster;

    private StoreTarget(StoreProcess process, PostgreSqlCluster? cluster)
        : base(process.Store) => (_process, _cluster) = (process, cluster);

    public override string Name => _cluster is null ? "SQLite" : "PostgreSQL";

    public override TimeSpan ServerTime => _cluster is null ? TimeSpan.Zero : ServerProcess.Time(_cluster.ProcessId);

    public static async Task<StoreTarget> OnSqliteAsync(string directory, IEnumerable<string> set) =>
        new(await StoreProcess.StartAsync(StoreProcess.Settings(directory, null, set)), null);

    public static async Task<StoreTarget> OnPostgreSqlAsync(string directory, IEnumerable<string> set)
    {
        var cluster = PostgreSqlCluster.Start(directory);
        return new StoreTarget(await StoreProcess.StartAsync(StoreProcess.Settings(directory, cluster.ConnectionString, set)), cluster);
    }

    public override async Task SettleAsync()
    {
        if (_cluster is null)
            return;
        await using var connection = new NpgsqlConnection(_cluster.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var checkpoint = new NpgsqlCommand("CHECKPOINT", connection);
        await checkpoint.ExecuteNonQueryAsync();
    }

    public override async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _cluster?.Dispose();
    }

    /// <summary>Whether the server is as durable as it is by default.</summary>
    public async Task<string> DurabilityAsync()
    {
        if (_cluster is null)
            return "SQLite: synchronous = full, write-ahead log";
        await using var connection = new NpgsqlConnection(_cluster.ConnectionString + ";Pooling=false");
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(
            "SELECT 'PostgreSQL ' || current_setting('server_version') || ': fsync = ' || current_setting('fsync') || ', synchronous_commit = ' || current_setting('synchronous_commit')", connection);
        return (string)(await command.ExecuteScalarAsync())!;
    }
}
