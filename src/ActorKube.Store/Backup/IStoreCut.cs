using ActorKube.Api.Backup;
using ActorKube.Store.Database;

namespace ActorKube.Store.Backup;

/// <summary>
/// The tables as they were at one moment, while others go on writing: a transaction that only reads, on connections of its own. Neither database makes
/// writers wait for it; both keep what it may still read, so it should not last longer than needed.
/// </summary>
internal interface IStoreCut : IAsyncDisposable
{
    /// <summary><c>sqlite</c> or <c>postgresql</c>.</summary>
    string Kind { get; }

    /// <summary>Where the journal is, for people.</summary>
    string JournalName { get; }

    /// <summary>Where the snapshots are, for people.</summary>
    string SnapshotsName { get; }

    /// <summary>What the journal has of each persistence id, in the ids' order. Reads nothing but the key.</summary>
    Task<IReadOnlyList<JournalExtent>> ExtentsAsync();

    /// <summary>How many rows of a persistence id only hold the place of their number, and the oldest one that does not; 0 when all do.</summary>
    Task<(long Marked, long First)> MarkedAsync(string persistenceId);

    /// <summary>The first number from <paramref name="from"/> on that no row has.</summary>
    Task<long> FirstMissingAsync(string persistenceId, long from);

    /// <summary>The rows of a persistence id in order, marked ones too.</summary>
    IAsyncEnumerable<CutRow> RowsAsync(string persistenceId, long from);

    /// <summary>The numbers of the snapshots of a persistence id, the newest first.</summary>
    Task<IReadOnlyList<long>> SnapshotsAsync(string persistenceId);

    /// <summary>One snapshot.</summary>
    Task<SnapshotRow?> SnapshotAsync(string persistenceId, long number);

    /// <summary>What stays of a persistence id's objects behind the horizon of the history, by number.</summary>
    IAsyncEnumerable<BackupBase> BaseAsync(string persistenceId);

    /// <summary>Epoch of the store's owner; 0 where there was none.</summary>
    Task<long> EpochAsync();

    /// <summary>What the database's own check of its files finds; null for nothing, or where it has none.</summary>
    Task<string?> DamageAsync();
}

/// <summary>What the journal has of a persistence id.</summary>
/// <param name="Id">Which.</param>
/// <param name="First">Lowest number.</param>
/// <param name="Last">Highest number.</param>
/// <param name="Count">Number of rows.</param>
internal sealed record JournalExtent(string Id, long First, long Last, long Count);

/// <summary>A row, and whether it only holds the place of its number.</summary>
internal readonly record struct CutRow(JournalRow Row, bool IsMarked);
