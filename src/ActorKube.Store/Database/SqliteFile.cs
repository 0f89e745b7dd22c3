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
    private const long Incremental = 2;
    private const int StepPages = 128;
    private const int KeepFreePages = 2048;
    private const int FewPages = 8192;
    private const int ManyPages = 262_144;

    private readonly SqliteSettings _settings;
    private readonly string _connectionString;
    private readonly string _setUp;
    private readonly SemaphoreSlim _writing = new(1);
    private readonly SqliteCheckpointer _checkpointer;
    private SqliteConnection? _connection;
    private bool _disposed;

    public SqliteFile(string path, SqliteSettings settings, string ddl)
    {
        MakeDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        _settings = settings;
        _connectionString = new SqliteConnectionStringBuilder { DataSource = path, Mode = SqliteOpenMode.ReadWriteCreate }.ToString();
        _setUp = Pragmas(settings) + "PRAGMA journal_mode = WAL;\n" + ddl;
        _checkpointer = new SqliteCheckpointer(_connectionString, Pragmas(settings), settings.WalAutocheckpoint);
    }

    // Secrets are in the files: as with etcd, a directory that is made for them is its owner's alone.
    private static void MakeDirectory(string path)
    {
        if (OperatingSystem.IsWindows())
            Directory.CreateDirectory(path);
        else
            Directory.CreateDirectory(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    /// <summary>What each connection is told when it opens. That one writes moves the log by itself is for when <see cref="SqliteCheckpointer"/> does not get to it.</summary>
    public static string Pragmas(SqliteSettings settings) =>
        // SQLite's own busy handler polls every few milliseconds; Microsoft.Data.Sqlite's, which comes after it, sleeps for 150.
        // The first line counts for a new file only, before anything else is in it.
        FormattableString.Invariant($"""
            PRAGMA auto_vacuum = INCREMENTAL;
            PRAGMA busy_timeout = {(long)settings.BusyTimeout.TotalMilliseconds};
            PRAGMA synchronous = {settings.Synchronous};
            PRAGMA wal_autocheckpoint = {settings.WalAutocheckpoint * 4};
            PRAGMA cache_size = -{settings.CacheSize};

            """);

    /// <summary>Statements prepared on the connection that writes; they go before it does, or its transaction would outlive it.</summary>
    public IDisposable? Prepared { get; set; }

    /// <summary>Runs on the connection that writes. After an exception the connection is replaced, whatever state it was in.</summary>
    public async Task WriteAsync(Action<SqliteConnection> action)
    {
        await _writing.WaitAsync().ConfigureAwait(false);
        try
        {
            var connection = Connection();
            action(connection);
            _checkpointer.AfterWrite(connection);
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

    /// <summary>
    /// Gives some free pages at the file's end back, where more than a quarter is free: fewer are soon used again. Returns whether there are more. Each step moves
    /// some pages of the end to the front, and takes some milliseconds.
    /// </summary>
    public async Task<bool> ShrinkAsync()
    {
        var more = false;
        await WriteAsync(connection =>
        {
            if (connection.Number("PRAGMA auto_vacuum") != Incremental || !MuchIsFree(connection))
                return;
            connection.Lazily(_settings, () =>
            {
                // It frees a page with each row that is read.
                using var command = connection.Command($"PRAGMA incremental_vacuum({StepPages})");
                using var reader = command.ExecuteReader();
                while (reader.Read())
                {
                }
            });
            more = MuchIsFree(connection);
        }).ConfigureAwait(false);
        return more;
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
        _checkpointer.Dispose();
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
        RewriteOnce(connection);
        return _connection = connection;
    }

    private static bool MuchIsFree(SqliteConnection connection)
    {
        var (free, pages) = (connection.Number("PRAGMA freelist_count"), connection.Number("PRAGMA page_count"));
        return free > KeepFreePages && free > pages / 4;
    }

    // Older versions made files that cannot be shrunk in steps. Where there is little in them, or much more is free, they are written anew once; in others free pages are only used again.
    private static void RewriteOnce(SqliteConnection connection)
    {
        if (connection.Number("PRAGMA auto_vacuum") == Incremental)
            return;
        var (free, pages) = (connection.Number("PRAGMA freelist_count"), connection.Number("PRAGMA page_count"));
        if (pages - free <= FewPages || (pages - free <= ManyPages && free > pages / 2))
            connection.Execute("VACUUM");
    }

    private void Close()
    {
        Prepared?.Dispose();
        _connection?.Dispose();
        (Prepared, _connection) = (null, null);
    }
}
