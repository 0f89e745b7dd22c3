namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>Keeps the first bytes written to it and takes the rest without keeping it.</summary>
internal sealed class BoundedBuffer(int limit) : MemoryStream
{
    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        var room = (int)Math.Min(buffer.Length, limit - Length);
        if (room > 0)
            base.Write(buffer[..room].ToArray(), 0, room);
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }
}
