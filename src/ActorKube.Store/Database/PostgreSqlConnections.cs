using Npgsql;

namespace ActorKube.Store.Database;

/// <summary>How the database is connected to, where the connection string does not say otherwise.</summary>
internal static class PostgreSqlConnections
{
    /// <summary>
    /// The connection string, to be added to. Encryption by GSS is off unless it is asked for: trying it looks for a Kerberos realm in DNS first, and where no name server
    /// answers that blocks every connection for a minute, past all timeouts.
    /// </summary>
    public static NpgsqlConnectionStringBuilder From(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        if (!connectionString.Contains("gss", StringComparison.OrdinalIgnoreCase) && Environment.GetEnvironmentVariable("PGGSSENCMODE") is null)
            builder.GssEncryptionMode = GssEncryptionMode.Disable;
        return builder;
    }

    /// <summary>The database, for people: no password in it.</summary>
    public static string NameOf(string connectionString)
    {
        var builder = new NpgsqlConnectionStringBuilder(connectionString);
        return $"the PostgreSQL database {builder.Database ?? builder.Username} on {builder.Host}";
    }
}
