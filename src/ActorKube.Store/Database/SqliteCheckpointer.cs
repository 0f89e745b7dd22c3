using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace ActorKube.Store.Database;

/// <summary>
/// Moves what the write-ahead log of a SQLite file holds into the database, on a connection and a thread of its own: a commit that has to do it itself takes a hundred
/// times as long as the others. The log can only begin anew at a moment when nothing in it is left to be moved, which never comes while others write on and on:
/// so the last few pages, those that were written meanwhile, are moved between two writes.
/// </summary>
/// <param name="connectionString">The file.</param>
/// <param name="setUp">What a connection is told when it opens.</param>
/// <param name="pages">Pages written before it begins.</param>
internal sealed class SqliteCheckpointer(string connectionString, string setUp, int pages) : IDisposable
{
    private const int CacheWrites = 9; // SQLITE_DBSTATUS_CACHE_WRITE: pages written to the log by a connection
    private const int Passes = 4;

    private long _movedAt;
    private volatile Task<bool>? _moving;

    /// <summary>Between two writes, on the connection that writes: looks whether there is something to do.</summary>
    public void AfterWrite(SqliteConnection writer)
    {
        if (_moving is { } moving)
        {
            if (!moving.IsCompleted)
                return;
            _moving = null;
            _movedAt = Written(writer);
            if (moving.IsCompletedSuccessfully && moving.Result)
                Move(writer);
        }
        else if (Written(writer) is var written && (written < _movedAt || written - _movedAt >= pages))
        {
            _moving = Task.Run(MoveAside);
        }
    }

    public void Dispose() => ((IAsyncResult?)_moving)?.AsyncWaitHandle.WaitOne();

    private static long Written(SqliteConnection writer)
    {
        raw.sqlite3_db_status(writer.Handle!, CacheWrites, out var written, out _, 0);
        return written;
    }

    // Whether so little is left that a write may wait for it. A reader that still needs an older state stops it: then the next time. Where the disk fails, the
    // writer will meet that: at four times as many pages it does the work itself.
    private bool MoveAside()
    {
        using var connection = new SqliteConnection(connectionString + ";Pooling=False");
        connection.Open();
        connection.Execute(setUp);
        for (var pass = 0; pass < Passes; pass++)
        {
            var (all, moved) = Move(connection);
            if (all - moved <= pages / 40)
                return true;
        }

        return false;
    }

    // SQLite tells how many pages the log has and how many of them are moved. Busy: another process does the same.
    private static (int All, int Moved) Move(SqliteConnection connection)
    {
        var outcome = raw.sqlite3_wal_checkpoint_v2(connection.Handle!, "main", raw.SQLITE_CHECKPOINT_PASSIVE, out var all, out var moved);
        if (outcome != raw.SQLITE_BUSY)
            SqliteException.ThrowExceptionForRC(outcome, connection.Handle!);
        return (all, moved);
    }
}
