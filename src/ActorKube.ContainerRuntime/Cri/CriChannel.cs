using System.Net.Sockets;
using Grpc.Net.Client;

namespace ActorKube.ContainerRuntime.Cri;

/// <summary>Opens gRPC over a Unix socket, the only transport that CRI runtimes offer on Linux.</summary>
internal static class CriChannel
{
    private const int MaxMessageBytes = 16 * 1024 * 1024;

    /// <summary>A channel to the socket. Nothing is connected until the first call.</summary>
    public static GrpcChannel Open(string socketPath)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = async (_, cancellationToken) =>
            {
                var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
                try
                {
                    await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken).ConfigureAwait(false);
                    return new NetworkStream(socket, ownsSocket: true);
                }
                catch
                {
                    socket.Dispose();
                    throw;
                }
            },
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            UseProxy = false,
        };
        return GrpcChannel.ForAddress("http://localhost", new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaxMessageBytes,
            MaxSendMessageSize = MaxMessageBytes,
        });
    }

    /// <summary>The path in an endpoint written as <c>unix:///run/x.sock</c>, <c>unix:/run/x.sock</c> or a bare path.</summary>
    public static string SocketPath(string endpoint) =>
        endpoint.StartsWith("unix://", StringComparison.Ordinal) ? endpoint["unix://".Length..]
        : endpoint.StartsWith("unix:", StringComparison.Ordinal) ? endpoint["unix:".Length..]
        : endpoint;
}
