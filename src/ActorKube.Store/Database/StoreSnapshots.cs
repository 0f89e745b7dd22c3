using Akka.Event;
using Akka.Persistence;
using Akka.Persistence.Snapshot;

namespace ActorKube.Store.Database;

/// <summary>The snapshot store of this process, as an Akka.Persistence plugin, beside <see cref="StoreJournal"/>.</summary>
internal sealed class StoreSnapshots : SnapshotStore
{
    private readonly IStoreDatabase _database = StoreDatabaseSetup.Of(Context.System);
    private readonly Akka.Serialization.Serialization _serialization = Context.System.Serialization;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    protected override async Task<SelectedSnapshot?> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        var row = await _database.LoadSnapshotAsync(persistenceId, Range(criteria)).ConfigureAwait(false);
        if (row is null)
            return null;
        try
        {
            return new SelectedSnapshot(new SnapshotMetadata(persistenceId, row.SequenceNr, new DateTime(row.Created, DateTimeKind.Utc)), _serialization.Read(row, _database));
        }
        catch (StoreDamagedException e)
        {
            // A snapshot only spares replaying: where every event is still there, nothing is lost.
            if (!await HasFirstEventAsync(persistenceId).ConfigureAwait(false))
                throw;
            _log.Warning("{Damage}. All events are replayed instead; the next snapshot takes its place", e.Message);
            return null;
        }
    }

    private async Task<bool> HasFirstEventAsync(string persistenceId)
    {
        var found = false;
        await _database.ReplayAsync(persistenceId, 1, 1, 1, _ => found = true).ConfigureAwait(false);
        return found;
    }

    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken)
    {
        var serializer = _serialization.FindSerializerFor(snapshot);
        var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, snapshot);

        // A large snapshot takes a while to serialize: not on the thread of this actor, which others wait for.
        return Task.Run(
            () => _database.SaveSnapshotAsync(new SnapshotRow(
                metadata.PersistenceId, metadata.SequenceNr, metadata.Timestamp.Ticks, serializer.Identifier, manifest, _serialization.Serialize(snapshot))),
            cancellationToken);
    }

    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken) =>
        _database.DeleteSnapshotsAsync(metadata.PersistenceId, new SnapshotRange(
            metadata.SequenceNr, metadata.SequenceNr, 0, metadata.Timestamp == DateTime.MinValue ? long.MaxValue : metadata.Timestamp.Ticks));

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        _database.DeleteSnapshotsAsync(persistenceId, Range(criteria));

    private static SnapshotRange Range(SnapshotSelectionCriteria criteria) => new(
        criteria.MinSequenceNr, criteria.MaxSequenceNr, criteria.MinTimestamp?.Ticks ?? 0, criteria.MaxTimeStamp.Ticks);
}
