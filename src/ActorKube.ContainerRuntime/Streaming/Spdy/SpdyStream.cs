using System.Buffers;
using System.IO.Pipelines;

namespace ActorKube.ContainerRuntime.Streaming.Spdy;

/// <summary>
/// One stream of a <see cref="SpdyConnection"/>: headers, then bytes both ways. Reading gives zero when the peer
/// half-closed or cancelled the stream, and fails when the peer reset it for another reason or the connection broke.
/// </summary>
public sealed class SpdyStream : Stream
{
    private readonly SpdyConnection _connection;
    private readonly Pipe _received;
    private readonly TaskCompletionSource<IReadOnlyDictionary<string, string>> _reply = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private bool _sent;
    private bool _ended;
    private bool _discard;
    private int _unacknowledged;
    private Exception? _failure;

    internal SpdyStream(SpdyConnection connection, int id, IReadOnlyDictionary<string, string> headers, int receiveBuffer, int sendWindow)
    {
        _connection = connection;
        Id = id;
        Headers = headers;
        SendWindow = new SpdyWindow(sendWindow);
        _received = new Pipe(new PipeOptions(
            pauseWriterThreshold: receiveBuffer, resumeWriterThreshold: Math.Max(1, receiveBuffer / 2), useSynchronizationContext: false));
    }

    /// <summary>The stream's number: odd when the client opened it, even when the server did.</summary>
    public int Id { get; }

    /// <summary>The headers it was opened with. Names compare without case.</summary>
    public IReadOnlyDictionary<string, string> Headers { get; }

    /// <summary>Whether neither side can send any more.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_lock)
            {
                return (_sent && _ended) || _failure is not null;
            }
        }
    }

    /// <inheritdoc/>
    public override bool CanRead => true;

    /// <inheritdoc/>
    public override bool CanWrite => true;

    /// <inheritdoc/>
    public override bool CanSeek => false;

    /// <inheritdoc/>
    public override long Length => throw new NotSupportedException();

    /// <inheritdoc/>
    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    /// <summary>The headers with which the peer accepted the stream.</summary>
    internal Task<IReadOnlyDictionary<string, string>> Reply => _reply.Task;

    internal SpdyWindow SendWindow { get; }

    /// <summary>Accepts a stream that the peer opened.</summary>
    public Task AcceptAsync(IReadOnlyDictionary<string, string>? headers = null, CancellationToken cancellationToken = default) =>
        _connection.SendReplyAsync(this, headers ?? new Dictionary<string, string>(), cancellationToken);

    /// <summary>Half-closes: the peer reads to the end of what was written. Does nothing the second time.</summary>
    public async Task CompleteWritingAsync(CancellationToken cancellationToken = default)
    {
        lock (_lock)
        {
            if (_sent || _failure is not null)
            {
                return;
            }

            _sent = true;
        }

        await _connection.SendFinAsync(this, cancellationToken).ConfigureAwait(false);
        _connection.ForgetIfClosed(this);
    }

    /// <summary>Ends the stream at once, both ways.</summary>
    public async Task ResetAsync(SpdyResetStatus status = SpdyResetStatus.Cancel, CancellationToken cancellationToken = default)
    {
        if (Fail(new SpdyException($"Stream {Id} was reset ({status}).")))
        {
            await _connection.SendResetAsync(Id, status, cancellationToken).ConfigureAwait(false);
            _connection.ForgetIfClosed(this);
        }
    }

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (buffer.IsEmpty)
        {
            return 0;
        }

        // What arrived before a failure is still handed out; then the failure shows.
        ReadResult result;
        do
        {
            if (BrokenOff() is not { } failure)
            {
                result = await _received.Reader.ReadAsync(cancellationToken).ConfigureAwait(false);
            }
            else if (!_received.Reader.TryRead(out result) || result.Buffer.IsEmpty)
            {
                throw new SpdyException(failure.Message, failure);
            }
        }
        while (result.IsCanceled && result.Buffer.IsEmpty && Rewind(result));

        var count = (int)Math.Min(buffer.Length, result.Buffer.Length);
        result.Buffer.Slice(0, count).CopyTo(buffer.Span);
        _received.Reader.AdvanceTo(result.Buffer.GetPosition(count));
        await _connection.ConsumedAsync(this, count).ConfigureAwait(false);
        return count;
    }

    /// <inheritdoc/>
    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (buffer.Length > 0)
        {
            lock (_lock)
            {
                if (_failure is not null || _sent)
                {
                    throw _failure is null ? new SpdyException($"Stream {Id} was closed for writing.") : new SpdyException(_failure.Message, _failure);
                }
            }

            buffer = buffer[await _connection.SendDataAsync(this, buffer, cancellationToken).ConfigureAwait(false)..];
        }
    }

    /// <inheritdoc/>
    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        WriteAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

    /// <inheritdoc/>
    public override int Read(byte[] buffer, int offset, int count) => ReadAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override void Write(byte[] buffer, int offset, int count) => WriteAsync(buffer.AsMemory(offset, count)).AsTask().GetAwaiter().GetResult();

    /// <inheritdoc/>
    public override void Flush()
    {
    }

    /// <inheritdoc/>
    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    /// <inheritdoc/>
    public override void SetLength(long value) => throw new NotSupportedException();

    /// <summary>Half-closes what was written, and drops what the peer may still send.</summary>
    public override async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        try
        {
            await CompleteWritingAsync().ConfigureAwait(false);
            await ResetAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The connection is gone, and the stream with it.
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    /// <summary>This side never writes: the stream was opened so.</summary>
    internal void NothingToWrite()
    {
        lock (_lock)
        {
            _sent = true;
        }
    }

    /// <summary>Drops whatever the peer still sends, so that it does not hold up the connection. A read that waits goes on waiting.</summary>
    internal void DiscardIncoming()
    {
        lock (_lock)
        {
            _discard = true;
        }

        _received.Writer.CancelPendingFlush();
    }

    /// <summary>Counts bytes that were read. Gives how many to acknowledge, once it is worth a frame.</summary>
    internal int Acknowledge(int count)
    {
        _unacknowledged += count;
        if (_unacknowledged < SpdyProtocol.InitialWindow / 2)
        {
            return 0;
        }

        (count, _unacknowledged) = (_unacknowledged, 0);
        return count;
    }

    /// <summary>Bytes from the peer; dropped when nobody will read them.</summary>
    internal async ValueTask ReceiveAsync(ReadOnlySequence<byte> data, CancellationToken cancellationToken)
    {
        lock (_lock)
        {
            if (_ended || _discard || _failure is not null)
            {
                return;
            }
        }

        foreach (var segment in data)
        {
            if ((await _received.Writer.WriteAsync(segment, cancellationToken).ConfigureAwait(false)).IsCanceled)
            {
                return;
            }
        }
    }

    /// <summary>The peer half-closed.</summary>
    internal void End()
    {
        lock (_lock)
        {
            if (_ended || _failure is not null)
            {
                return;
            }

            _ended = true;
        }

        _received.Writer.Complete();
        _connection.ForgetIfClosed(this);
    }

    /// <summary>The peer accepted the stream.</summary>
    internal void Accepted(IReadOnlyDictionary<string, string> headers) => _reply.TrySetResult(headers);

    /// <summary>The stream is over before its end. False when it was over already.</summary>
    internal bool Fail(Exception failure)
    {
        lock (_lock)
        {
            if (_failure is not null || (_sent && _ended))
            {
                return false;
            }

            _failure = failure;
        }

        SendWindow.Fail(failure);
        _received.Reader.CancelPendingRead();
        _received.Writer.CancelPendingFlush();
        if (_reply.TrySetException(failure))
        {
            _ = _reply.Task.Exception;
        }

        return true;
    }

    // The failure that keeps the peer's bytes from being complete, if there is one.
    private Exception? BrokenOff()
    {
        lock (_lock)
        {
            return _ended ? null : _failure;
        }
    }

    private bool Rewind(ReadResult result)
    {
        _received.Reader.AdvanceTo(result.Buffer.Start);
        return true;
    }
}
