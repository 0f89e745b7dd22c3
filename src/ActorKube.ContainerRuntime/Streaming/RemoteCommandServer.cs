using System.Net.WebSockets;
using System.Threading.Channels;
using ActorKube.ContainerRuntime.Streaming.Spdy;

namespace ActorKube.ContainerRuntime.Streaming;

/// <summary>
/// The server's end of exec and attach, as the kubelet offers it to kubectl: takes an upgraded connection, hands its streams
/// to whoever runs the command, and tells the client how the command ended.
/// </summary>
public static class RemoteCommandServer
{
    private static readonly TimeSpan StreamsTimeout = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan FarewellTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Serves a connection that was upgraded to SPDY/3.1 (101 Switching Protocols). The connection is closed afterwards.
    /// </summary>
    /// <param name="transport">The raw stream after the upgrade; it is disposed.</param>
    /// <param name="protocol">The version that was agreed: <see cref="RemoteCommandProtocol.Negotiate"/> with <see cref="RemoteCommandProtocol.Spdy"/>.</param>
    /// <param name="options">Which streams the request asked for.</param>
    /// <param name="run">Runs the command and returns its exit code (0 for attach). Its token ends when the client goes away.</param>
    /// <param name="cancellationToken">Ends everything.</param>
    public static async Task ServeSpdyAsync(
        Stream transport, string protocol, RemoteCommandOptions options,
        Func<ContainerStreams, CancellationToken, Task<int>> run, CancellationToken cancellationToken = default)
    {
        var connection = new SpdyConnection(transport, isServer: true);
        await using (connection.ConfigureAwait(false))
        {
            using var alive = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
            _ = connection.Completion.ContinueWith(_ => Cancel(alive), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            var streams = await AcceptStreamsAsync(connection, Expected(protocol, options), alive.Token).ConfigureAwait(false);
            var resize = streams.GetValueOrDefault(RemoteCommandProtocol.ResizeStream);
            var sizes = Channel.CreateBounded<TerminalSize>(new BoundedChannelOptions(16) { FullMode = BoundedChannelFullMode.DropOldest });
            var resizing = resize is null ? Task.CompletedTask : ReadSizesAsync(resize, sizes.Writer, alive.Token);

            var container = new ContainerStreams(
                streams.GetValueOrDefault(RemoteCommandProtocol.StdinStream),
                streams.GetValueOrDefault(RemoteCommandProtocol.StdoutStream),
                streams.GetValueOrDefault(RemoteCommandProtocol.StderrStream),
                resize is null ? null : sizes.Reader);
            var status = await RunAsync(run, container, alive.Token).ConfigureAwait(false);
            streams.GetValueOrDefault(RemoteCommandProtocol.StdinStream)?.DiscardIncoming();
            var error = streams[RemoteCommandProtocol.ErrorStream];
            try
            {
                await error.WriteAsync(RemoteCommandProtocol.Encode(protocol, status), alive.Token).ConfigureAwait(false);
                foreach (var stream in streams.Values)
                {
                    await stream.CompleteWritingAsync(alive.Token).ConfigureAwait(false);
                }

                // The client closes once it has read everything; closing first could cut off what is still under way.
                await connection.Completion.WaitAsync(FarewellTimeout, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or TimeoutException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
            {
                // The client left without waiting for the outcome, or does not leave.
            }

            await alive.CancelAsync().ConfigureAwait(false);
            await resizing.ConfigureAwait(false);
        }
    }

    /// <summary>Serves an accepted WebSocket whose subprotocol is one of <see cref="RemoteCommandProtocol.WebSocket"/>, or none.</summary>
    /// <param name="socket">The socket; it is closed, not disposed.</param>
    /// <param name="options">Which streams the request asked for.</param>
    /// <param name="run">Runs the command and returns its exit code (0 for attach). Its token ends when the client goes away.</param>
    /// <param name="cancellationToken">Ends everything.</param>
    public static async Task ServeWebSocketAsync(
        WebSocket socket, RemoteCommandOptions options, Func<ContainerStreams, CancellationToken, Task<int>> run, CancellationToken cancellationToken = default)
    {
        var protocol = socket.SubProtocol is { Length: > 0 } agreed ? agreed : RemoteCommandProtocol.V1;
        var channels = new WebSocketChannels(socket, canCloseStreams: protocol == RemoteCommandProtocol.V5, options, cancellationToken);
        await using (channels.ConfigureAwait(false))
        {
            try
            {
                // Clients wait for a first, empty message before they believe that the command runs.
                await channels.SendAsync(
                    options.Stdout ? WebSocketChannels.Stdout : options.WantsStderr ? WebSocketChannels.Stderr : WebSocketChannels.Error,
                    ReadOnlyMemory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
                var status = await RunAsync(run, channels.Streams, channels.Closed).ConfigureAwait(false);
                await channels.SendAsync(WebSocketChannels.Error, RemoteCommandProtocol.Encode(protocol, status), CancellationToken.None).ConfigureAwait(false);
                await channels.CloseAsync(FarewellTimeout, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or TimeoutException)
            {
                // The client left without waiting for the outcome, or does not leave.
            }
        }
    }

    private static async Task<RemoteCommandStatus> RunAsync(
        Func<ContainerStreams, CancellationToken, Task<int>> run, ContainerStreams streams, CancellationToken cancellationToken)
    {
        try
        {
            return RemoteCommandStatus.Exited(await run(streams, cancellationToken).ConfigureAwait(false));
        }
        catch (Exception e)
        {
            return RemoteCommandStatus.Failed($"error executing command in container: {e.Message}");
        }
    }

    private static HashSet<string> Expected(string protocol, RemoteCommandOptions options)
    {
        var expected = new HashSet<string> { RemoteCommandProtocol.ErrorStream };
        Add(options.Stdin, RemoteCommandProtocol.StdinStream);
        Add(options.Stdout, RemoteCommandProtocol.StdoutStream);
        Add(options.WantsStderr, RemoteCommandProtocol.StderrStream);
        Add(options.Tty && RemoteCommandProtocol.HasResize(protocol), RemoteCommandProtocol.ResizeStream);
        return expected;

        void Add(bool wanted, string type)
        {
            if (wanted)
            {
                expected.Add(type);
            }
        }
    }

    private static async Task<Dictionary<string, SpdyStream>> AcceptStreamsAsync(
        SpdyConnection connection, HashSet<string> expected, CancellationToken cancellationToken)
    {
        var streams = new Dictionary<string, SpdyStream>();
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(StreamsTimeout);
        await foreach (var stream in connection.IncomingAsync(patience.Token).ConfigureAwait(false))
        {
            var type = stream.Headers.GetValueOrDefault(RemoteCommandProtocol.StreamType) ?? "";
            if (!expected.Contains(type) || !streams.TryAdd(type, stream))
            {
                await stream.ResetAsync(SpdyResetStatus.RefusedStream, cancellationToken).ConfigureAwait(false);
                throw new SpdyException($"The client opened an unexpected stream '{type}'.");
            }

            await stream.AcceptAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            if (streams.Count == expected.Count)
            {
                return streams;
            }
        }

        throw new SpdyException("The client left before it opened its streams.");
    }

    private static async Task ReadSizesAsync(Stream resize, ChannelWriter<TerminalSize> sizes, CancellationToken cancellationToken)
    {
        var decoder = new TerminalSizes();
        var buffer = new byte[256];
        try
        {
            while (await resize.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var count and > 0)
            {
                foreach (var size in decoder.Decode(buffer.AsSpan(0, count)))
                {
                    sizes.TryWrite(size);
                }
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The session is over; nobody needs sizes any more.
        }
        finally
        {
            sizes.TryComplete();
        }
    }

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The connection ended after its work was done.
        }
    }
}
