using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text;
using ActorKube.Cli.Exec;
using ActorKube.Cli.Session;
using ActorKube.ContainerRuntime.Streaming;
using ActorKube.ContainerRuntime.Streaming.Spdy;

namespace ActorKube.Cli.Forward;

/// <summary>
/// Listens on ports here and passes their connections to a pod. All go through one connection to the API server: SPDY inside a WebSocket, a pair
/// of streams for each, one for the data and one for a message when it fails.
/// </summary>
internal sealed class PortForwarder : IAsyncDisposable
{
    private const string Tunnel = "SPDY/3.1+portforward.k8s.io";

    private readonly SpdyConnection _connection;
    private int _requests;

    private PortForwarder(SpdyConnection connection) => _connection = connection;

    /// <summary>Connects to the pod.</summary>
    public static async Task<PortForwarder> ConnectAsync(CliSession session, string ns, string pod, CancellationToken cancellation)
    {
        var socket = await RemoteSocket.ConnectAsync(session, $"/api/v1/namespaces/{ns}/pods/{pod}/portforward", Tunnel, cancellation);
        return new PortForwarder(new SpdyConnection(new WebSocketTunnelStream(socket), isServer: false));
    }

    /// <summary>Listens until cancelled, or until the connection to the pod is over.</summary>
    public async Task ListenAsync(IReadOnlyList<IPAddress> addresses, IReadOnlyList<PortPair> ports, CancellationToken cancellation)
    {
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var listeners = ports.SelectMany(pair => Open(addresses, pair)).ToList();
        try
        {
            var lost = DrainAsync(over.Token);
            var first = await Task.WhenAny([lost, .. listeners.Select(l => AcceptAsync(l.Listener, l.Remote, over.Token))]);
            await first;
            if (ReferenceEquals(first, lost))
                throw new CliException("lost connection to pod");
        }
        finally
        {
            await over.CancelAsync();
            foreach (var (listener, _) in listeners)
                listener.Dispose();
        }
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    // An address that this machine does not have, such as ::1 where there is no IPv6, is none that anybody would connect to.
    private static List<(TcpListener Listener, int Remote)> Open(IReadOnlyList<IPAddress> addresses, PortPair pair)
    {
        var open = new List<(TcpListener, int)>();
        var failures = new List<string>();
        var port = pair.Local;
        foreach (var address in addresses)
        {
            try
            {
                var listener = new TcpListener(address, port);
                listener.Start();
                port = ((IPEndPoint)listener.LocalEndpoint).Port;
                open.Add((listener, pair.Remote));
                Console.WriteLine($"Forwarding from {listener.LocalEndpoint} -> {pair.Remote}");
            }
            catch (SocketException e)
            {
                failures.Add($"unable to create listener: Error listen tcp {new IPEndPoint(address, port)}: {e.Message}");
            }
        }

        return open.Count > 0 ? open : throw new CliException($"unable to listen on port {pair.Local}: {string.Join(", ", failures)}");
    }

    private async Task AcceptAsync(TcpListener listener, int remote, CancellationToken cancellation)
    {
        var local = ((IPEndPoint)listener.LocalEndpoint).Port;
        while (true)
        {
            var client = await listener.AcceptTcpClientAsync(cancellation);
            Console.WriteLine($"Handling connection for {local}");
            _ = ForwardAsync(client, local, remote, cancellation);
        }
    }

    private async Task ForwardAsync(TcpClient client, int local, int remote, CancellationToken cancellation)
    {
        using (client)
        {
            try
            {
                var id = Interlocked.Increment(ref _requests).ToString(CultureInfo.InvariantCulture);
                var error = await _connection.OpenStreamAsync(Headers("error", remote, id), completeWriting: true, cancellation);
                var data = await _connection.OpenStreamAsync(Headers("data", remote, id), cancellationToken: cancellation);
                var failure = ReadTextAsync(error, cancellation);
                await DuplexCopy.JoinAsync(client.GetStream(), data, data.CompleteWritingAsync, cancellation);
                if (await failure is { Length: > 0 } message)
                    await Console.Error.WriteLineAsync($"an error occurred forwarding {local} -> {remote}: {message}");
            }
            catch (Exception e) when (e is IOException or SocketException or SpdyException)
            {
                if (!cancellation.IsCancellationRequested)
                    await Console.Error.WriteLineAsync($"error forwarding {local} -> {remote}: {e.Message}");
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                // All ends.
            }
        }
    }

    // The server opens no streams; its list of them ends with the connection.
    private async Task DrainAsync(CancellationToken cancellation)
    {
        await foreach (var stream in _connection.IncomingAsync(cancellation))
            await stream.DisposeAsync();
    }

    private static Dictionary<string, string> Headers(string type, int port, string id) => new()
    {
        ["streamType"] = type,
        ["port"] = port.ToString(CultureInfo.InvariantCulture),
        ["requestID"] = id,
    };

    private static async Task<string> ReadTextAsync(Stream stream, CancellationToken cancellation)
    {
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return await reader.ReadToEndAsync(cancellation);
    }
}
