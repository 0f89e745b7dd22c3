using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace ActorKube.KubeProxy.Dns;

/// <summary>Listens on one address by UDP and TCP. Answers on pool threads; ends when disposed.</summary>
public sealed class DnsServer : IDisposable
{
    private static readonly TimeSpan IdleConnection = TimeSpan.FromSeconds(10);
    private readonly Socket _udp;
    private readonly Socket _tcp;
    private readonly DnsResponder _responder;
    private readonly CancellationTokenSource _stopped = new();
    private readonly SemaphoreSlim _connections = new(200);

    private DnsServer(Socket udp, Socket tcp, DnsResponder responder)
    {
        (_udp, _tcp, _responder) = (udp, tcp, responder);
        Ended = Task.WhenAny(ReceiveAsync(), AcceptAsync()).Unwrap();
    }

    /// <summary>Where it listens.</summary>
    public IPEndPoint EndPoint => (IPEndPoint)_udp.LocalEndPoint!;

    /// <summary>Completes when it stops listening; fails when it had to.</summary>
    public Task Ended { get; }

    /// <summary>
    /// Starts listening. Throws <see cref="SocketException"/> when the address cannot be had: another listens, or it is not there yet.
    /// </summary>
    public static DnsServer Listen(IPEndPoint endPoint, DnsResponder responder)
    {
        var udp = new Socket(endPoint.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        var tcp = new Socket(endPoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            udp.ReceiveBufferSize = 1 << 20;
            udp.Bind(endPoint);
            tcp.Bind(new IPEndPoint(endPoint.Address, ((IPEndPoint)udp.LocalEndPoint!).Port));
            tcp.Listen(128);
            return new DnsServer(udp, tcp, responder);
        }
        catch (SocketException)
        {
            udp.Dispose();
            tcp.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stopped.Cancel();
        _udp.Dispose();
        _tcp.Dispose();
    }

    private async Task ReceiveAsync()
    {
        await Task.Yield();
        var buffer = new byte[4096];
        var any = new IPEndPoint(_udp.AddressFamily == AddressFamily.InterNetwork ? IPAddress.Any : IPAddress.IPv6Any, 0);
        while (!_stopped.IsCancellationRequested)
        {
            SocketReceiveFromResult got;
            try
            {
                got = await _udp.ReceiveFromAsync(buffer, any, _stopped.Token).ConfigureAwait(false);
            }
            catch (SocketException e) when (e.SocketErrorCode is SocketError.ConnectionReset or SocketError.ConnectionRefused or SocketError.MessageSize)
            {
                continue; // about an earlier datagram, or too long to be a query
            }
            catch (Exception) when (_stopped.IsCancellationRequested)
            {
                return;
            }

            var reply = _responder.ReplyAsync(buffer.AsMemory(0, got.ReceivedBytes).ToArray(), byTcp: false, _stopped.Token);
            _ = SendAsync(reply, got.RemoteEndPoint);
        }
    }

    private async Task SendAsync(ValueTask<byte[]?> reply, EndPoint to)
    {
        try
        {
            if (await reply.ConfigureAwait(false) is { } bytes)
            {
                await _udp.SendToAsync(bytes, to, _stopped.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client is gone, or we are stopping: a client that still waits asks again.
        }
    }

    private async Task AcceptAsync()
    {
        await Task.Yield();
        while (!_stopped.IsCancellationRequested)
        {
            try
            {
                await _connections.WaitAsync(_stopped.Token).ConfigureAwait(false);
                _ = ServeAsync(await _tcp.AcceptAsync(_stopped.Token).ConfigureAwait(false));
            }
            catch (Exception) when (_stopped.IsCancellationRequested)
            {
                return;
            }
        }
    }

    private async Task ServeAsync(Socket client)
    {
        try
        {
            await using var stream = new NetworkStream(client, ownsSocket: true);
            var head = new byte[2];
            while (true)
            {
                using var idle = CancellationTokenSource.CreateLinkedTokenSource(_stopped.Token);
                idle.CancelAfter(IdleConnection);
                await stream.ReadExactlyAsync(head, idle.Token).ConfigureAwait(false);
                var message = new byte[BinaryPrimitives.ReadUInt16BigEndian(head)];
                await stream.ReadExactlyAsync(message, idle.Token).ConfigureAwait(false);
                if (await _responder.ReplyAsync(message, byTcp: true, _stopped.Token).ConfigureAwait(false) is not { } reply)
                {
                    return;
                }

                await stream.WriteAsync(Forwarder.Framed(reply), idle.Token).ConfigureAwait(false);
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // The client went away or said nothing for too long.
        }
        finally
        {
            _connections.Release();
        }
    }
}
