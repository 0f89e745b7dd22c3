using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Google.Protobuf;

namespace ActorKube.Store.Serialization;

/// <summary>
/// Stored messages end with a checksum of the bytes before it, written as a Protobuf field of its own (number 15, fixed32): CRC-32C, which finds every damage of
/// up to 32 bits in a row, and all but one in four thousand million of the others. Processors have an instruction for it: 1.5 KiB take a fifth of a microsecond.
/// </summary>
internal static class Checksum
{
    private const byte Tag = (15 << 3) | 5;
    /// <summary>Bytes at the end that are the checksum.</summary>
    public const int Length = 1 + sizeof(uint);


    /// <summary>The message's bytes and their checksum.</summary>
    public static byte[] Write(IMessage message)
    {
        var bytes = new byte[message.CalculateSize() + Length];
        message.WriteTo(bytes.AsSpan(..^Length));
        return Seal(bytes);
    }

    /// <summary>The bytes one after the other and their checksum.</summary>
    public static byte[] Write(IReadOnlyCollection<Memory<byte>> contents)
    {
        var bytes = new byte[contents.Sum(c => c.Length) + Length];
        var rest = bytes.AsMemory();
        foreach (var content in contents)
        {
            content.CopyTo(rest);
            rest = rest[content.Length..];
        }

        return Seal(bytes);
    }

    /// <summary>Throws when the bytes are not those that were written.</summary>
    /// <exception cref="InvalidDataException">They are not.</exception>
    public static byte[] Verify(byte[] bytes)
    {
        if (bytes.Length < Length || bytes[^Length] != Tag)
            throw new InvalidDataException("it does not end with its checksum");
        if (BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(^sizeof(uint)..)) != Crc32C(bytes.AsSpan(..^Length)))
            throw new InvalidDataException("its content does not have its checksum");
        return bytes;
    }

    private static byte[] Seal(byte[] bytes)
    {
        bytes[^Length] = Tag;
        BinaryPrimitives.WriteUInt32LittleEndian(bytes.AsSpan(^sizeof(uint)..), Crc32C(bytes.AsSpan(..^Length)));
        return bytes;
    }

    private static uint Crc32C(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        var words = MemoryMarshal.Cast<byte, ulong>(bytes);
        foreach (var word in words)
            crc = BitOperations.Crc32C(crc, BitConverter.IsLittleEndian ? word : BinaryPrimitives.ReverseEndianness(word));
        foreach (var rest in bytes[(words.Length * sizeof(ulong))..])
            crc = BitOperations.Crc32C(crc, rest);
        return ~crc;
    }
}
