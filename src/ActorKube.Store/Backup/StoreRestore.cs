using ActorKube.Api.Backup;

namespace ActorKube.Store.Backup;

/// <summary>Writes a backup to an empty database of either kind.</summary>
public static class StoreRestore
{
    /// <summary>
    /// Writes it. The revisions stay what they were. Nothing is to be seen in the database before the backup has been read to its end and its checksum was right.
    /// </summary>
    /// <param name="settings">The section <c>actorkube.store</c>: which database.</param>
    /// <param name="backup">The backup.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellation">Ends it; then nothing is written.</param>
    /// <exception cref="BackupException">The backup is no backup, not whole, or damaged.</exception>
    /// <exception cref="RestoreException">The database is not empty, or in use.</exception>
    public static async Task<BackupSummary> WriteAsync(StoreSettings settings, Stream backup, TimeProvider time, CancellationToken cancellation = default)
    {
        var target = Target(settings, time);
        await using var _ = target.ConfigureAwait(false);
        await target.BeginAsync().ConfigureAwait(false);
        var inspector = new BackupInspector();
        await foreach (var record in BackupReader.ReadAsync(backup, cancellation).ConfigureAwait(false))
        {
            inspector.Take(record);
            switch (record)
            {
                case BackupResource resource:
                    await target.ResourceAsync(resource).ConfigureAwait(false);
                    break;
                case BackupSnapshot snapshot:
                    await target.SnapshotAsync(snapshot).ConfigureAwait(false);
                    break;
                case BackupBase kept:
                    await target.BaseAsync(kept).ConfigureAwait(false);
                    break;
                case BackupEvent change:
                    await target.EventAsync(change).ConfigureAwait(false);
                    break;
            }
        }

        var summary = inspector.Complete();
        await target.CommitAsync(EpochAfter(summary.Header.Epoch, time.GetUtcNow())).ConfigureAwait(false);
        return summary;
    }

    /// <summary>
    /// An epoch that no process can hold: neither one of before the backup, nor one that owned the store after it was made. Epochs count owners, so one that begins
    /// at the milliseconds since 1970 is above all of them, and a later restore's above those that followed from this one's.
    /// </summary>
    /// <param name="backedUp">The epoch when the backup was made.</param>
    /// <param name="now">The time.</param>
    internal static long EpochAfter(long backedUp, DateTimeOffset now) => Math.Max(backedUp + 1, now.ToUnixTimeMilliseconds());

    private static IRestoreTarget Target(StoreSettings settings, TimeProvider time) => settings.Provider switch
    {
        StoreProvider.Sqlite => new SqliteTarget(settings.Sqlite, time),
        StoreProvider.PostgreSql => new PostgreSqlTarget(settings.PostgreSqlConnectionString),
        _ => throw new ArgumentOutOfRangeException(nameof(settings), settings.Provider, "unknown provider"),
    };
}
