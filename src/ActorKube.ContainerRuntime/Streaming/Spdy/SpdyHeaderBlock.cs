using System.Buffers.Binary;
using System.IO.Compression;
using System.Text;

namespace ActorKube.ContainerRuntime.Streaming.Spdy;

/// <summary>
/// Writes header blocks: <c>count, (name length, name, value length, value)*</c> in one zlib stream that lasts as long as the
/// connection, flushed after every block. Not safe for concurrent use: blocks must go out in the order they were compressed.
/// </summary>
internal sealed class SpdyHeaderCompressor : IDisposable
{
    private readonly MemoryStream _output = new();
    private readonly DeflateStream _deflate;
    private bool _started;

    public SpdyHeaderCompressor()
    {
        _deflate = new DeflateStream(_output, CompressionLevel.Optimal, leaveOpen: true);

        // A preset dictionary is nothing but history: compress it, throw the output away, and go on from there.
        _deflate.Write(SpdyDictionary.Bytes);
        _deflate.Flush();
        _output.SetLength(0);
    }

    /// <summary>The compressed block for these headers. Names go out in lower case, as the protocol demands.</summary>
    public byte[] Compress(IReadOnlyDictionary<string, string> headers)
    {
        if (!_started)
        {
            // zlib: deflate with a 32 KiB window, a preset dictionary, and which one.
            _output.Write([0x78, 0xBB]);
            Write(_output, unchecked((int)SpdyDictionary.Id));
            _started = true;
        }

        var plain = new MemoryStream();
        Write(plain, headers.Count);
        foreach (var (name, value) in headers)
        {
            Write(plain, name.ToLowerInvariant());
            Write(plain, value);
        }

        _deflate.Write(plain.GetBuffer(), 0, (int)plain.Length);
        _deflate.Flush();
        var block = _output.ToArray();
        _output.SetLength(0);
        return block;
    }

    public void Dispose()
    {
        _deflate.Dispose();
        _output.Dispose();
    }

    private static void Write(MemoryStream stream, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        Write(stream, bytes.Length);
        stream.Write(bytes);
    }

    private static void Write(MemoryStream stream, int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        stream.Write(bytes);
    }
}

/// <summary>Reads the header blocks that the peer's compressor wrote, in the order they arrived.</summary>
internal sealed class SpdyHeaderDecompressor : IDisposable
{
    private const byte PresetDictionary = 0x20;
    private readonly Feed _input = new();
    private readonly DeflateStream _inflate;
    private bool _started;

    public SpdyHeaderDecompressor()
    {
        _inflate = new DeflateStream(_input, CompressionMode.Decompress);

        // The dictionary goes in as a stored block, so that references reach back into it.
        var length = (ushort)SpdyDictionary.Bytes.Length;
        var complement = (ushort)~length;
        _input.Add([0, (byte)length, (byte)(length >> 8), (byte)complement, (byte)(complement >> 8), .. SpdyDictionary.Bytes]);
        ReadExactly(new byte[length]);
    }

    /// <summary>The headers in a block. A name that occurs with many values has them separated by NUL, as on the wire.</summary>
    public IReadOnlyDictionary<string, string> Decompress(ReadOnlySpan<byte> block)
    {
        if (!_started)
        {
            block = SkipZlibHeader(block);
            _started = true;
        }

        _input.Add(block);
        var room = SpdyProtocol.MaxControlBytes;
        var count = ReadLength(ref room);
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < count; i++)
        {
            var name = ReadText(ref room);
            if (!headers.TryAdd(name, ReadText(ref room)))
            {
                throw new SpdyException($"A header block names '{name}' twice.");
            }
        }

        return headers;
    }

    public void Dispose() => _inflate.Dispose();

    private static ReadOnlySpan<byte> SkipZlibHeader(ReadOnlySpan<byte> block)
    {
        if (block.Length < 2 || (block[0] & 0x0F) != 8 || ((block[0] << 8) | block[1]) % 31 != 0)
        {
            throw new SpdyException("The first header block is not a zlib stream.");
        }

        if ((block[1] & PresetDictionary) == 0)
        {
            return block[2..];
        }

        return block.Length >= 6 && BinaryPrimitives.ReadUInt32BigEndian(block[2..]) == SpdyDictionary.Id
            ? block[6..]
            : throw new SpdyException("The header blocks use an unknown dictionary.");
    }

    private string ReadText(ref int room)
    {
        var bytes = new byte[ReadLength(ref room)];
        ReadExactly(bytes);
        room -= bytes.Length;
        return Encoding.UTF8.GetString(bytes);
    }

    private int ReadLength(ref int room)
    {
        Span<byte> bytes = stackalloc byte[4];
        ReadExactly(bytes);
        room -= 4;
        var length = BinaryPrimitives.ReadInt32BigEndian(bytes);
        return length >= 0 && length <= room ? length : throw new SpdyException("A header block is too large.");
    }

    private void ReadExactly(Span<byte> bytes)
    {
        try
        {
            _inflate.ReadExactly(bytes);
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
        {
            throw new SpdyException("A header block cannot be decompressed.", e);
        }
    }

    /// <summary>The compressed bytes that arrived and were not yet used.</summary>
    private sealed class Feed : Stream
    {
        private readonly Queue<byte[]> _blocks = new();
        private int _offset;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public void Add(ReadOnlySpan<byte> block)
        {
            if (block.Length > 0)
            {
                _blocks.Enqueue(block.ToArray());
            }
        }

        public override int Read(Span<byte> buffer)
        {
            if (!_blocks.TryPeek(out var block))
            {
                return 0;
            }

            var count = Math.Min(buffer.Length, block.Length - _offset);
            block.AsSpan(_offset, count).CopyTo(buffer);
            _offset += count;
            if (_offset == block.Length)
            {
                _blocks.Dequeue();
                _offset = 0;
            }

            return count;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
