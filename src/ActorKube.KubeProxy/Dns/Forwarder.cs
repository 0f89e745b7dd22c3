using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace ActorKube.KubeProxy.Dns;

/// <summary>Asks other name servers, one after the other, for what is not ours.</summary>
/// <param name="servers">The servers to ask, in order.</param>
/// <param name="port">Their port.</param>
/// <param name="timeout">How long each may take.</param>
/// <param name="concurrency">How many queries may be out at once; more are refused, so that a dead server does not eat the machine.</param>
public sealed class Forwarder(Func<IReadOnlyList<IPAddress>> servers, int port, TimeSpan timeout, int concurrency)
{
    private int _out;

    /// <summary>
    /// Sends the query on as it is. Returns the reply with the client's id, or null when nobody answered.
    /// </summary>
    /// <param name="query">The client's message.</param>
    /// <param name="byTcp">Whether the client came by TCP, so that the whole answer is wanted.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    public async Task<byte[]?> AskAsync(ReadOnlyMemory<byte> query, bool byTcp, CancellationToken cancellationToken)
    {
        if (Interlocked.Increment(ref _out) > concurrency)
        {
            Interlocked.Decrement(ref _out);
            return null;
        }

        try
        {
            foreach (var server in servers())
            {
                // An id of our own that nobody can guess, from a port of our own: a forged reply has to hit both.
                var message = query.ToArray();
                RandomNumberGenerator.Fill(message.AsSpan(0, 2));
                using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                limit.CancelAfter(timeout);
                try
                {
                    var reply = byTcp ? await ByTcpAsync(server, message, limit.Token).ConfigureAwait(false) : await ByUdpAsync(server, message, limit.Token).ConfigureAwait(false);
                    query.Span[..2].CopyTo(reply);
                    return reply;
                }
                catch (Exception e) when (e is SocketException or EndOfStreamException or IOException || (e is OperationCanceledException && !cancellationToken.IsCancellationRequested))
                {
                    // This server is out of reach: the next one is asked.
                }
            }

            return null;
        }
        finally
        {
            Interlocked.Decrement(ref _out);
        }
    }

    private async Task<byte[]> ByUdpAsync(IPAddress server, byte[] message, CancellationToken cancellationToken)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Dgram, ProtocolType.Udp);
        await socket.ConnectAsync(server, port, cancellationToken).ConfigureAwait(false);
        await socket.SendAsync(message, cancellationToken).ConfigureAwait(false);
        var buffer = new byte[4096];
        while (true)
        {
            var length = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (length >= DnsQuery.HeaderLength && buffer[0] == message[0] && buffer[1] == message[1] && (buffer[2] & 0x80) != 0)
            {
                return buffer[..length];
            }
        }
    }

    private async Task<byte[]> ByTcpAsync(IPAddress server, byte[] message, CancellationToken cancellationToken)
    {
        using var socket = new Socket(server.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync(server, port, cancellationToken).ConfigureAwait(false);
        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Framed(message), cancellationToken).ConfigureAwait(false);
        var head = new byte[2];
        await stream.ReadExactlyAsync(head, cancellationToken).ConfigureAwait(false);
        var reply = new byte[BinaryPrimitives.ReadUInt16BigEndian(head)];
        await stream.ReadExactlyAsync(reply, cancellationToken).ConfigureAwait(false);
        return reply.Length >= DnsQuery.HeaderLength && reply[0] == message[0] && reply[1] == message[1] ? reply : throw new IOException("a reply to something else");
    }

    /// <summary>A message with its length before it, as TCP wants it.</summary>
    internal static byte[] Framed(ReadOnlySpan<byte> message)
    {
        var framed = new byte[message.Length + 2];
        BinaryPrimitives.WriteUInt16BigEndian(framed, (ushort)message.Length);
        message.CopyTo(framed.AsSpan(2));
        return framed;
    }
}
