using System.Text.Json;

namespace ActorKube.Api.Backup;

/// <summary>
/// How a backup is written. A line with the format's name and version; blocks; a block of length 0; the SHA-256 of everything before it (32 bytes); the end.
/// A block is its stored length and its plain length (4 bytes each, little endian) and the Brotli-compressed bytes of some whole records. A record is a byte for its kind,
/// the length of its content as a 7-bit encoded number, and the content: JSON for records that tell about others, and the fields one after the other for events and snapshots.
/// </summary>
internal static class BackupFormat
{
    /// <summary>Records are collected to blocks of at least this many bytes.</summary>
    public const int BlockSize = 1 << 20;

    /// <summary>Length of the checksum at the end.</summary>
    public const int HashLength = 32;

    /// <summary>The first line.</summary>
    public static ReadOnlySpan<byte> Magic => "actorkube-backup/1\n"u8;

    /// <summary>What the first line begins with in every version.</summary>
    public static ReadOnlySpan<byte> Name => "actorkube-backup/"u8;

    /// <summary>Appends a record.</summary>
    public static void Write(BinaryWriter output, BackupRecord record)
    {
        using var content = new MemoryStream();
        using var writer = new BinaryWriter(content);
        var kind = WriteContent(writer, record);
        writer.Flush();
        output.Write((byte)kind);
        output.Write7BitEncodedInt((int)content.Length);
        output.Write(content.GetBuffer().AsSpan(0, (int)content.Length));
    }

    /// <summary>Takes the next record.</summary>
    public static BackupRecord Read(BinaryReader input)
    {
        var kind = (Kind)input.ReadByte();
        var content = input.ReadBytes(input.Read7BitEncodedInt());
        using var reader = new BinaryReader(new MemoryStream(content));
        BackupRecord record = kind switch
        {
            Kind.Header => FromJson<BackupHeader>(content),
            Kind.Resource => FromJson<BackupResource>(content),
            Kind.End => FromJson<BackupEnd>(content),
            Kind.Failure => FromJson<BackupFailure>(content),
            Kind.Key => new BackupKey(reader.ReadString(), Rest(reader)),
            Kind.Snapshot => new BackupSnapshot(reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt(), reader.ReadString(), Rest(reader)),
            Kind.Event => new BackupEvent(
                reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt(), reader.ReadString(), reader.ReadString(), reader.ReadBoolean(), Rest(reader)),
            Kind.Base => new BackupBase(
                reader.ReadString(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt64(), reader.Read7BitEncodedInt(), reader.ReadString(), reader.ReadString(), Rest(reader)),
            _ => throw new InvalidDataException($"a record of the unknown kind {(int)kind}"),
        };
        return record;
    }

    private static Kind WriteContent(BinaryWriter writer, BackupRecord record)
    {
        switch (record)
        {
            case BackupHeader header:
                writer.Write(JsonSerializer.SerializeToUtf8Bytes(header));
                return Kind.Header;
            case BackupResource resource:
                writer.Write(JsonSerializer.SerializeToUtf8Bytes(resource));
                return Kind.Resource;
            case BackupEnd end:
                writer.Write(JsonSerializer.SerializeToUtf8Bytes(end));
                return Kind.End;
            case BackupFailure failure:
                writer.Write(JsonSerializer.SerializeToUtf8Bytes(failure));
                return Kind.Failure;
            case BackupKey key:
                writer.Write(key.Name);
                writer.Write(key.Content);
                return Kind.Key;
            case BackupSnapshot snapshot:
                WriteCommon(writer, snapshot.SequenceNr, snapshot.Created, snapshot.Serializer, snapshot.Manifest);
                writer.Write(snapshot.Message);
                return Kind.Snapshot;
            case BackupBase kept:
                writer.Write(kept.Key);
                WriteCommon(writer, kept.SequenceNr, kept.Created, kept.Serializer, kept.Manifest);
                writer.Write(kept.Writer);
                writer.Write(kept.Message);
                return Kind.Base;
            case BackupEvent change:
                WriteCommon(writer, change.SequenceNr, change.Created, change.Serializer, change.Manifest);
                writer.Write(change.Writer);
                writer.Write(change.IsMarked);
                writer.Write(change.Message);
                return Kind.Event;
            default:
                throw new ArgumentOutOfRangeException(nameof(record), record, "unknown record");
        }
    }

    private static void WriteCommon(BinaryWriter writer, long number, long created, int serializer, string manifest)
    {
        writer.Write7BitEncodedInt64(number);
        writer.Write7BitEncodedInt64(created);
        writer.Write7BitEncodedInt(serializer);
        writer.Write(manifest);
    }

    private static byte[] Rest(BinaryReader reader) => reader.ReadBytes((int)(reader.BaseStream.Length - reader.BaseStream.Position));

    private static T FromJson<T>(byte[] content) => JsonSerializer.Deserialize<T>(content) ?? throw new InvalidDataException("a record says nothing");

    private enum Kind : byte
    {
        Header = 1,
        Key = 2,
        Resource = 3,
        Snapshot = 4,
        Event = 5,
        End = 6,
        Failure = 7,
        Base = 8,
    }
}
