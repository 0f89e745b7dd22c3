namespace ActorKube.Store.Backup;

/// <summary>
/// Looks at every event of a database on which a process runs, at leisure: some at a time, each time in a cut of its own, so that the database need not keep what is past, and with pauses,
/// so that nine tenths of the time nothing happens. What a start needs was looked at before (<see cref="StoreInspection.AtStartAsync"/>); this finds damage in the history.
/// </summary>
public static class StoreScrub
{
    private const int Chunk = 1000;
    private const int PausePerWork = 9;

    private static readonly TimeSpan MinPause = TimeSpan.FromMilliseconds(10);

    /// <summary>Looks at everything once. Returns how many events that were.</summary>
    /// <param name="settings">The section <c>actorkube.store</c>.</param>
    /// <param name="damaged">Receives each damage, a line.</param>
    /// <param name="time">Clock.</param>
    /// <param name="cancellation">Ends it.</param>
    public static async Task<long> RunAsync(StoreSettings settings, Action<string> damaged, TimeProvider time, CancellationToken cancellation)
    {
        if (await StoreCuts.OpenWithResourcesAsync(settings).ConfigureAwait(false) is not var (first, resources))
            return 0;
        await first.DisposeAsync().ConfigureAwait(false);
        var seen = 0L;
        foreach (var resource in resources)
        {
            var (next, told) = (resource.First, 0);
            while (next <= resource.Last)
            {
                var began = time.GetTimestamp();
                var (from, events) = await ChunkAsync(settings, resource, next, damage =>
                {
                    if (told++ < StoreInspection.MostDamages)
                        damaged(damage);
                }, cancellation).ConfigureAwait(false);
                (next, seen) = (from, seen + events);
                var pause = time.GetElapsedTime(began) * PausePerWork;
                await Task.Delay(pause > MinPause ? pause : MinPause, time, cancellation).ConfigureAwait(false);
            }
        }

        return seen;
    }

    // Where to go on, and how many were looked at.
    private static async Task<(long Next, int Events)> ChunkAsync(StoreSettings settings, CutResource resource, long next, Action<string> damaged, CancellationToken cancellation)
    {
        var cut = await StoreCuts.OpenAsync(settings).ConfigureAwait(false);
        if (cut is null)
            return (long.MaxValue, 0);
        await using var _ = cut.ConfigureAwait(false);
        var events = 0;
        try
        {
            await foreach (var (row, isMarked) in cut.RowsAsync(resource.Id, next).WithCancellation(cancellation).ConfigureAwait(false))
            {
                next = row.SequenceNr + 1;
                if (!isMarked && RowCheck.ProblemOf(row) is { } problem)
                    damaged($"event {row.SequenceNr} of {resource.Name} in {cut.JournalName} is damaged: {problem}");
                if (++events == Chunk || row.SequenceNr >= resource.Last)
                    return (next, events);
            }
        }
        catch (Exception e) when (StoreCuts.DamageOf(e, cut) is not null || e is InvalidCastException or FormatException or OverflowException)
        {
            damaged($"event {next} of {resource.Name} in {cut.JournalName} cannot be read: {e.Message}");
            return (next + 1, events);
        }

        return (long.MaxValue, events);
    }
}
