using System.Data.Common;
using System.Net.Sockets;
using ActorKube.Host.Commands;
using ActorKube.Host.Configuration;
using ActorKube.Store;
using ActorKube.Store.Backup;
using Akka.Configuration;
using Microsoft.Extensions.Logging;
using Npgsql;
using ConfigurationException = ActorKube.Host.Configuration.ConfigurationException;

namespace ActorKube.Host.Processes;

/// <summary>The store's database, as the commands of the process see it before an actor system stands.</summary>
internal static class StoreFiles
{
    /// <summary>The section <c>actorkube.store</c>.</summary>
    /// <exception cref="ConfigurationException">A value is not one of those allowed, or the connection string is none.</exception>
    public static StoreSettings Settings(Config config)
    {
        try
        {
            var settings = StoreSettings.From(config);
            if (settings.Provider == StoreProvider.PostgreSql && settings.PostgreSqlConnectionString.Length == 0)
                throw new ConfigurationException("actorkube.store.postgresql.connection-string is not set, and actorkube.store.provider is postgresql");
            if (settings.Provider == StoreProvider.PostgreSql)
                _ = new NpgsqlConnectionStringBuilder(settings.PostgreSqlConnectionString);
            return settings;
        }
        catch (Akka.Configuration.ConfigurationException e)
        {
            throw new ConfigurationException(e.Message, e);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            // Not its text: there may be a password in it.
            throw new ConfigurationException($"actorkube.store.postgresql.connection-string cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The database, for people.</summary>
    public static string NameOf(StoreSettings settings) =>
        settings.Provider == StoreProvider.Sqlite ? settings.Sqlite.Directory : $"the PostgreSQL database on {new NpgsqlConnectionStringBuilder(settings.PostgreSqlConnectionString).Host}";

    /// <summary>Looks for damage before anything is started on the database.</summary>
    /// <exception cref="ProcessFailedException">Something is damaged.</exception>
    public static async Task CheckAtStartAsync(Config config, ILoggerFactory logs, CancellationToken stop)
    {
        var settings = Settings(config);
        if (settings.CheckAtStart == StoreCheck.Off)
            return;
        var log = logs.CreateLogger("ActorKube.Store");
        StoreFindings findings;
        try
        {
            findings = settings.CheckAtStart == StoreCheck.All ? await StoreInspection.OfEverythingAsync(settings, stop) : await StoreInspection.AtStartAsync(settings, stop);
        }
        catch (Exception e) when (IsAway(e))
        {
            log.LogWarning("The database cannot be checked for damage now: {Reason}", e.Message);
            return;
        }

        foreach (var healed in findings.Healed)
            log.LogWarning("{Damage}. All events are replayed instead; the next snapshot takes its place", healed);
        if (findings.Damages.Count > 0)
        {
            var more = findings.Damages.Count > 1 ? $" (and {findings.Damages.Count - 1} more: actorkube check)" : "";
            throw new ProcessFailedException(
                $"the store is damaged: {findings.Damages[0]}{more}. Nothing was started; restore a backup to an empty database with 'actorkube restore' (docs/backup.md)");
        }
    }

    /// <summary>Looks at the history while the process runs, and logs what is damaged.</summary>
    public static async Task CheckInBackgroundAsync(Config config, ILoggerFactory logs, CancellationToken stop)
    {
        var settings = Settings(config);
        if (!settings.CheckInBackground || settings.CheckAtStart == StoreCheck.All)
            return;
        var log = logs.CreateLogger("ActorKube.Store");
        try
        {
            var events = await Task.Run(() => StoreScrub.RunAsync(settings, damage => log.LogError("The history is damaged: {Damage}", damage), TimeProvider.System, stop), stop);
            log.LogInformation("All {Events} events were looked at for damage", events);
        }
        catch (OperationCanceledException)
        {
            // The process stops.
        }
        catch (Exception e) when (e is StoreDamagedException || IsAway(e))
        {
            log.LogWarning("The history cannot be looked at for damage: {Reason}", e.Message);
        }
    }

    /// <summary>Whether the database does not answer, rather than answering something wrong.</summary>
    public static bool IsAway(Exception e) => e is DbException or TimeoutException or SocketException or IOException or UnauthorizedAccessException;
}
