using System.Collections.Immutable;
using ActorKube.Store.Protocol;

namespace ActorKube.Store.Resources;

/// <summary>
/// Every object of one resource type as of a revision. A write is decided against a state, and the event it makes is applied to it;
/// nothing here knows of actors or databases.
/// </summary>
/// <param name="Revision">Revision of the last write; 0 when there never was one.</param>
/// <param name="Objects">The objects by key.</param>
public sealed record ResourceStoreState(long Revision, ImmutableDictionary<string, StoredObject> Objects)
{
    /// <summary>Which object has what only one may have (<see cref="Put.Unique"/>).</summary>
    public ImmutableDictionary<string, string> Holders { get; init; } = ImmutableDictionary.Create<string, string>(StringComparer.Ordinal);

    /// <summary>Before the first write.</summary>
    public static ResourceStoreState Empty { get; } = new(0, ImmutableDictionary.Create<string, StoredObject>(StringComparer.Ordinal));

    /// <summary>Revision of the object's last write; 0 when it does not exist.</summary>
    public long RevisionOf(string key) => Objects.TryGetValue(key, out var found) ? found.Revision : 0;

    /// <summary>The event that writes the object, or null when it is not as the writer expects.</summary>
    public StoreEvent? Decide(Put put)
    {
        var current = RevisionOf(put.Key);
        if (!Meets(put.Expected, current) || Taken(put) is not null)
            return null;
        var type = current == 0 ? StoreEventType.Created : StoreEventType.Updated;
        return new StoreEvent(Revision + 1, put.Key, type, put.Value, put.Cause) { Unique = put.Unique, Previous = current };
    }

    /// <summary>The first thing that the writer wants and another object has; null when there is none, or when the object is not as the writer expects anyway.</summary>
    public string? Taken(Put put) =>
        put.Unique.Count > 0 && Meets(put.Expected, RevisionOf(put.Key))
            ? put.Unique.FirstOrDefault(wanted => Holders.TryGetValue(wanted, out var holder) && holder != put.Key)
            : null;

    /// <summary>The event that removes the object, or null when there is none or it is not as the writer expects.</summary>
    public StoreEvent? Decide(Remove remove)
    {
        var current = RevisionOf(remove.Key);
        if (current == 0 || !Meets(remove.Expected, current))
            return null;
        return new StoreEvent(Revision + 1, remove.Key, StoreEventType.Removed, remove.Value, remove.Cause) { Previous = current };
    }

    /// <summary>The event that only moves the revision on, or null when it is not the expected one.</summary>
    public StoreEvent? Decide(Advance advance) =>
        advance.Current == Revision ? new StoreEvent(Revision + 1, "", StoreEventType.Advanced, ReadOnlyMemory<byte>.Empty, Cause.None) : null;

    /// <summary>The state after the event, which must be the next one.</summary>
    /// <exception cref="InvalidDataException">An event was lost, repeated, or is of a type this version does not know.</exception>
    public ResourceStoreState Apply(StoreEvent change)
    {
        if (change.Revision != Revision + 1)
            throw new InvalidDataException($"event {change.Revision} ({change.Key}) cannot follow revision {Revision}");
        var objects = change.Type switch
        {
            StoreEventType.Created or StoreEventType.Updated =>
                Objects.SetItem(change.Key, new StoredObject(change.Key, change.Revision, change.Value) { Unique = change.Unique }),
            StoreEventType.Removed => Objects.Remove(change.Key),
            StoreEventType.Advanced => Objects,
            _ => throw new InvalidDataException($"event {change.Revision} ({change.Key}) has the unknown type {change.Type}"),
        };
        return new ResourceStoreState(change.Revision, objects) { Holders = HoldersAfter(change) };
    }

    private ImmutableDictionary<string, string> HoldersAfter(StoreEvent change)
    {
        var had = Objects.TryGetValue(change.Key, out var before) ? before.Unique : [];
        var has = change.Type == StoreEventType.Removed ? [] : change.Unique;
        if (change.Type == StoreEventType.Advanced || (had.Count == 0 && has.Count == 0))
            return Holders;
        return Holders.RemoveRange(had).SetItems(has.Select(h => KeyValuePair.Create(h, change.Key)));
    }

    private static bool Meets(Expected expected, long current) => expected == Expected.Any || expected.Revision == current;
}
