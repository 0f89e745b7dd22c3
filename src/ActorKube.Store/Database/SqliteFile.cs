using System.Data;
using Microsoft.Data.Sqlite;

namespace ActorKube.Store.Database;

/// <summary>
/// One SQLite file: one connection that writes, since SQLite has one writer at a time, and pooled connections that read. A write runs on the
/// thread that asks for it and blocks it while the disk works: handing it to a thread of its own was measured to double the time of a
/// commit, and to make one in a hundred wait some milliseconds for its turn on a busy processor.
/// </summary>
internal sealed class SqliteFile : IDisposable
{
    private readonly string _connectionString;
    private readonly string _setUp;
    private readonly SemaphoreSlim _writing = new(1);
    private SqliteConnection? _connection;
    private bool _disposed;

    public SqliteFile(string path, SqliteSettings settings, string ddl)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWriteCreate }.ToString();
        _setUp = Pragmas(settings) + "PRAGMA journal_mode = WAL;\n" + ddl;
    }

    /// <summary>What each connection is told when it opens.</summary>
    public static string Pragmas(SqliteSettings settings) =>
        // SQLite's own busy handler polls every few milliseconds; Microsoft.Data.Sqlite's, which comes after it, sleeps for 150.
        FormattableString.Invariant($"""
            PRAGMA busy_timeout = {(long)settings.BusyTimeout.TotalMilliseconds};
            PRAGMA synchronous = {settings.Synchronous};
            PRAGMA wal_autocheckpoint = {settings.WalAutocheckpoint};
            PRAGMA cache_size = -{settings.CacheSize};

            """);

    /// <summary>Runs on the connection that writes. After an exception the connection is replaced, whatever state it was in.</summary>
    public async Task WriteAsync(Action<SqliteConnection> action)
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            action(Connection());
        }
        catch
        {
            Close();
            throw;
        }
        finally
        {
            _writing.Release();
        }
    }

    /// <summary>Runs on a connection that reads, while others read and write.</summary>
    public Task<T> ReadAsync<T>(Func<SqliteConnection, T> function) => Task.Run(async () =>
    {
        if (_connection is null)
            await WriteAsync(_ => { }).ConfigureAwait(false); // which makes the tables
        using var connection = new SqliteConnection(_connectionString);
        connection.Open();
        return function(connection);
    });

    public void Dispose()
    {
        _writing.Wait();
        _disposed = true;
        Close();
        _writing.Release();
    }

    private SqliteConnection Connection()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_connection is { State: ConnectionState.Open })
            return _connection;
        var connection = new SqliteConnection(_connectionString + ";Pooling=False");
        connection.Open();
        connection.Execute(_setUp);
        return _connection = connection;
    }

    private void Close()
    {
        _connection?.Dispose();
        _connection = null;
    }
}
