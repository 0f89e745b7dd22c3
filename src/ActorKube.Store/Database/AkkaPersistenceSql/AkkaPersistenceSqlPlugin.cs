using Akka.Configuration;
using Akka.Persistence.Sql.Config;
using LinqToDB;

namespace ActorKube.Store.Database.AkkaPersistenceSql;

/// <summary>Akka.Persistence.Sql as the process's journal.</summary>
internal static class AkkaPersistenceSqlPlugin
{
    private const string Journal = "akka.persistence.journal.sql";

    /// <summary>The database.</summary>
    public static MultiDataOptionsSetup Setup(StoreSettings settings)
    {
        var journal = settings.Provider switch
        {
            StoreProvider.Sqlite => new SqliteDataOptions(Path.Combine(settings.Sqlite.Directory, "journal.db"), settings.Sqlite, StoreTables.SqliteJournal).Options(),
            StoreProvider.PostgreSql => new PostgreSqlDataOptions(settings.PostgreSqlConnectionString, StoreTables.PostgreSqlJournal).Options(),
            _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Provider, "unknown provider"),
        };
        var setup = new MultiDataOptionsSetup();
        setup.AddDataOptions(Journal, journal);
        return setup;
    }

    /// <summary>The plugins' HOCON.</summary>
    public static Config Hocon(StoreSettings settings)
    {
        var sqlite = settings.Provider == StoreProvider.Sqlite;
        var provider = sqlite ? ProviderName.SQLiteMS : ProviderName.PostgreSQL15;

        // SQLite has one writer at a time: a second writing stream would only wait for the lock, and what all resource types write at the same
        // moment shares one commit. A read must not ask for the write lock, which Microsoft.Data.Sqlite does for every other isolation level.
        // Parameters instead of literals in the INSERT: half again as many writes per second. The replay filter guards against forked histories by
        // dropping events; here the unique key does not let a history fork in the first place.
        return ConfigurationFactory.ParseString($$"""
            akka.persistence {
              max-concurrent-recoveries = {{settings.MaxConcurrentRecoveries}}
              journal {
                plugin = "{{Journal}}"
                sql {
                  class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
                  provider-name = "{{provider}}"
                  auto-initialize = off
                  tag-write-mode = Csv
                  parallelism = {{(sqlite ? 1 : 4)}}
                  batch-size = {{settings.BatchMaxEvents}}
                  max-row-by-row-size = {{(sqlite ? 100 : 1)}}
                  prefer-parameters-on-multirow-insert = on
                  replay-batch-size = {{settings.ReplayBatch}}
                  read-isolation-level = {{(sqlite ? "read-uncommitted" : "read-committed")}}
                  write-isolation-level = {{(sqlite ? "serializable" : "read-committed")}}
                  replay-filter.mode = off
                  circuit-breaker { max-failures = 10, call-timeout = 20s, reset-timeout = 2s }
                }
              }
            }
            """);
    }
}
