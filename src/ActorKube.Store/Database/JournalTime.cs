namespace ActorKube.Store.Database;

/// <summary>Rows are in the order of time: a moment is found by binary search.</summary>
internal static class JournalTime
{
    /// <summary>The newest sequence number after <paramref name="after"/> that was written at or before a time; <paramref name="after"/> itself when none was.</summary>
    /// <param name="database">The database.</param>
    /// <param name="persistenceId">Whose rows.</param>
    /// <param name="after">From where on the rows are complete.</param>
    /// <param name="time">The moment.</param>
    public static async Task<long> RevisionAtAsync(IStoreDatabase database, string persistenceId, long after, DateTimeOffset time)
    {
        // At low something was written by then, at high nothing.
        var (low, high) = (after, await database.HighestSequenceNrAsync(persistenceId).ConfigureAwait(false) + 1);
        while (high - low > 1)
        {
            var middle = low + ((high - low) / 2);
            JournalRow? row = null;
            await database.ReplayAsync(persistenceId, middle, long.MaxValue, 1, found => row = found).ConfigureAwait(false);
            if (row is null || row.SequenceNr >= high || row.Created > time.UtcTicks)
                high = middle;
            else
                low = row.SequenceNr;
        }

        return low;
    }
}
