using Microsoft.Data.Sqlite;

namespace ActorKube.Store.Database;

/// <summary>Shorter ways to say what is said often.</summary>
internal static class SqliteExtensions
{
    public static int Execute(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        using var command = connection.Command(sql, parameters);
        return command.ExecuteNonQuery();
    }

    public static long Number(this SqliteConnection connection, string sql)
    {
        using var command = connection.Command(sql);
        return (long)command.ExecuteScalar()!;
    }

    /// <summary>Commits without waiting for the disk. Safe in a write-ahead log: what is committed later with waiting makes this durable, too, and a crash before loses the end of the log only.</summary>
    public static void Lazily(this SqliteConnection connection, SqliteSettings settings, Action action)
    {
        connection.Execute("PRAGMA synchronous = NORMAL");
        action();
        connection.Execute($"PRAGMA synchronous = {settings.Synchronous}");
    }

    public static SqliteCommand Command(this SqliteConnection connection, string sql, params ReadOnlySpan<(string Name, object Value)> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var (name, value) in parameters)
            command.Parameters.AddWithValue(name, value);
        return command;
    }
}
