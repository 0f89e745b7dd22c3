using System.Buffers.Binary;
using System.Text;

namespace ActorKube.ApiServer.Tests.Protobuf;

/// <summary>Reads a watch in protobuf as client-go does: four bytes of length, then a bare WatchEvent whose object has the envelope.</summary>
internal static class WatchFrames
{
    /// <summary>The next frame of a stream: its type and the enveloped object; null at the end.</summary>
    public static async Task<(string Type, ReadOnlyMemory<byte> Object)?> NextAsync(Stream stream, CancellationToken cancellationToken)
    {
        var length = new byte[4];
        if (await stream.ReadAtLeastAsync(length, 4, false, cancellationToken) < 4)
        {
            return null;
        }

        var frame = new byte[BinaryPrimitives.ReadInt32BigEndian(length)];
        await stream.ReadExactlyAsync(frame, cancellationToken);
        return Open(frame);
    }

    /// <summary>A frame without its length.</summary>
    public static (string Type, ReadOnlyMemory<byte> Object) Open(ReadOnlyMemory<byte> frame)
    {
        var type = Encoding.ASCII.GetString(Field(ref frame, 1).Span);
        var extension = Field(ref frame, 2);
        Assert.True(frame.IsEmpty);
        var inner = Field(ref extension, 1);
        Assert.True(extension.IsEmpty);
        return (type, inner);
    }

    private static ReadOnlyMemory<byte> Field(ref ReadOnlyMemory<byte> bytes, int number)
    {
        Assert.Equal((number << 3) | 2, bytes.Span[0]);
        var (length, at) = (0, 1);
        for (var shift = 0; ; shift += 7)
        {
            var b = bytes.Span[at++];
            length |= (b & 0x7f) << shift;
            if (b < 0x80)
            {
                break;
            }
        }

        var field = bytes.Slice(at, length);
        bytes = bytes[(at + length)..];
        return field;
    }
}
