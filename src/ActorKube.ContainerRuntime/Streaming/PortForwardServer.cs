using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using ActorKube.ContainerRuntime.Streaming.Spdy;

namespace ActorKube.ContainerRuntime.Streaming;

/// <summary>
/// The server's end of port-forward, as the kubelet offers it to kubectl. Serves a raw stream after the upgrade to SPDY, or a
/// WebSocket with subprotocol <see cref="PortForwardProtocol.WebSocketTunnel"/>.
/// </summary>
public sealed class PortForwardServer
{
    private static readonly TimeSpan PairTimeout = TimeSpan.FromSeconds(30);
    private readonly string _pod;
    private readonly Func<int, Stream, CancellationToken, Task> _forward;
    private readonly TimeProvider _time;
    private readonly ConcurrentDictionary<string, Half> _waiting = new();

    private PortForwardServer(string pod, Func<int, Stream, CancellationToken, Task> forward, TimeProvider time)
    {
        _pod = pod;
        _forward = forward;
        _time = time;
    }

    /// <summary>Forwards connections until the client closes. <paramref name="transport"/> is disposed afterwards.</summary>
    /// <param name="transport">The upgraded connection.</param>
    /// <param name="pod">The pod's name for error messages.</param>
    /// <param name="forward">
    /// Joins a stream to a port of the pod until either side closes, as <see cref="IContainerRuntime.PortForwardAsync"/> does.
    /// When it throws, the client gets the message.
    /// </param>
    /// <param name="time">The clock for half-open requests.</param>
    /// <param name="cancellationToken">Ends everything.</param>
    public static async Task ServeSpdyAsync(
        Stream transport, string pod, Func<int, Stream, CancellationToken, Task> forward, TimeProvider? time = null, CancellationToken cancellationToken = default)
    {
        var connection = new SpdyConnection(transport, isServer: true);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var requests = new List<Task>();
        await using (connection.ConfigureAwait(false))
        {
            var server = new PortForwardServer(pod, forward, time ?? TimeProvider.System);
            try
            {
                await foreach (var stream in connection.IncomingAsync(cancellationToken).ConfigureAwait(false))
                {
                    requests.RemoveAll(request => request.IsCompleted);
                    requests.Add(server.HandleAsync(stream, over.Token));
                }
            }
            finally
            {
                await over.CancelAsync().ConfigureAwait(false);
            }
        }

        await Task.WhenAll(requests).ConfigureAwait(false);
    }

    /// <summary>Forwards connections that come as SPDY inside a WebSocket until the client closes. The socket is closed, not disposed.</summary>
    /// <param name="socket">A socket with subprotocol <see cref="PortForwardProtocol.WebSocketTunnel"/>.</param>
    /// <param name="pod">The pod's name for error messages.</param>
    /// <param name="forward">As for <see cref="ServeSpdyAsync"/>.</param>
    /// <param name="time">The clock for half-open requests.</param>
    /// <param name="cancellationToken">Ends everything.</param>
    public static Task ServeWebSocketAsync(
        WebSocket socket, string pod, Func<int, Stream, CancellationToken, Task> forward, TimeProvider? time = null, CancellationToken cancellationToken = default) =>
        ServeSpdyAsync(new WebSocketTunnelStream(socket), pod, forward, time, cancellationToken);

    private async Task HandleAsync(SpdyStream stream, CancellationToken cancellationToken)
    {
        try
        {
            if (PortForwardProtocol.Read(stream) is not { } request)
            {
                await stream.ResetAsync(SpdyResetStatus.RefusedStream, cancellationToken).ConfigureAwait(false);
                return;
            }

            await stream.AcceptAsync(cancellationToken: cancellationToken).ConfigureAwait(false);
            var mine = new Half(request.Type, stream, new TaskCompletionSource());
            var other = _waiting.GetOrAdd(request.RequestId, mine);
            if (ReferenceEquals(other, mine))
            {
                await WaitForOtherAsync(request.RequestId, mine, cancellationToken).ConfigureAwait(false);
            }
            else if (other.Type == mine.Type || !_waiting.TryRemove(new KeyValuePair<string, Half>(request.RequestId, other)))
            {
                await stream.ResetAsync(SpdyResetStatus.RefusedStream, cancellationToken).ConfigureAwait(false);
            }
            else
            {
                other.Met.TrySetResult();
                var (data, error) = mine.Type == PortForwardProtocol.DataStream ? (stream, other.Stream) : (other.Stream, stream);
                await ForwardAsync(request.Port, data, error, cancellationToken).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException)
        {
            // The client is gone, or all ends.
        }
    }

    private async Task WaitForOtherAsync(string requestId, Half mine, CancellationToken cancellationToken)
    {
        try
        {
            await mine.Met.Task.WaitAsync(PairTimeout, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            if (_waiting.TryRemove(new KeyValuePair<string, Half>(requestId, mine)))
            {
                await mine.Stream.ResetAsync(SpdyResetStatus.Cancel, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task ForwardAsync(int port, SpdyStream data, SpdyStream error, CancellationToken cancellationToken)
    {
        // Both streams end in any case: the client waits for the error stream's end to know that nothing failed.
        await using (error.ConfigureAwait(false))
        {
            await using (data.ConfigureAwait(false))
            {
                try
                {
                    await _forward(port, data, cancellationToken).ConfigureAwait(false);
                }
                catch (Exception e) when (!cancellationToken.IsCancellationRequested)
                {
                    var message = $"error forwarding port {port} to pod {_pod}: {e.Message}";
                    await error.WriteAsync(Encoding.UTF8.GetBytes(message), cancellationToken).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>The stream of a pair that came first.</summary>
    private sealed record Half(string Type, SpdyStream Stream, TaskCompletionSource Met);
}
