using ActorKube.Store.Resources;

namespace ActorKube.Store.Database;

/// <summary>The tables of <see cref="StoreTables"/> in some database: what the journal and the snapshot store need of it, and no more.</summary>
internal interface IStoreDatabase : IDisposable
{
    /// <summary>Where the journal is, for people.</summary>
    string JournalName { get; }

    /// <summary>Where the snapshots are, for people.</summary>
    string SnapshotsName { get; }

    /// <summary>Adds rows in one transaction. When it returns they are durable; when it throws, none or all of them may be.</summary>
    /// <exception cref="DuplicateRowException">A row with the same persistence id and sequence number is there already; nothing was added.</exception>
    /// <exception cref="NotOwnerException">Another process owns the store; nothing was added.</exception>
    Task WriteAsync(IReadOnlyList<JournalRow> rows);

    /// <summary>Passes the rows of a persistence id on, in order.</summary>
    /// <param name="persistenceId">Whose rows.</param>
    /// <param name="from">First sequence number.</param>
    /// <param name="to">Last sequence number.</param>
    /// <param name="max">Most rows.</param>
    /// <param name="found">Receives each row.</param>
    Task ReplayAsync(string persistenceId, long from, long to, long max, Action<JournalRow> found);

    /// <summary>The highest sequence number ever used, or 0.</summary>
    Task<long> HighestSequenceNrAsync(string persistenceId);

    /// <summary>Passes the rows of a persistence id on, the newest first; otherwise like <see cref="ReplayAsync"/>.</summary>
    Task ReadBackwardsAsync(string persistenceId, long from, long to, long max, Action<JournalRow> found);

    /// <summary>Deletes the rows up to a sequence number. The newest row stays, marked, so that its number is not used again.</summary>
    Task DeleteRowsAsync(string persistenceId, long to);

    /// <summary>
    /// Deletes the rows up to the horizon, of which the newest row of all must not be one, and moves it, in one transaction; those that stay the newest of their objects go to the base. It need
    /// not be durable when this returns, but never overtakes what was written before.
    /// </summary>
    /// <param name="persistenceId">Whose rows.</param>
    /// <param name="horizon">Where the complete history begins from now on.</param>
    /// <param name="step">What changes in the base.</param>
    Task CompactAsync(string persistenceId, Horizon horizon, CompactionStep step);

    /// <summary>What the last compaction said; null when there was none.</summary>
    Task<Horizon?> ReadHorizonAsync(string persistenceId);

    /// <summary>The base's row of an object; null when there is none.</summary>
    Task<JournalRow?> ReadBaseAsync(string persistenceId, string key);

    /// <summary>The base's row with a sequence number; null when there is none.</summary>
    Task<JournalRow?> ReadBaseAsync(string persistenceId, long sequenceNr);

    /// <summary>Gives a little of the disk space back that deleted rows have left. Returns whether there is more to give back.</summary>
    Task<bool> ShrinkAsync();

    /// <summary>Saves a snapshot, in place of one with the same persistence id and sequence number.</summary>
    Task SaveSnapshotAsync(SnapshotRow snapshot);

    /// <summary>Saves parts of a snapshot in one transaction, in place of older ones. They are durable when the next <see cref="SaveSnapshotAsync"/> is.</summary>
    Task SaveSnapshotPartsAsync(IReadOnlyList<SnapshotRow> parts);

    /// <summary>Passes the rows of one persistence id from 1 to a number on, in order.</summary>
    Task ReadSnapshotPartsAsync(string persistenceId, long to, Action<SnapshotRow> found);

    /// <summary>The newest snapshot within the range, or null.</summary>
    Task<SnapshotRow?> LoadSnapshotAsync(string persistenceId, SnapshotRange range);

    /// <summary>Deletes the snapshots within the range.</summary>
    Task DeleteSnapshotsAsync(string persistenceId, SnapshotRange range);
}

/// <summary>One event as it is stored.</summary>
/// <param name="PersistenceId">Whose event.</param>
/// <param name="SequenceNr">Its number.</param>
/// <param name="Created">When, in ticks of UTC.</param>
/// <param name="Serializer">Identifier of the serializer that wrote the message.</param>
/// <param name="Manifest">What the message is.</param>
/// <param name="Writer">Identifier of the actor's incarnation.</param>
/// <param name="Message">The event.</param>
internal sealed record JournalRow(string PersistenceId, long SequenceNr, long Created, int Serializer, string Manifest, string Writer, byte[] Message);

/// <summary>One snapshot as it is stored.</summary>
/// <param name="PersistenceId">Whose snapshot.</param>
/// <param name="SequenceNr">The last event it covers.</param>
/// <param name="Created">When, in ticks of UTC.</param>
/// <param name="Serializer">Identifier of the serializer that wrote the message.</param>
/// <param name="Manifest">What the message is.</param>
/// <param name="Message">The snapshot.</param>
internal sealed record SnapshotRow(string PersistenceId, long SequenceNr, long Created, int Serializer, string Manifest, byte[] Message);

/// <summary>Which snapshots are meant, all bounds inclusive.</summary>
internal readonly record struct SnapshotRange(long FromSequenceNr, long ToSequenceNr, long FromTime, long ToTime);

/// <summary>Another incarnation of the actor has written that sequence number.</summary>
internal sealed class DuplicateRowException(Exception inner) : Exception("another incarnation of the actor has written in the meantime", inner);

/// <summary>Another process owns the store since, and this one must not write any more.</summary>
internal sealed class NotOwnerException(long epoch) : Exception($"another process owns the store since this one took it (epoch {epoch})");
