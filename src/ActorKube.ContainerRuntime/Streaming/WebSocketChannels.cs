using System.IO.Pipelines;
using System.Net.WebSockets;
using System.Threading.Channels;

namespace ActorKube.ContainerRuntime.Streaming;

/// <summary>
/// Several byte streams in one WebSocket: a message's first byte names its channel. Reading never stops while the session
/// lasts, for the socket answers pings only while it is read.
/// </summary>
internal sealed class WebSocketChannels : IAsyncDisposable
{
    public const byte Stdin = 0;
    public const byte Stdout = 1;
    public const byte Stderr = 2;
    public const byte Error = 3;
    public const byte Resize = 4;
    public const byte CloseStream = 255;
    private const int MaxMessageBytes = 32 * 1024;
    private const int StdinBuffer = 1024 * 1024;

    private readonly WebSocket _socket;
    private readonly bool _canCloseStreams;
    private readonly Pipe _stdin = new(new PipeOptions(pauseWriterThreshold: StdinBuffer, resumeWriterThreshold: StdinBuffer / 2, useSynchronizationContext: false));
    private readonly Channel<TerminalSize> _sizes =
        Channel.CreateBounded<TerminalSize>(new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest });

    private readonly TerminalSizes _sizeDecoder = new();
    private readonly SemaphoreSlim _sending = new(1, 1);
    private readonly CancellationTokenSource _closed;
    private readonly Task _receiving;
    private volatile bool _discardStdin;

    /// <summary>Starts to read from the socket.</summary>
    public WebSocketChannels(WebSocket socket, bool canCloseStreams, RemoteCommandOptions options, CancellationToken cancellationToken)
    {
        _socket = socket;
        _canCloseStreams = canCloseStreams;
        _closed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Streams = new ContainerStreams(
            options.Stdin ? _stdin.Reader.AsStream() : null,
            options.Stdout ? new ChannelStream(this, Stdout) : null,
            options.WantsStderr ? new ChannelStream(this, Stderr) : null,
            options.Tty ? _sizes.Reader : null);
        _discardStdin = !options.Stdin;
        _receiving = Task.Run(ReceiveAsync, CancellationToken.None);
    }

    /// <summary>The command's streams.</summary>
    public ContainerStreams Streams { get; }

    /// <summary>Cancelled when the client is gone.</summary>
    public CancellationToken Closed => _closed.Token;

    /// <summary>Sends bytes on a channel.</summary>
    public async ValueTask SendAsync(byte channel, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        do
        {
            var part = bytes[..Math.Min(bytes.Length, MaxMessageBytes - 1)];
            await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);

            // A cancelled send would break the socket: the caller may stop waiting, the message goes out whole.
            await SendMessageAsync([channel, .. part.Span]).WaitAsync(cancellationToken).ConfigureAwait(false);
            bytes = bytes[part.Length..];
        }
        while (!bytes.IsEmpty);
    }

    /// <summary>Says goodbye and waits for the client to do the same.</summary>
    public async Task CloseAsync(TimeSpan timeout, CancellationToken cancellationToken)
    {
        DiscardStdin();
        await _sending.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
            {
                await _socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", CancellationToken.None).WaitAsync(timeout, cancellationToken)
                    .ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is WebSocketException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            throw new IOException(e.Message, e);
        }
        finally
        {
            _sending.Release();
        }

        await _receiving.WaitAsync(timeout, cancellationToken).ConfigureAwait(false);
    }

    public async ValueTask DisposeAsync()
    {
        DiscardStdin();
        await _closed.CancelAsync().ConfigureAwait(false);
        if (!_receiving.IsCompleted)
        {
            _socket.Abort();
        }

        await _receiving.ConfigureAwait(false);
        _closed.Dispose();
    }

    private void DiscardStdin()
    {
        _discardStdin = true;
        _stdin.Writer.CancelPendingFlush();
    }

    private async Task SendMessageAsync(byte[] message)
    {
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Binary, endOfMessage: true, CancellationToken.None).ConfigureAwait(false);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException or OperationCanceledException)
        {
            // Nobody cancels: a socket that the other side broke while a message went out tells it so.
            throw new IOException($"The client's connection is closed: {e.Message}", e);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task ReceiveAsync()
    {
        Exception? failure = new IOException("The client's connection was closed.");
        try
        {
            var buffer = new byte[MaxMessageBytes];
            byte? channel = null;
            while (true)
            {
                var received = await _socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).ConfigureAwait(false);
                if (received.MessageType == WebSocketMessageType.Close)
                {
                    break;
                }

                // A message may come in pieces; only the first names the channel.
                var bytes = buffer.AsMemory(0, received.Count);
                if (channel is null && received.Count > 0)
                {
                    channel = buffer[0];
                    bytes = bytes[1..];
                }

                await HandleAsync(channel, bytes).ConfigureAwait(false);
                channel = received.EndOfMessage ? null : channel;
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException or IOException)
        {
            failure = new IOException($"The client's connection broke: {e.Message}", e);
        }
        finally
        {
            await _stdin.Writer.CompleteAsync(failure).ConfigureAwait(false);
            _sizes.Writer.TryComplete();
            await _closed.CancelAsync().ConfigureAwait(false);
        }
    }

    private async ValueTask HandleAsync(byte? channel, ReadOnlyMemory<byte> bytes)
    {
        switch (channel)
        {
            case Stdin when !_discardStdin && bytes.Length > 0:
                if ((await _stdin.Writer.WriteAsync(bytes).ConfigureAwait(false)).IsCompleted)
                {
                    _discardStdin = true;
                }

                break;
            case Resize:
                foreach (var size in _sizeDecoder.Decode(bytes.Span))
                {
                    _sizes.Writer.TryWrite(size);
                }

                break;
            case CloseStream when _canCloseStreams && bytes.Length > 0 && bytes.Span[0] == Stdin && !_discardStdin:
                _discardStdin = true;
                await _stdin.Writer.CompleteAsync().ConfigureAwait(false);
                break;
            default:
                // Nothing else comes from a client.
                break;
        }
    }

    /// <summary>The writing end of a channel.</summary>
    private sealed class ChannelStream(WebSocketChannels channels, byte channel) : WriteOnlyStream
    {
        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
            buffer.IsEmpty ? default : channels.SendAsync(channel, buffer, cancellationToken);
    }
}
