using System.Collections.Immutable;
using ActorKube.Store.Database;
using ActorKube.Store.Protocol;
using ActorKube.Store.Resources;
using ActorKube.Store.Serialization.Wire;
using Google.Protobuf;

namespace ActorKube.Store.Serialization;

/// <summary>Between the store's types and their Protobuf counterparts. Object bytes are wrapped, not copied, on the way out.</summary>
internal static class StoreWire
{
    public static ByteString ToBytes(this ReadOnlyMemory<byte> value) => UnsafeByteOperations.UnsafeWrap(value);

    public static CauseData ToData(this Cause cause) => new() { User = cause.User, Verb = cause.Verb, Manager = cause.Manager, Time = cause.Time };

    public static Cause ToCause(this CauseData? data) => data is null ? new Cause("", "", "", 0) : new Cause(data.User, data.Verb, data.Manager, data.Time);

    public static EventData ToData(this StoreEvent change) => new()
    {
        Revision = change.Revision,
        Key = change.Key,
        Type = (int)change.Type,
        Value = change.Value.ToBytes(),
        Cause = change.Cause.ToData(),
        Unique = { change.Unique },
        Previous = change.Previous,
    };

    public static StoreEvent ToEvent(this EventData data) =>
        new(data.Revision, data.Key, (StoreEventType)data.Type, data.Value.Memory, data.Cause.ToCause()) { Unique = ToList(data.Unique), Previous = data.Previous };

    /// <summary>Of a journal's row all but the object.</summary>
    public static EventHeader Header(JournalRow row)
    {
        var input = new CodedInputStream(row.Message);
        var (type, key) = (0, "");
        while (input.ReadTag() is > 0 and var tag)
        {
            switch (WireFormat.GetTagFieldNumber(tag))
            {
                case EventData.KeyFieldNumber:
                    key = input.ReadString();
                    break;
                case EventData.TypeFieldNumber:
                    type = input.ReadInt32();
                    break;
                default:
                    input.SkipLastField();
                    break;
            }
        }

        return new EventHeader(row.SequenceNr, (StoreEventType)type, key, row.Created);
    }

    public static SnapshotData ToData(this ResourceSnapshot snapshot) => new()
    {
        Revision = snapshot.State.Revision,
        Objects = { snapshot.State.Objects.Values.Select(o => o.ToData()) },
    };

    public static ResourceSnapshot ToSnapshot(this SnapshotData data) => ToSnapshot(data.Revision, data.Objects);

    public static ResourceSnapshot ToSnapshot(long revision, IEnumerable<ObjectData> all)
    {
        var (objects, holders) = (ResourceStoreState.Empty.Objects.ToBuilder(), ResourceStoreState.Empty.Holders.ToBuilder());
        foreach (var found in all)
        {
            objects.Add(found.Key, found.ToObject());
            foreach (var unique in found.Unique)
                holders[unique] = found.Key;
        }

        return new ResourceSnapshot(new ResourceStoreState(revision, objects.ToImmutable()) { Holders = holders.ToImmutable() });
    }

    public static ObjectsData ToData(this StoreSnapshot snapshot) => new()
    {
        Resource = snapshot.Resource,
        Revision = snapshot.Revision,
        Objects = { snapshot.Objects.Select(o => o.ToData()) },
        More = snapshot.More,
    };

    public static StoreSnapshot ToSnapshot(this ObjectsData data) =>
        new(data.Resource, data.Revision, [.. data.Objects.Select(o => o.ToObject())]) { More = data.More };

    public static Expected ToExpected(long revision) => revision switch
    {
        -1 => Expected.Any,
        0 => Expected.Absent,
        _ => Expected.At(revision),
    };

    public static ObjectData ToData(this StoredObject stored) => new() { Key = stored.Key, Revision = stored.Revision, Value = stored.Value.ToBytes(), Unique = { stored.Unique } };

    private static StoredObject ToObject(this ObjectData data) => new(data.Key, data.Revision, data.Value.Memory) { Unique = ToList(data.Unique) };

    public static IReadOnlyList<string> ToList(IList<string> texts) => texts.Count == 0 ? [] : [.. texts];
}
