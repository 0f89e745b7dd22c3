using System.Data.Common;
using System.Runtime.CompilerServices;
using LinqToDB;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ActorKube.Store.Database.AkkaPersistenceSql;

/// <summary>
/// One SQLite file. Its table is made with the first connection, and each connection gets its settings once, although linq2db opens
/// one per transaction: the pool hands the same handle out again, and handles are known by identity.
/// </summary>
internal sealed class SqliteDataOptions
{
    private readonly ConditionalWeakTable<sqlite3, object> _prepared = [];
    private readonly string _pragmas;
    private readonly Lock _creating = new();
    private readonly string _ddl;
    private bool _created;

    public SqliteDataOptions(string path, SqliteSettings settings, string ddl)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        ConnectionString = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadWriteCreate,
            DefaultTimeout = Seconds(settings.BusyTimeout),
        }.ToString();

        _pragmas = SqliteFile.Pragmas(settings);
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
        connection.Execute(_pragmas);
        lock (_creating)
        {
            if (!_created)
                connection.Execute("PRAGMA journal_mode = WAL;\n" + _ddl);
            _created = true;
        }

        _prepared.AddOrUpdate(connection.Handle!, this);
    }

    private static int Seconds(TimeSpan time) => Math.Max(1, (int)time.TotalSeconds);
}
