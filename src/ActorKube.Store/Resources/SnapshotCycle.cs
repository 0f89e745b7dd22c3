namespace ActorKube.Store.Resources;

/// <summary>When to save a snapshot.</summary>
/// <param name="Revision">What the newest snapshot covers.</param>
internal sealed record SnapshotCycle(long Revision)
{
    private bool IsSaving { get; init; }

    private long RetryFrom { get; init; }

    /// <summary>No snapshot yet.</summary>
    public static SnapshotCycle Empty { get; } = new(0);

    /// <summary>Whether enough events came after the last snapshot, or the last try, and none is being saved.</summary>
    public bool IsDue(long revision, int interval) => !IsSaving && revision - Math.Max(Revision, RetryFrom) >= interval;

    /// <summary>Whether one that is wanted for another reason can be saved: something came after the last one, and none is being saved.</summary>
    public bool MayBe(long revision) => !IsSaving && revision > Revision;

    /// <summary>A snapshot is on its way.</summary>
    public SnapshotCycle Saving() => this with { IsSaving = true };

    /// <summary>The snapshot is durable.</summary>
    public SnapshotCycle Saved(long revision) => this with { IsSaving = false, Revision = Math.Max(Revision, revision) };

    /// <summary>The snapshot could not be saved.</summary>
    public SnapshotCycle Failed(long revision) => this with { IsSaving = false, RetryFrom = revision };
}
