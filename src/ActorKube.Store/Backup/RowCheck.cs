using ActorKube.Store.Database;
using ActorKube.Store.Protocol;
using ActorKube.Store.Serialization;
using ActorKube.Store.Serialization.Wire;

namespace ActorKube.Store.Backup;

/// <summary>Whether rows are what the store wrote.</summary>
internal static class RowCheck
{
    /// <summary>What is wrong with an event's row; null when nothing is.</summary>
    public static string? ProblemOf(JournalRow row) => Try(row.Serializer, () =>
    {
        var data = row.Manifest switch
        {
            StoreSerializer.Event => EventData.Parser.ParseFrom(Checksum.Verify(row.Message)),
            StoreSerializer.Event1 => EventData.Parser.ParseFrom(row.Message),
            _ => throw new InvalidDataException($"its manifest is '{row.Manifest}', not an event's"),
        };
        if (data.Revision != row.SequenceNr)
            throw new InvalidDataException($"it holds event {data.Revision}");
        if (!Enum.IsDefined((StoreEventType)data.Type))
            throw new InvalidDataException($"it has the unknown type {data.Type}");
    });

    /// <summary>What is wrong with a snapshot's row; null when nothing is.</summary>
    /// <param name="row">The row.</param>
    /// <param name="whole">Whether to look at every object even where the checksum is right.</param>
    public static string? ProblemOf(SnapshotRow row, bool whole) => Try(row.Serializer, () =>
    {
        if (row.Manifest == StoreSerializer.Snapshot)
            Checksum.Verify(row.Message);
        else if (row.Manifest != StoreSerializer.Snapshot1)
            throw new InvalidDataException($"its manifest is '{row.Manifest}', not a snapshot's");
        if (whole && SnapshotData.Parser.ParseFrom(row.Message).Revision is var revision && revision != row.SequenceNr)
            throw new InvalidDataException($"it shows revision {revision}");
    });

    private static string? Try(int serializer, Action check)
    {
        if (serializer != StoreSerializer.Id)
            return $"it is said to be written by serializer {serializer}, which is not the store's";
        try
        {
            check();
            return null;
        }
        catch (Exception e) when (e is InvalidDataException or Google.Protobuf.InvalidProtocolBufferException)
        {
            return e.Message;
        }
    }
}
