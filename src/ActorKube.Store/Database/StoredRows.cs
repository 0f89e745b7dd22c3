using ActorKube.Store.Resources;
using Akka.Serialization;

namespace ActorKube.Store.Database;

/// <summary>From rows to what was stored in them. What cannot be read is named.</summary>
internal static class StoredRows
{
    /// <summary>The event in a row.</summary>
    /// <exception cref="StoreDamagedException">The row is not what was written.</exception>
    public static object Read(this Akka.Serialization.Serialization serialization, JournalRow row, IStoreDatabase database) =>
        Read(serialization, row.Message, row.Serializer, row.Manifest, () => $"event {row.SequenceNr} of {ResourceOf(row.PersistenceId)} in {database.JournalName}");

    /// <summary>The snapshot in a row.</summary>
    /// <exception cref="StoreDamagedException">The row is not what was written.</exception>
    public static object Read(this Akka.Serialization.Serialization serialization, SnapshotRow row, IStoreDatabase database) =>
        Read(serialization, row.Message, row.Serializer, row.Manifest, () => $"snapshot {row.SequenceNr} of {ResourceOf(row.PersistenceId)} in {database.SnapshotsName}");

    /// <summary>The resource type that a persistence id stands for.</summary>
    public static string ResourceOf(string persistenceId) =>
        persistenceId.StartsWith(ResourceStoreActor.IdPrefix, StringComparison.Ordinal) ? persistenceId[ResourceStoreActor.IdPrefix.Length..] : persistenceId;

    private static object Read(Akka.Serialization.Serialization serialization, byte[] message, int serializer, string manifest, Func<string> name)
    {
        try
        {
            return serialization.Deserialize(message, serializer, manifest);
        }
        catch (Exception e) // whatever a serializer says of bytes that it did not write
        {
            throw new StoreDamagedException($"{name()} is damaged: {e.Message}", e);
        }
    }
}
