using System.Collections.Concurrent;
using System.Data.Common;
using System.Runtime.CompilerServices;
using LinqToDB;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ActorKube.Store.Database;

/// <summary>
/// One SQLite file. Its table is made with the first connection, and each connection gets its settings once, although linq2db opens
/// one per transaction: the pool hands the same handle out again, and handles are known by identity.
/// </summary>
internal sealed class SqliteDatabase
{
    private readonly ConditionalWeakTable<sqlite3, object> _prepared = [];
    private readonly string _pragmas;
    private readonly Lock _creating = new();
    private readonly string _ddl;
    private bool _created;

    public SqliteDatabase(string path, SqliteSettings settings, string ddl)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        ConnectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            DefaultTimeout = Seconds(settings.BusyTimeout),
        }.ToString();

        // SQLite's own busy handler polls every few milliseconds; Microsoft.Data.Sqlite's, which comes after it, sleeps for 150.
        _pragmas = FormattableString.Invariant($"""
            PRAGMA busy_timeout = {(long)settings.BusyTimeout.TotalMilliseconds};
            PRAGMA synchronous = {settings.Synchronous};
            PRAGMA wal_autocheckpoint = {settings.WalAutocheckpoint};
            PRAGMA cache_size = -{settings.CacheSize};
            """);
        _ddl = ddl;
    }

    public string ConnectionString { get; }

    public DataOptions Options() => new DataOptions()
        .UseConnectionString(ProviderName.SQLiteMS, ConnectionString)
        .UseAfterConnectionOpened(Prepare, (connection, _) =>
        {
            Prepare(connection);
            return Task.CompletedTask;
        });

    private void Prepare(DbConnection opened)
    {
        var connection = (SqliteConnection)opened;
        if (_prepared.TryGetValue(connection.Handle!, out _))
            return;
        Execute(connection, _pragmas);
        lock (_creating)
        {
            if (!_created)
                Execute(connection, "PRAGMA journal_mode = WAL;\n" + _ddl);
            _created = true;
        }

        _prepared.AddOrUpdate(connection.Handle!, this);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)time.TotalSeconds);
}
