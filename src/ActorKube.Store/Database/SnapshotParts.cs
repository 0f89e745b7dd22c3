using System.Collections.Concurrent;
using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;
using ActorKube.Store.Serialization;
using ActorKube.Store.Serialization.Wire;
using Google.Protobuf;

namespace ActorKube.Store.Database;

/// <summary>
/// A large snapshot in small parts, so that neither memory nor disk is taken in one gulp while others write: each part is a row, some of them a transaction, with a pause after each.
/// Parts go to one of two places in turns, and the snapshot's own row, written last, says to which: the snapshot before stays whole until then. What is read is checked to belong together.
/// </summary>
internal sealed class SnapshotParts(IStoreDatabase database, TimeProvider time)
{
    private const int WholeBytes = 1 << 20;
    private const int PartBytes = 60_000; // just small enough not to become a large object of the garbage collector's
    private const int PartsPerWrite = 16;

    private static readonly SnapshotRange Everything = new(0, long.MaxValue, 0, long.MaxValue);

    // In which place the newest snapshot of a persistence id is, where it is in parts.
    private readonly ConcurrentDictionary<string, int> _places = [];

    /// <summary>Whether a snapshot is better saved in parts.</summary>
    public static bool AreBetterFor(ResourceSnapshot snapshot)
    {
        var bytes = 0L;
        foreach (var stored in snapshot.State.Objects.Values)
        {
            if ((bytes += stored.Value.Length) > WholeBytes)
                return true;
        }

        return false;
    }

    /// <summary>The persistence id of the rows of one place.</summary>
    public static string PlaceOf(string persistenceId, int place) => FormattableString.Invariant($"parts-{place}/{persistenceId}");

    /// <summary>Saves the parts; what is returned goes into the snapshot's row. The parts are durable when that row is.</summary>
    public async Task<SnapshotHeadData> SaveAsync(string persistenceId, long created, ResourceSnapshot snapshot)
    {
        var place = _places.TryGetValue(persistenceId, out var current) ? 1 - current : 0;
        var id = PlaceOf(persistenceId, place);
        var (rows, parts) = (new List<SnapshotRow>(PartsPerWrite), 0);
        foreach (var part in Cut(snapshot.State))
        {
            rows.Add(new SnapshotRow(id, ++parts, created, StoreSerializer.Id, StoreSerializer.SnapshotPart, Checksum.Write(part)));
            if (rows.Count == PartsPerWrite)
                await WriteAsync(rows).ConfigureAwait(false);
        }

        if (rows.Count > 0)
            await WriteAsync(rows).ConfigureAwait(false);
        await database.DeleteSnapshotsAsync(id, Everything with { FromSequenceNr = parts + 1 }).ConfigureAwait(false);
        return new SnapshotHeadData { Revision = snapshot.State.Revision, Place = place, Parts = parts };
    }

    /// <summary>The snapshot's row is durable: the other place is free.</summary>
    public void Saved(string persistenceId, SnapshotHeadData head) => _places[persistenceId] = head.Place;

    /// <summary>A snapshot in one piece is durable: parts of earlier ones are not needed.</summary>
    public async Task SavedWholeAsync(string persistenceId)
    {
        if (!_places.TryRemove(persistenceId, out _))
            return;
        for (var place = 0; place < 2; place++)
            await database.DeleteSnapshotsAsync(PlaceOf(persistenceId, place), Everything).ConfigureAwait(false);
    }

    /// <summary>Reads the snapshot whose own row this is; while one part is read, those before it are parsed.</summary>
    /// <exception cref="StoreDamagedException">The parts are not all there, not of this snapshot, or not what was written.</exception>
    public async Task<ResourceSnapshot> LoadAsync(SnapshotRow row)
    {
        var parsing = new List<Task<SnapshotData>>();
        try
        {
            var head = SnapshotHeadData.Parser.ParseFrom(Checksum.Verify(row.Message));
            _places[row.PersistenceId] = head.Place;
            await database.ReadSnapshotPartsAsync(
                PlaceOf(row.PersistenceId, head.Place), head.Parts, part => parsing.Add(Task.Run(() => SnapshotData.Parser.ParseFrom(Checksum.Verify(part.Message))))).ConfigureAwait(false);
            var parts = await Task.WhenAll(parsing).ConfigureAwait(false);
            if (parts.Count(p => p.Revision == head.Revision) is var there && there != head.Parts)
                throw new InvalidDataException($"{there} of {head.Parts} parts are there");
            return StoreWire.ToSnapshot(head.Revision, parts.SelectMany(p => p.Objects));
        }
        catch (Exception e) when (e is InvalidDataException or InvalidProtocolBufferException)
        {
            throw new StoreDamagedException($"snapshot {row.SequenceNr} of {StoredRows.ResourceOf(row.PersistenceId)} in {database.SnapshotsName} is damaged: {e.Message}", e);
        }
    }

    /// <summary>Where the parts of a snapshot are, and how many; null when it is in one piece, or what says so is damaged.</summary>
    public static (string Id, int Parts)? PartsOf(SnapshotRow row)
    {
        if (row.Manifest != StoreSerializer.SnapshotHead)
            return null;
        try
        {
            var head = SnapshotHeadData.Parser.ParseFrom(Checksum.Verify(row.Message));
            return (PlaceOf(row.PersistenceId, head.Place), head.Parts);
        }
        catch (InvalidDataException)
        {
            return null;
        }
    }

    /// <summary>The snapshot in one piece: Protobuf messages one after the other are one that has all their objects. Where a part is damaged or missing, so is the checksum of the whole.</summary>
    public static SnapshotRow Join(SnapshotRow row, int parts, IReadOnlyList<byte[]> messages)
    {
        try
        {
            var contents = messages.Select(m => Checksum.Verify(m).AsMemory(..^Checksum.Length)).ToList();
            return row with { Manifest = StoreSerializer.Snapshot, Message = contents.Count == parts ? Checksum.Write(contents) : [] };
        }
        catch (InvalidDataException)
        {
            return row with { Manifest = StoreSerializer.Snapshot, Message = [] };
        }
    }

    private static IEnumerable<SnapshotData> Cut(ResourceStoreState state)
    {
        var (part, bytes) = (new SnapshotData { Revision = state.Revision }, 0);
        foreach (var stored in state.Objects.Values)
        {
            if (bytes > 0 && bytes + stored.Value.Length > PartBytes)
            {
                yield return part;
                (part, bytes) = (new SnapshotData { Revision = state.Revision }, 0);
            }

            part.Objects.Add(stored.ToData());
            bytes += stored.Value.Length + stored.Key.Length;
        }

        yield return part;
    }

    private async Task WriteAsync(List<SnapshotRow> rows)
    {
        var start = time.GetTimestamp();
        await database.SaveSnapshotPartsAsync(rows).ConfigureAwait(false);
        rows.Clear();
        await Task.Delay(time.GetElapsedTime(start), time).ConfigureAwait(false);
    }
}
