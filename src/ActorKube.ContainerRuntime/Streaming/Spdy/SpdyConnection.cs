using System.Collections.Concurrent;
using System.Threading.Channels;

namespace ActorKube.ContainerRuntime.Streaming.Spdy;

/// <summary>
/// A SPDY/3.1 connection over any stream, as client or as server: many streams, each with headers and bytes both ways.
/// It owns the stream beneath it. Safe for concurrent use; each <see cref="SpdyStream"/> has one reader and one writer.
/// </summary>
public sealed class SpdyConnection : IAsyncDisposable
{
    private readonly Stream _transport;
    private readonly bool _isServer;
    private readonly SpdyOptions _options;
    private readonly SpdyFrameWriter _writer;
    private readonly SpdyHeaderDecompressor _headers = new();
    private readonly SpdyWindow _sendWindow = new(SpdyProtocol.InitialWindow);
    private readonly ConcurrentDictionary<int, SpdyStream> _streams = new();
    private readonly ConcurrentDictionary<int, TaskCompletionSource> _pings = new();
    private readonly Channel<SpdyStream> _opened = Channel.CreateUnbounded<SpdyStream>(new UnboundedChannelOptions { SingleWriter = true });
    private readonly CancellationTokenSource _stop = new();
    private readonly SpdyAnswers _answers = new();
    private readonly Task _reading;
    private int _lastOwnId;
    private int _lastPeerId;
    private int _lastPing;
    private int _peerInitialWindow = SpdyProtocol.InitialWindow;
    private int _unacknowledged;
    private int _disposed;
    private volatile bool _goneAway;
    private volatile Exception? _failure;

    /// <summary>Starts to speak SPDY on <paramref name="transport"/>, whose HTTP upgrade is done.</summary>
    public SpdyConnection(Stream transport, bool isServer, SpdyOptions? options = null)
    {
        _transport = transport;
        _isServer = isServer;
        _options = options ?? new SpdyOptions();
        _writer = new SpdyFrameWriter(transport);
        _lastOwnId = isServer ? 0 : -1;
        _lastPing = isServer ? 0 : -1;
        _reading = Task.Run(ReadFramesAsync);
    }

    /// <summary>Ends when the peer closed the connection or it broke; never fails.</summary>
    public Task Completion => _reading;

    /// <summary>Streams that the peer opens, until the connection ends. Accept or reset each.</summary>
    public IAsyncEnumerable<SpdyStream> IncomingAsync(CancellationToken cancellationToken = default) => _opened.Reader.ReadAllAsync(cancellationToken);

    /// <summary>Opens a stream and waits until the peer accepts it.</summary>
    public async Task<SpdyStream> OpenStreamAsync(
        IReadOnlyDictionary<string, string> headers, bool completeWriting = false, CancellationToken cancellationToken = default)
    {
        if (_goneAway)
        {
            throw new SpdyException("The peer takes no new streams.");
        }

        SpdyStream? stream = null;
        await SendAsync(_writer.HeadersAsync(SpdyFrameType.SynStream, completeWriting ? SpdyProtocol.FlagFin : (byte)0, Begin, headers, cancellationToken))
            .ConfigureAwait(false);
        await stream!.Reply.WaitAsync(cancellationToken).ConfigureAwait(false);
        return stream;

        // Stream id, associated stream, priority, slot. A stream that opens complete never sends its first byte.
        byte[] Begin()
        {
            ThrowIfBroken();
            _lastOwnId += 2;
            stream = NewStream(_lastOwnId, headers);
            if (completeWriting)
            {
                stream.NothingToWrite();
            }

            return [.. SpdyFrameWriter.Body(_lastOwnId, 0), 0, 0];
        }
    }

    /// <summary>Waits for the peer to echo; shows that it is alive.</summary>
    public async Task PingAsync(CancellationToken cancellationToken = default)
    {
        ThrowIfBroken();
        var id = Interlocked.Add(ref _lastPing, 2);
        var echo = _pings[id] = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        try
        {
            await SendAsync(_writer.ControlAsync(SpdyFrameType.Ping, 0, SpdyFrameWriter.Body(id), cancellationToken)).ConfigureAwait(false);
            await echo.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _pings.TryRemove(id, out _);
        }
    }

    /// <summary>Tells the peer to open no more streams. Those that are open go on.</summary>
    public Task GoAwayAsync(CancellationToken cancellationToken = default) => SendGoAwayAsync(0, cancellationToken);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0)
        {
            return;
        }

        Break(new SpdyException("The connection was closed."));

        // In this order: some transports say goodbye when disposed, and cannot once a read was cancelled.
        await _transport.DisposeAsync().ConfigureAwait(false);
        await _stop.CancelAsync().ConfigureAwait(false);
        await _reading.ConfigureAwait(false);
        _headers.Dispose();
        _stop.Dispose();
    }

    internal Task SendReplyAsync(SpdyStream stream, IReadOnlyDictionary<string, string> headers, CancellationToken cancellationToken) =>
        SendAsync(_writer.HeadersAsync(SpdyFrameType.SynReply, 0, () => SpdyFrameWriter.Body(stream.Id), headers, cancellationToken));

    internal Task SendFinAsync(SpdyStream stream, CancellationToken cancellationToken) =>
        SendAsync(_writer.DataAsync(stream.Id, SpdyProtocol.FlagFin, ReadOnlyMemory<byte>.Empty, cancellationToken));

    internal Task SendResetAsync(int id, SpdyResetStatus status, CancellationToken cancellationToken) =>
        SendAsync(_writer.ControlAsync(SpdyFrameType.RstStream, 0, SpdyFrameWriter.Body(id, (int)status), cancellationToken));

    /// <summary>Sends as much as one frame and the windows allow; says how much that was.</summary>
    internal async ValueTask<int> SendDataAsync(SpdyStream stream, ReadOnlyMemory<byte> data, CancellationToken cancellationToken)
    {
        var count = Math.Min(data.Length, SpdyProtocol.MaxDataBytes);
        if (_options.FlowControl)
        {
            var allowed = await stream.SendWindow.TakeAsync(count, cancellationToken).ConfigureAwait(false);
            count = await _sendWindow.TakeAsync(allowed, cancellationToken).ConfigureAwait(false);
            stream.SendWindow.Add(allowed - count);
        }

        await SendAsync(_writer.DataAsync(stream.Id, 0, data[..count], cancellationToken)).ConfigureAwait(false);
        return count;
    }

    /// <summary>The reader took bytes off a stream: the peer may send as many more.</summary>
    internal ValueTask ConsumedAsync(SpdyStream stream, int count) =>
        _options.FlowControl && stream.Acknowledge(count) is var due and > 0 && !stream.IsClosed ? UpdateWindowAsync(stream.Id, due) : default;

    /// <summary>Drops a stream that neither side can use any more.</summary>
    internal void ForgetIfClosed(SpdyStream stream)
    {
        if (stream.IsClosed)
        {
            _streams.TryRemove(stream.Id, out _);
        }
    }

    // The session's window only follows what arrives: each stream's own window is what holds a fast sender back.
    private ValueTask ReceivedAsync(int count)
    {
        _unacknowledged += count;
        if (!_options.FlowControl || _unacknowledged < SpdyProtocol.InitialWindow / 2)
        {
            return default;
        }

        (count, _unacknowledged) = (_unacknowledged, 0);
        return UpdateWindowAsync(0, count);
    }

    private ValueTask UpdateWindowAsync(int id, int delta) => _failure is not null
        ? default
        : _answers.PostAsync(SendAsync(_writer.ControlAsync(SpdyFrameType.WindowUpdate, 0, SpdyFrameWriter.Body(id, delta), _stop.Token)));

    private Task SendGoAwayAsync(int status, CancellationToken cancellationToken) =>
        SendAsync(_writer.ControlAsync(SpdyFrameType.GoAway, 0, SpdyFrameWriter.Body(_lastPeerId, status), cancellationToken));

    private SpdyStream NewStream(int id, IReadOnlyDictionary<string, string> headers) =>
        _streams[id] = new SpdyStream(this, id, headers, _options.ReceiveBuffer, _peerInitialWindow);

    private async Task SendAsync(Task sending)
    {
        try
        {
            await sending.ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or System.Net.WebSockets.WebSocketException && e is not SpdyException)
        {
            Break(e);
            throw new SpdyException($"The connection broke: {e.Message}", e);
        }
    }

    private void ThrowIfBroken()
    {
        if (_failure is { } failure)
        {
            throw new SpdyException(failure.Message, failure);
        }
    }

    // From here on nothing is sent or received; everybody who waits is told why.
    private void Break(Exception failure)
    {
        Interlocked.CompareExchange(ref _failure, failure, null);
        _sendWindow.Fail(failure);
        foreach (var stream in _streams.Values)
        {
            stream.Fail(failure);
        }

        foreach (var ping in _pings.Values)
        {
            if (ping.TrySetException(new SpdyException(failure.Message, failure)))
            {
                _ = ping.Task.Exception;
            }
        }

        _opened.Writer.TryComplete();
    }

    private async Task ReadFramesAsync()
    {
        var input = new SpdyFrameReader(_transport);
        try
        {
            while (await input.NextAsync(_stop.Token).ConfigureAwait(false) is { } frame)
            {
                if (frame.Type is null)
                {
                    await HandleDataAsync(input, frame).ConfigureAwait(false);
                }
                else
                {
                    await HandleAsync(frame).ConfigureAwait(false);
                }
            }

            Break(new SpdyException("The peer closed the connection."));
        }
        catch (SpdyException e)
        {
            const int protocolError = 1;
            await _answers.PostAsync(SendGoAwayAsync(protocolError, _stop.Token)).ConfigureAwait(false);
            Break(e);
        }
        catch (Exception e)
        {
            Break(e);
        }
        finally
        {
            input.Complete();
        }
    }

    private async ValueTask HandleDataAsync(SpdyFrameReader input, SpdyFrame frame)
    {
        if (!_streams.TryGetValue(frame.StreamId, out var stream) && frame.StreamId > (IsOwn(frame.StreamId) ? _lastOwnId : _lastPeerId))
        {
            await _answers.PostAsync(SendResetAsync(frame.StreamId, SpdyResetStatus.InvalidStream, _stop.Token)).ConfigureAwait(false);
        }

        for (var left = frame.Length; left > 0;)
        {
            var data = await input.DataAsync(left, _stop.Token).ConfigureAwait(false);
            if (stream is not null)
            {
                await stream.ReceiveAsync(data, _stop.Token).ConfigureAwait(false);
            }

            left -= (int)data.Length;
            await ReceivedAsync((int)data.Length).ConfigureAwait(false);
            input.Advance(data);
        }

        if (frame.IsFin)
        {
            stream?.End();
        }
    }

    private async ValueTask HandleAsync(SpdyFrame frame)
    {
        switch (frame.Type)
        {
            case SpdyFrameType.SynStream:
                await HandleSynStreamAsync(frame, _headers.Decompress(frame.Rest(10))).ConfigureAwait(false);
                break;
            case SpdyFrameType.SynReply or SpdyFrameType.Headers:
                // Every block must be decompressed, needed or not: the next one builds on it.
                var headers = _headers.Decompress(frame.Rest(4));
                if (_streams.TryGetValue(frame.Number(0), out var stream))
                {
                    stream.Accepted(headers);
                    if (frame.IsFin)
                    {
                        stream.End();
                    }
                }

                break;
            case SpdyFrameType.RstStream:
                if (_streams.TryRemove(frame.Number(0), out var reset))
                {
                    // Kubernetes' programs end whole sessions by cancelling every stream, right after its last byte.
                    var status = (SpdyResetStatus)frame.Number(4);
                    if (status == SpdyResetStatus.Cancel)
                    {
                        reset.End();
                    }

                    reset.Fail(new SpdyException($"The peer reset stream {reset.Id} ({status})."));
                }

                break;
            case SpdyFrameType.Settings:
                HandleInitialWindow(frame.Setting(SpdyProtocol.SettingInitialWindow) ?? _peerInitialWindow);
                break;
            case SpdyFrameType.Ping when IsOwn(frame.Number(0)):
                _pings.GetValueOrDefault(frame.Number(0))?.TrySetResult();
                break;
            case SpdyFrameType.Ping:
                await _answers.PostAsync(SendAsync(_writer.ControlAsync(SpdyFrameType.Ping, 0, frame.Body, _stop.Token))).ConfigureAwait(false);
                break;
            case SpdyFrameType.GoAway:
                _goneAway = true;
                break;
            case SpdyFrameType.WindowUpdate:
                HandleWindowUpdate(frame.Number(0), frame.Number(4));
                break;
            default:
                // Unknown control frames are to be ignored.
                break;
        }
    }

    private async ValueTask HandleSynStreamAsync(SpdyFrame frame, IReadOnlyDictionary<string, string> headers)
    {
        var id = frame.Number(0);
        if (IsOwn(id) || id <= _lastPeerId)
        {
            throw new SpdyException($"The peer opened stream {id} after {_lastPeerId}.");
        }

        _lastPeerId = id;
        if (_streams.Count >= _options.MaxStreams)
        {
            await _answers.PostAsync(SendResetAsync(id, SpdyResetStatus.RefusedStream, _stop.Token)).ConfigureAwait(false);
            return;
        }

        var stream = NewStream(id, headers);
        if ((frame.Flags & SpdyProtocol.FlagUnidirectional) != 0)
        {
            stream.NothingToWrite();
        }

        if (frame.IsFin)
        {
            stream.End();
        }

        await _opened.Writer.WriteAsync(stream, _stop.Token).ConfigureAwait(false);
    }

    private void HandleInitialWindow(int window)
    {
        foreach (var stream in _streams.Values)
        {
            stream.SendWindow.Add((long)window - _peerInitialWindow);
        }

        _peerInitialWindow = window;
    }

    private void HandleWindowUpdate(int id, int delta)
    {
        var window = id == 0 ? _sendWindow : _streams.GetValueOrDefault(id)?.SendWindow;
        if (window is not null && !window.Add(delta & int.MaxValue))
        {
            throw new SpdyException($"The window of stream {id} grew past its limit.");
        }
    }

    private bool IsOwn(int id) => (id & 1) == (_isServer ? 0 : 1);
}
