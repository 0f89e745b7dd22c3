using Akka.Actor;
using Akka.Actor.Setup;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace ActorKube.Store.Cluster;

/// <summary>
/// The word of the database on which part of a torn control plane goes on: whoever takes the lease first. Both parts may believe themselves the larger; the
/// database, which the store needs anyway, is one.
/// </summary>
public sealed class StoreLease : Setup
{
    private const string Name = "control-plane";

    private const string Take = """
        INSERT INTO lease (name, owner, until) VALUES ($1, $2, {0} + $3)
        ON CONFLICT (name) DO UPDATE SET owner = excluded.owner, until = excluded.until WHERE lease.owner = excluded.owner OR lease.until < {0}
        """;

    private const string Table = "CREATE TABLE IF NOT EXISTS lease (name varchar(64) PRIMARY KEY, owner varchar(255) NOT NULL, until bigint NOT NULL);";

    private readonly StoreSettings _settings;
    private readonly TimeProvider _time;

    internal StoreLease(StoreSettings settings, TimeProvider time) => (_settings, _time) = (settings, time);

    /// <summary>The lease of the store's database; null in a process without a store of several.</summary>
    public static StoreLease? Of(ActorSystem system) => system.Settings.Setup.Get<StoreLease>() is { HasValue: true } found ? found.Value : null;

    /// <summary>Takes the lease, or takes it for longer. False when another owner has it.</summary>
    /// <param name="owner">Who.</param>
    /// <param name="lifetime">For how long.</param>
    public Task<bool> TryTakeAsync(string owner, TimeSpan lifetime) => _settings.Provider switch
    {
        StoreProvider.Sqlite => Task.Run(() => TakeInFile(owner, lifetime)),
        StoreProvider.PostgreSql => TakeOnServerAsync(owner, lifetime),
        _ => throw new InvalidOperationException($"{_settings.Provider} has no lease"),
    };

    // Processes that share a file share a clock.
    private bool TakeInFile(string owner, TimeSpan lifetime)
    {
        Directory.CreateDirectory(_settings.Sqlite.Directory);
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(_settings.Sqlite.Directory, "lease.db"), Pooling = false }.ToString());
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "PRAGMA busy_timeout = 5000;" + Table;
        command.ExecuteNonQuery();
        command.CommandText = string.Format(System.Globalization.CultureInfo.InvariantCulture, Take, "$4");
        command.Parameters.AddWithValue("$1", Name);
        command.Parameters.AddWithValue("$2", owner);
        command.Parameters.AddWithValue("$3", (long)lifetime.TotalMilliseconds);
        command.Parameters.AddWithValue("$4", _time.GetUtcNow().ToUnixTimeMilliseconds());
        return command.ExecuteNonQuery() == 1;
    }

    private async Task<bool> TakeOnServerAsync(string owner, TimeSpan lifetime)
    {
        await using var connection = new NpgsqlConnection(_settings.PostgreSqlConnectionString);
        await connection.OpenAsync().ConfigureAwait(false);
        await using (var create = new NpgsqlCommand(Database.StoreTables.CreateAtOnce(Table), connection))
            await create.ExecuteNonQueryAsync().ConfigureAwait(false);
        await using var take = new NpgsqlCommand(
            string.Format(System.Globalization.CultureInfo.InvariantCulture, Take, "(extract(epoch from clock_timestamp()) * 1000)::bigint"), connection);
        take.Parameters.Add(new NpgsqlParameter<string> { TypedValue = Name });
        take.Parameters.Add(new NpgsqlParameter<string> { TypedValue = owner });
        take.Parameters.Add(new NpgsqlParameter<long> { TypedValue = (long)lifetime.TotalMilliseconds });
        return await take.ExecuteNonQueryAsync().ConfigureAwait(false) == 1;
    }
}
