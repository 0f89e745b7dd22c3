using System.Buffers;
using System.Buffers.Binary;

namespace ActorKube.ContainerRuntime.Streaming.Spdy;

/// <summary>
/// Writes whole frames, one after the other. A caller may give up waiting, but a frame once begun is written to its end:
/// half a frame would make the rest of the connection unreadable.
/// </summary>
internal sealed class SpdyFrameWriter(Stream transport) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly SpdyHeaderCompressor _compressor = new();

    /// <summary>A control frame without headers.</summary>
    public async Task ControlAsync(SpdyFrameType type, byte flags, ReadOnlyMemory<byte> body, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        await FinishAsync(Control(type, flags, body.Span, []), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// A control frame that ends in a header block. <paramref name="fixedPart"/> runs when this frame's turn has come, so
    /// that a new stream's number can be taken in the order in which the peer will see it.
    /// </summary>
    public async Task HeadersAsync(
        SpdyFrameType type, byte flags, Func<byte[]> fixedPart, IReadOnlyDictionary<string, string> headers, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        (byte[], int) frame;
        try
        {
            frame = Control(type, flags, fixedPart(), _compressor.Compress(headers));
        }
        catch
        {
            _turn.Release();
            throw;
        }

        await FinishAsync(frame, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>A data frame.</summary>
    public async Task DataAsync(int streamId, byte flags, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken).ConfigureAwait(false);
        var length = SpdyProtocol.FrameHeaderBytes + data.Length;
        var frame = ArrayPool<byte>.Shared.Rent(length);
        BinaryPrimitives.WriteInt32BigEndian(frame, streamId);
        WriteLength(frame, flags, data.Length);
        data.Span.CopyTo(frame.AsSpan(SpdyProtocol.FrameHeaderBytes));
        await FinishAsync((frame, length), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>The body of a frame that holds one number.</summary>
    public static byte[] Body(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    /// <summary>The body of a frame that holds two numbers.</summary>
    public static byte[] Body(int first, int second) => [.. Body(first), .. Body(second)];

    public void Dispose()
    {
        _compressor.Dispose();
        _turn.Dispose();
    }

    private static (byte[] Frame, int Length) Control(SpdyFrameType type, byte flags, ReadOnlySpan<byte> body, ReadOnlySpan<byte> more)
    {
        var length = SpdyProtocol.FrameHeaderBytes + body.Length + more.Length;
        var frame = ArrayPool<byte>.Shared.Rent(length);
        BinaryPrimitives.WriteUInt16BigEndian(frame, 0x8000 | SpdyProtocol.Version);
        BinaryPrimitives.WriteUInt16BigEndian(frame.AsSpan(2), (ushort)type);
        WriteLength(frame, flags, body.Length + more.Length);
        body.CopyTo(frame.AsSpan(SpdyProtocol.FrameHeaderBytes));
        more.CopyTo(frame.AsSpan(SpdyProtocol.FrameHeaderBytes + body.Length));
        return (frame, length);
    }

    private static void WriteLength(byte[] frame, byte flags, int length) =>
        BinaryPrimitives.WriteUInt32BigEndian(frame.AsSpan(4), ((uint)flags << 24) | (uint)length);

    private Task FinishAsync((byte[] Bytes, int Length) frame, CancellationToken cancellationToken)
    {
        return WriteAsync().WaitAsync(cancellationToken);

        async Task WriteAsync()
        {
            try
            {
                await transport.WriteAsync(frame.Bytes.AsMemory(0, frame.Length), CancellationToken.None).ConfigureAwait(false);
                await transport.FlushAsync(CancellationToken.None).ConfigureAwait(false);
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(frame.Bytes);
                _turn.Release();
            }
        }
    }
}
