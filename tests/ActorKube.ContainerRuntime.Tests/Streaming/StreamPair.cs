using System.IO.Pipelines;

namespace ActorKube.ContainerRuntime.Tests.Streaming;

/// <summary>Two streams in memory: what is written to one is read from the other.</summary>
public sealed class StreamPair
{
    private StreamPair(int buffer)
    {
        var options = new PipeOptions(pauseWriterThreshold: buffer, resumeWriterThreshold: Math.Max(1, buffer / 2), useSynchronizationContext: false);
        var (there, back) = (new Pipe(options), new Pipe(options));
        Left = new End(back.Reader.AsStream(), there.Writer.AsStream());
        Right = new End(there.Reader.AsStream(), back.Writer.AsStream());
    }

    /// <summary>One end.</summary>
    public Stream Left { get; }

    /// <summary>The other end.</summary>
    public Stream Right { get; }

    /// <summary>A pair that holds up to <paramref name="buffer"/> bytes each way, like a socket's buffers.</summary>
    public static StreamPair Create(int buffer = 64 * 1024) => new(buffer);

    private sealed class End(Stream input, Stream output) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => output.WriteAsync(buffer, cancellationToken);

        public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);

        public override void Flush() => output.Flush();

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing)
            {
                output.Dispose();
                input.Dispose();
            }
        }
    }
}
