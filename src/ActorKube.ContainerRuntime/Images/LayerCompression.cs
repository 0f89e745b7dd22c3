using System.IO.Compression;
using ZstdSharp;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>Layers come plain, gzipped or zstd-compressed; the first bytes tell, whatever the media type claims.</summary>
internal static class LayerCompression
{
    /// <summary>The uncompressed content of a stream that can seek.</summary>
    public static Stream Decompress(Stream source)
    {
        Span<byte> magic = stackalloc byte[4];
        var read = source.ReadAtLeast(magic, 4, throwOnEndOfStream: false);
        source.Position = 0;
        return Open(magic[..read], source);
    }

    /// <summary>The uncompressed content of a stream that cannot seek.</summary>
    public static Stream DecompressForwardOnly(Stream source)
    {
        var magic = new byte[4];
        var read = source.ReadAtLeast(magic, 4, throwOnEndOfStream: false);
        return Open(magic.AsSpan(0, read), new PrefixedStream(magic.AsMemory(0, read), source));
    }

    private static Stream Open(ReadOnlySpan<byte> magic, Stream source) =>
        magic is [0x1F, 0x8B, ..] ? new GZipStream(source, CompressionMode.Decompress)
        : magic is [0x28, 0xB5, 0x2F, 0xFD, ..] ? new DecompressionStream(source)
        : source;

    /// <summary>A few bytes that were read ahead, then the rest.</summary>
    private sealed class PrefixedStream(ReadOnlyMemory<byte> prefix, Stream rest) : Stream
    {
        private ReadOnlyMemory<byte> _prefix = prefix;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer)
        {
            if (_prefix.IsEmpty)
                return rest.Read(buffer);
            var count = Math.Min(buffer.Length, _prefix.Length);
            _prefix.Span[..count].CopyTo(buffer);
            _prefix = _prefix[count..];
            return count;
        }

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();
    }
}
