using ActorKube.Store.Cluster;
using Microsoft.Data.Sqlite;

namespace ActorKube.Store.Database;

/// <summary>The lease in the journal's file, for processes of one machine: they share a clock. What a machine that loses power forgets of it, nobody is left to need.</summary>
internal sealed class SqliteLease(SqliteSettings settings, TimeProvider time) : ILeaseTable
{
    private static readonly TimeSpan Busy = TimeSpan.FromSeconds(1);

    public Task<LeaseHolder?> ReadAsync() => WithFileAsync(connection =>
    {
        using var command = connection.Command($"SELECT owner, epoch, until > $now FROM store_owner WHERE name = '{StoreTables.OwnerRow}'", ("$now", Now()));
        return Holder(command);
    });

    public Task BeginAsync() => WithFileAsync(connection =>
        connection.Execute($"INSERT INTO store_owner (name, owner, epoch, until) VALUES ('{StoreTables.OwnerRow}', '', 0, 0) ON CONFLICT (name) DO NOTHING"));

    public Task<LeaseHolder?> TryTakeAsync(string owner, TimeSpan lifetime) => WithFileAsync(connection =>
    {
        connection.Execute("BEGIN IMMEDIATE");
        var now = Now();
        using var command = connection.Command(
            $"""
            UPDATE store_owner SET epoch = CASE WHEN owner = $owner THEN epoch ELSE epoch + 1 END, owner = $owner, until = $now + $lifetime
            WHERE name = '{StoreTables.OwnerRow}' AND (owner = $owner OR until <= $now) RETURNING owner, epoch, 1
            """,
            ("$owner", owner), ("$now", now), ("$lifetime", (long)lifetime.TotalMilliseconds));
        var taken = Holder(command);
        connection.Execute("COMMIT");
        return taken;
    });

    public Task ReleaseAsync(string owner) => WithFileAsync(connection =>
        connection.Execute($"UPDATE store_owner SET owner = '', until = 0 WHERE name = '{StoreTables.OwnerRow}' AND owner = $owner", ("$owner", owner)));

    private static LeaseHolder? Holder(SqliteCommand command)
    {
        using var reader = command.ExecuteReader();
        return reader.Read() ? new LeaseHolder(reader.GetString(0), reader.GetInt64(1), reader.GetInt64(2) != 0) : null;
    }

    private long Now() => time.GetUtcNow().ToUnixTimeMilliseconds();

    private Task<T> WithFileAsync<T>(Func<SqliteConnection, T> function) => Task.Run(() =>
    {
        Directory.CreateDirectory(settings.Directory);
        using var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(settings.Directory, "journal.db"), Pooling = false }.ToString());
        connection.Open();
        connection.Execute(SqliteFile.Pragmas(settings with { BusyTimeout = Busy, Synchronous = "NORMAL" }) + "PRAGMA journal_mode = WAL;\n" + StoreTables.SqliteOwner);
        return function(connection);
    });
}
