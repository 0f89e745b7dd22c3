using System.Threading.Channels;
using ActorKube.ContainerRuntime.Streaming.Spdy;

namespace ActorKube.ContainerRuntime.Streaming;

/// <summary>
/// The client's end of exec and attach, against the streaming server of a CRI runtime. SPDY, because over WebSocket
/// those servers have no way to close stdin.
/// </summary>
public static class RemoteCommandClient
{
    private static readonly string[] Protocols = [RemoteCommandProtocol.V4, RemoteCommandProtocol.V3, RemoteCommandProtocol.V2];

    /// <summary>Joins the streams to the command behind <paramref name="url"/> until it ends; returns its exit code.</summary>
    public static async Task<int> RunAsync(Uri url, bool tty, ContainerStreams streams, CancellationToken cancellationToken = default)
    {
        var (transport, protocol) = await HttpUpgrade.ToSpdyAsync(url, Protocols, cancellationToken).ConfigureAwait(false);
        var connection = new SpdyConnection(transport, isServer: false);
        await using (connection.ConfigureAwait(false))
        {
            try
            {
                return await RunAsync(connection, protocol, tty, streams, cancellationToken).ConfigureAwait(false);
            }
            catch (SpdyException e)
            {
                throw new ContainerRuntimeException($"The session with the container broke: {e.Message}", inner: e);
            }
        }
    }

    private static async Task<int> RunAsync(
        SpdyConnection connection, string protocol, bool tty, ContainerStreams streams, CancellationToken cancellationToken)
    {
        // The server waits for exactly the streams it was told of, so all are opened before any is used.
        var error = await OpenAsync(RemoteCommandProtocol.ErrorStream).ConfigureAwait(false);
        var stdin = streams.Stdin is null ? null : await OpenAsync(RemoteCommandProtocol.StdinStream).ConfigureAwait(false);
        var stdout = streams.Stdout is null ? null : await OpenAsync(RemoteCommandProtocol.StdoutStream).ConfigureAwait(false);
        var stderr = streams.Stderr is null || tty ? null : await OpenAsync(RemoteCommandProtocol.StderrStream).ConfigureAwait(false);
        var resize = tty && RemoteCommandProtocol.HasResize(protocol) ? await OpenAsync(RemoteCommandProtocol.ResizeStream).ConfigureAwait(false) : null;

        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var input = stdin is null ? Task.CompletedTask : SendInputAsync(streams.Stdin!, stdin, over.Token);
        var sizes = resize is null || streams.Resize is null ? Task.CompletedTask : SendSizesAsync(streams.Resize, resize, over.Token);
        try
        {
            var outcome = ReadAllAsync(error, cancellationToken);
            await Task.WhenAll(CopyAsync(stdout, streams.Stdout), CopyAsync(stderr, streams.Stderr), outcome).ConfigureAwait(false);
            var status = RemoteCommandStatus.Parse(await outcome.ConfigureAwait(false));
            return status.ExitCode ?? throw new ContainerRuntimeException(status.Message ?? "The runtime says that it failed, but not why.");
        }
        finally
        {
            await over.CancelAsync().ConfigureAwait(false);
            await Task.WhenAll(input, sizes).ConfigureAwait(false);
        }

        Task<SpdyStream> OpenAsync(string type) =>
            connection.OpenStreamAsync(new Dictionary<string, string> { [RemoteCommandProtocol.StreamType] = type }, cancellationToken: cancellationToken);

        Task CopyAsync(Stream? from, Stream? to) => from is null ? Task.CompletedTask : from.CopyToAsync(to!, cancellationToken);
    }

    private static async Task<byte[]> ReadAllAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all, cancellationToken).ConfigureAwait(false);
        return all.ToArray();
    }

    // Input that is still to come when the command ends is not waited for: a terminal's next key may never come.
    private static async Task SendInputAsync(Stream from, SpdyStream to, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false) is var count and > 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
            }

            await to.CompleteWritingAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The command takes no more input, or whoever gave it is gone: closing stdin is all that can be said.
            await CloseQuietlyAsync(to).ConfigureAwait(false);
        }
    }

    private static async Task SendSizesAsync(ChannelReader<TerminalSize> from, SpdyStream to, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var size in from.ReadAllAsync(cancellationToken).ConfigureAwait(false))
            {
                await to.WriteAsync(TerminalSizes.Encode(size), cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The session is over; nobody needs sizes any more.
        }
    }

    private static async Task CloseQuietlyAsync(SpdyStream stream)
    {
        try
        {
            await stream.CompleteWritingAsync().ConfigureAwait(false);
        }
        catch (IOException)
        {
            // The connection is gone, and the stream with it.
        }
    }
}
