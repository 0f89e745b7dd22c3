using Akka.Event;
using ActorKube.Store.Resources;
using ActorKube.Store.Serialization;
using Akka.Persistence;
using Akka.Persistence.Snapshot;

namespace ActorKube.Store.Database;

/// <summary>The snapshot store of this process, as an Akka.Persistence plugin, beside <see cref="StoreJournal"/>.</summary>
internal sealed class StoreSnapshots : SnapshotStore
{
    private readonly IStoreDatabase _database;
    private readonly SnapshotParts _parts;
    private readonly Akka.Serialization.Serialization _serialization = Context.System.Serialization;
    private readonly ILoggingAdapter _log = Context.GetLogger();

    public StoreSnapshots()
    {
        _database = StoreDatabaseSetup.Of(Context.System);
        _parts = new SnapshotParts(_database, TimeProvider.System);
    }

    protected override async Task<SelectedSnapshot?> LoadAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken)
    {
        var row = await _database.LoadSnapshotAsync(persistenceId, Range(criteria)).ConfigureAwait(false);
        if (row is null)
            return null;
        try
        {
            var snapshot = row.Manifest == StoreSerializer.SnapshotHead ? await _parts.LoadAsync(row).ConfigureAwait(false) : _serialization.Read(row, _database);
            return new SelectedSnapshot(new SnapshotMetadata(persistenceId, row.SequenceNr, new DateTime(row.Created, DateTimeKind.Utc)), snapshot);
        }
        catch (StoreDamagedException e)
        {
            // A snapshot only spares replaying: where every event is still there, nothing is lost.
            if (await Horizon.OfAsync(_database, persistenceId).ConfigureAwait(false) != Horizon.None)
                throw;
            _log.Warning("{Damage}. All events are replayed instead; the next snapshot takes its place", e.Message);
            return null;
        }
    }

    // A large snapshot takes a while to serialize: not on the thread of this actor, which others wait for.
    protected override Task SaveAsync(SnapshotMetadata metadata, object snapshot, CancellationToken cancellationToken) =>
        Task.Run(() => snapshot is ResourceSnapshot resource && SnapshotParts.AreBetterFor(resource) ? SaveInPartsAsync(metadata, resource) : SaveWholeAsync(metadata, snapshot), cancellationToken);

    protected override Task DeleteAsync(SnapshotMetadata metadata, CancellationToken cancellationToken) =>
        _database.DeleteSnapshotsAsync(metadata.PersistenceId, new SnapshotRange(
            metadata.SequenceNr, metadata.SequenceNr, 0, metadata.Timestamp == DateTime.MinValue ? long.MaxValue : metadata.Timestamp.Ticks));

    protected override Task DeleteAsync(string persistenceId, SnapshotSelectionCriteria criteria, CancellationToken cancellationToken) =>
        _database.DeleteSnapshotsAsync(persistenceId, Range(criteria));

    private static SnapshotRange Range(SnapshotSelectionCriteria criteria) => new(
        criteria.MinSequenceNr, criteria.MaxSequenceNr, criteria.MinTimestamp?.Ticks ?? 0, criteria.MaxTimeStamp.Ticks);

    private async Task SaveInPartsAsync(SnapshotMetadata metadata, ResourceSnapshot snapshot)
    {
        var (id, created) = (metadata.PersistenceId, metadata.Timestamp.Ticks);
        var head = await _parts.SaveAsync(id, created, snapshot).ConfigureAwait(false);
        await _database.SaveSnapshotAsync(new SnapshotRow(id, metadata.SequenceNr, created, StoreSerializer.Id, StoreSerializer.SnapshotHead, Checksum.Write(head))).ConfigureAwait(false);
        _parts.Saved(id, head);
    }

    private async Task SaveWholeAsync(SnapshotMetadata metadata, object snapshot)
    {
        var serializer = _serialization.FindSerializerFor(snapshot);
        var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, snapshot);
        await _database.SaveSnapshotAsync(new SnapshotRow(
            metadata.PersistenceId, metadata.SequenceNr, metadata.Timestamp.Ticks, serializer.Identifier, manifest, _serialization.Serialize(snapshot))).ConfigureAwait(false);
        await _parts.SavedWholeAsync(metadata.PersistenceId).ConfigureAwait(false);
    }
}
