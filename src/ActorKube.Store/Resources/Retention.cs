namespace ActorKube.Store.Resources;

/// <summary>How much of the past of a resource type is kept. Decides only; <see cref="CompactionActor"/> acts.</summary>
/// <param name="Period">What was so at any moment within it can be asked for; null: for ever.</param>
/// <param name="KeepEvents">Newest events that stay in any case.</param>
public sealed record Retention(TimeSpan? Period, int KeepEvents)
{
    private const int Calm = 10_000;

    /// <summary>
    /// How far the history may be compacted. Example: the newest event is 5000, the snapshot covers 4800, the newest event that is old enough is 4500, 1000 stay: 4000.
    /// </summary>
    /// <param name="snapshot">What the newest snapshot covers: what came after it is needed to start.</param>
    /// <param name="newest">The newest revision.</param>
    /// <param name="aged">The newest revision at the beginning of the period.</param>
    public long End(long snapshot, long newest, long aged) => Period is null ? 0 : Math.Max(0, Math.Min(snapshot, Old(newest, aged)));

    /// <summary>Whether events are old enough to go, if only a snapshot covered them: a resource type with few writes takes none by itself for a long time.</summary>
    public bool WantsSnapshot(long snapshot, long newest, long aged) => Period is not null && Old(newest, aged) > snapshot;

    /// <summary>
    /// How long to leave the database to others after a step: four times what the step took, but only as long again where much is left, so that deletion keeps up with writes.
    /// </summary>
    /// <param name="took">What the step took.</param>
    /// <param name="left">Revisions to go through.</param>
    public static TimeSpan Pause(TimeSpan took, long left) => left <= Calm ? took * 4 : took;

    /// <summary>How many events one step goes through: up to five times the usual where much is left.</summary>
    /// <param name="chunk">The usual.</param>
    /// <param name="left">Revisions to go through.</param>
    public static long Step(int chunk, long left) => Math.Min(left, chunk * Math.Clamp(left / Calm, 1, 5));

    private long Old(long newest, long aged) => Math.Min(aged, newest - KeepEvents);
}
