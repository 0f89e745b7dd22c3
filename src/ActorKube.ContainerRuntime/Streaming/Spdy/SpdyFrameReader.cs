using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;

namespace ActorKube.ContainerRuntime.Streaming.Spdy;

/// <summary>One frame from the peer: a control frame with its body, or the head of a data frame.</summary>
/// <param name="Type">The control frame's type, or null for data.</param>
/// <param name="Flags">The frame's flags.</param>
/// <param name="StreamId">The data frame's stream.</param>
/// <param name="Length">How many bytes of data follow.</param>
/// <param name="Body">The control frame's body.</param>
internal readonly record struct SpdyFrame(SpdyFrameType? Type, byte Flags, int StreamId, int Length, byte[] Body)
{
    /// <summary>Whether the sender half-closes the stream with this frame.</summary>
    public bool IsFin => (Flags & SpdyProtocol.FlagFin) != 0;

    /// <summary>The 32-bit number at an offset of the body.</summary>
    public int Number(int offset) => BinaryPrimitives.ReadInt32BigEndian(Rest(offset, 4));

    /// <summary>The body from an offset on.</summary>
    public ReadOnlySpan<byte> Rest(int offset, int atLeast = 0) =>
        Body.Length >= offset + atLeast ? Body.AsSpan(offset) : throw new SpdyException($"A {Type} frame is too short.");

    /// <summary>The value of a SETTINGS entry, or null when the frame does not have it.</summary>
    public int? Setting(int id)
    {
        var count = Number(0);
        if (count < 0 || Body.Length < 4 + (8L * count))
        {
            throw new SpdyException("A SETTINGS frame is too short.");
        }

        int? value = null;
        for (var entry = 0; entry < count; entry++)
        {
            value = (Number(4 + (8 * entry)) & 0xFFFFFF) == id ? Number(8 + (8 * entry)) : value;
        }

        return value;
    }
}

/// <summary>Cuts the peer's bytes into frames.</summary>
internal sealed class SpdyFrameReader(Stream transport)
{
    private readonly PipeReader _input =
        PipeReader.Create(transport, new StreamPipeReaderOptions(leaveOpen: true, bufferSize: SpdyProtocol.MaxDataBytes));

    /// <summary>The next frame, or null when the peer closed the connection between two frames.</summary>
    public async ValueTask<SpdyFrame?> NextAsync(CancellationToken cancellationToken)
    {
        var read = await _input.ReadAtLeastAsync(SpdyProtocol.FrameHeaderBytes, cancellationToken).ConfigureAwait(false);
        if (read.Buffer.Length < SpdyProtocol.FrameHeaderBytes)
        {
            return read.Buffer.IsEmpty ? null : throw Truncated();
        }

        var header = Take(read, SpdyProtocol.FrameHeaderBytes);
        var flags = header[4];
        var length = (int)(BinaryPrimitives.ReadUInt32BigEndian(header.AsSpan(4)) & 0xFFFFFF);
        if ((header[0] & 0x80) == 0)
        {
            return new SpdyFrame(null, flags, BinaryPrimitives.ReadInt32BigEndian(header), length, []);
        }

        if ((BinaryPrimitives.ReadUInt16BigEndian(header) & 0x7FFF) != SpdyProtocol.Version || length > SpdyProtocol.MaxControlBytes)
        {
            throw new SpdyException("The peer sent something that is not a SPDY/3 control frame.");
        }

        var type = (SpdyFrameType)BinaryPrimitives.ReadUInt16BigEndian(header.AsSpan(2));
        if (length == 0)
        {
            // Asked for no bytes, the pipe would wait for some.
            return new SpdyFrame(type, flags, 0, 0, []);
        }

        read = await _input.ReadAtLeastAsync(length, cancellationToken).ConfigureAwait(false);
        return read.Buffer.Length >= length ? new SpdyFrame(type, flags, 0, 0, Take(read, length)) : throw Truncated();
    }

    /// <summary>
    /// Up to <paramref name="length"/> bytes of the data that follows, as far as they have arrived: a frame may be 16 MiB long.
    /// Valid until <see cref="Advance"/>.
    /// </summary>
    public async ValueTask<ReadOnlySequence<byte>> DataAsync(int length, CancellationToken cancellationToken)
    {
        var read = await _input.ReadAsync(cancellationToken).ConfigureAwait(false);
        return read.Buffer.IsEmpty ? throw Truncated() : read.Buffer.Slice(0, Math.Min(length, read.Buffer.Length));
    }

    /// <summary>Gives back what <see cref="DataAsync"/> lent.</summary>
    public void Advance(ReadOnlySequence<byte> data) => _input.AdvanceTo(data.End);

    /// <summary>Gives back the buffers.</summary>
    public void Complete() => _input.Complete();

    private static SpdyException Truncated() => new("The connection ended within a frame.");

    private byte[] Take(ReadResult read, int length)
    {
        var bytes = read.Buffer.Slice(0, length).ToArray();
        _input.AdvanceTo(read.Buffer.GetPosition(length));
        return bytes;
    }
}
