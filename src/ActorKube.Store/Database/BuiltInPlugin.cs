using ActorKube.Store.Cluster;
using Akka.Actor.Setup;
using Akka.Configuration;

namespace ActorKube.Store.Database;

/// <summary><see cref="StoreJournal"/> and <see cref="StoreSnapshots"/> as the process's journal and snapshot store.</summary>
internal static class BuiltInPlugin
{
    /// <summary>The database, for the plugins to find.</summary>
    public static Setup Setup(StoreSettings settings, StoreOwnership? ownership = null) => new StoreDatabaseSetup(() => settings.Provider switch
    {
        StoreProvider.Sqlite => new SqliteDatabase(settings.Sqlite, ownership),
        StoreProvider.PostgreSql => new PostgreSqlDatabase(settings.PostgreSqlConnectionString, ownership),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Provider, "unknown provider"),
    });

    /// <summary>
    /// The plugins' HOCON. The replay filter guards against forked histories by dropping events; here the unique key does not let a history
    /// fork in the first place. The circuit breakers are for their call-timeout alone: a resource type that failed waits by itself, longer each time
    /// (<see cref="StoreSettings.MinBackoff"/>), and must not wait for the failures of others on top of that, once the database is back.
    /// </summary>
    public static Config Hocon(StoreSettings settings) => ConfigurationFactory.ParseString($$"""
        akka.persistence {
          max-concurrent-recoveries = {{settings.MaxConcurrentRecoveries}}
          journal {
            plugin = akka.persistence.journal.actorkube
            actorkube {
              class = "ActorKube.Store.Database.StoreJournal, ActorKube.Store"
              max-batch-size = {{settings.BatchMaxEvents}}
              replay-filter.mode = off
              circuit-breaker { max-failures = 1000000, call-timeout = 20s, reset-timeout = 500ms }
            }
          }
          snapshot-store {
            plugin = akka.persistence.snapshot-store.actorkube
            actorkube {
              class = "ActorKube.Store.Database.StoreSnapshots, ActorKube.Store"
              circuit-breaker { max-failures = 1000000, call-timeout = 60s, reset-timeout = 500ms }
            }
          }
        }
        """);
}
