namespace ActorKube.Store.Resources;

/// <summary>When to save a snapshot, and which events may be deleted behind it.</summary>
/// <param name="Revision">What the newest snapshot covers.</param>
/// <param name="Compacted">Events up to here are deleted.</param>
internal sealed record SnapshotCycle(long Revision, long Compacted)
{
    private bool IsSaving { get; init; }

    private long? Deleting { get; init; }

    private long RetryFrom { get; init; }

    /// <summary>No snapshot yet.</summary>
    public static SnapshotCycle Empty { get; } = new(0, 0);

    /// <summary>Whether enough events came after the last snapshot, or the last try, and none is being saved.</summary>
    public bool IsDue(long revision, int interval) => !IsSaving && revision - Math.Max(Revision, RetryFrom) >= interval;

    /// <summary>A snapshot is on its way.</summary>
    public SnapshotCycle Saving() => this with { IsSaving = true };

    /// <summary>The snapshot is durable.</summary>
    public SnapshotCycle Saved(long revision) => this with { IsSaving = false, Revision = Math.Max(Revision, revision) };

    /// <summary>The snapshot could not be saved.</summary>
    public SnapshotCycle Failed(long revision) => this with { IsSaving = false, RetryFrom = revision };

    /// <summary>
    /// The next chunk of events to delete, by its last revision; null when all is done or a deletion is under way. The newest <paramref name="keep"/>
    /// events before the snapshot stay. Example: snapshot 5000, keep 1000, chunk 1500, nothing deleted yet: 1500, 3000, 4000.
    /// </summary>
    public (SnapshotCycle Next, long? UpTo) NextDeletion(int keep, int chunk)
    {
        var end = Revision - keep;
        if (Deleting is not null || Compacted >= end)
            return (this, null);
        var upTo = Math.Min(Compacted + chunk, end);
        return (this with { Deleting = upTo }, upTo);
    }

    /// <summary>The chunk is gone.</summary>
    public SnapshotCycle Deleted() => this with { Compacted = Deleting ?? Compacted, Deleting = null };

    /// <summary>The chunk is still there.</summary>
    public SnapshotCycle DeletionFailed() => this with { Deleting = null };
}
