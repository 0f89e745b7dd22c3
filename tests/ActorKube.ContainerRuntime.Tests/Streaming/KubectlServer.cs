using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using System.Web;
using ActorKube.ContainerRuntime.Streaming;

namespace ActorKube.ContainerRuntime.Tests.Streaming;

/// <summary>
/// As much of an API server as kubectl needs to exec into, and to forward ports of, the one pod it has; commands run as
/// child processes. So the streaming protocols are tested against the real client with no cluster.
/// </summary>
internal sealed class KubectlServer : IAsyncDisposable
{
    private const string Pod = """
        {"kind":"Pod","apiVersion":"v1","metadata":{"name":"p","namespace":"default","uid":"1"},"spec":{"containers":[{"name":"c","image":"i","stdin":true}]},
         "status":{"phase":"Running","containerStatuses":[{"name":"c","ready":true,"image":"i","imageID":"","restartCount":0,"state":{"running":{}}}]}}
        """;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _accepting;
    private readonly Exec _exec;
    private readonly Func<int, Stream, CancellationToken, Task> _forward;

    /// <summary>Listens on a free port of loopback.</summary>
    /// <param name="webSockets">Whether WebSockets are taken, or refused so that clients fall back to SPDY.</param>
    /// <param name="exec">Runs commands; child processes when null.</param>
    /// <param name="forward">Joins a stream to a port; an echo when null.</param>
    public KubectlServer(bool webSockets, Exec? exec = null, Func<int, Stream, CancellationToken, Task>? forward = null)
    {
        WebSockets = webSockets;
        _exec = exec ?? ((command, _, streams, token) => RunAsync(command, streams, token));
        _forward = forward ?? ForwardAsync;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public delegate Task<int> Exec(string[] command, bool tty, ContainerStreams streams, CancellationToken cancellationToken);

    public string Url => $"http://{_listener.LocalEndpoint}";

    /// <summary>The protocols that were agreed, in order.</summary>
    public List<string> Protocols { get; } = [];

    /// <summary>What went wrong in a session.</summary>
    public List<Exception> Failures { get; } = [];

    private bool WebSockets { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
            }
        }
        catch (OperationCanceledException)
        {
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                while (await ReadHeadAsync(stream) is { Length: > 0 } head && await HandleAsync(stream, head))
                {
                }
            }
            catch (Exception e) when (!_stop.IsCancellationRequested)
            {
                lock (Failures)
                {
                    Failures.Add(e);
                }
            }
        }
    }

    private async Task<bool> HandleAsync(Stream stream, string head)
    {
        var lines = head.Split("\r\n", StringSplitOptions.RemoveEmptyEntries);
        var url = new Uri("http://x" + lines[0].Split(' ')[1]);
        var query = HttpUtility.ParseQueryString(url.Query);
        string[] Header(string name) =>
            [.. lines.Skip(1).Where(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase)).Select(l => l[(name.Length + 1)..].Trim())];

        var verb = url.Segments[^1];
        if (verb is "exec" or "attach" or "portforward")
        {
            var options = new RemoteCommandOptions(query["stdin"] == "true", query["stdout"] == "true", query["stderr"] == "true", query["tty"] == "true");
            var command = query.GetValues("command") ?? [];
            if (Header("Upgrade").Contains("websocket", StringComparer.OrdinalIgnoreCase))
            {
                await ServeWebSocketAsync(stream, verb, Header("Sec-WebSocket-Key")[0], Header("Sec-WebSocket-Protocol"), options, command);
            }
            else
            {
                await ServeSpdyAsync(stream, verb, Header(RemoteCommandProtocol.VersionHeader), options, command);
            }

            return false;
        }

        var body = url.AbsolutePath switch
        {
            "/api" => """{"kind":"APIVersions","versions":["v1"]}""",
            "/apis" => """{"kind":"APIGroupList","apiVersion":"v1","groups":[]}""",
            "/api/v1" => """{"kind":"APIResourceList","groupVersion":"v1","resources":[{"name":"pods","singularName":"pod","namespaced":true,"kind":"Pod","verbs":["get"]}]}""",
            _ => Pod,
        };
        await WriteAsync(stream, $"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {Encoding.UTF8.GetByteCount(body)}\r\n\r\n{body}");
        return true;
    }

    private async Task ServeSpdyAsync(Stream stream, string verb, string[] requested, RemoteCommandOptions options, string[] command)
    {
        var protocol = RemoteCommandProtocol.Negotiate(requested, verb == "portforward" ? PortForwardProtocol.Supported : RemoteCommandProtocol.Spdy)!;
        Protocols.Add("SPDY " + protocol);
        await WriteAsync(
            stream, $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n{RemoteCommandProtocol.VersionHeader}: {protocol}\r\n\r\n");
        await (verb == "portforward"
            ? PortForwardServer.ServeSpdyAsync(stream, "p", _forward, cancellationToken: _stop.Token)
            : RemoteCommandServer.ServeSpdyAsync(stream, protocol, options, (streams, token) => _exec(command, options.Tty, streams, token), _stop.Token));
    }

    private async Task ServeWebSocketAsync(Stream stream, string verb, string key, string[] requested, RemoteCommandOptions options, string[] command)
    {
        var protocol = WebSockets
            ? RemoteCommandProtocol.Negotiate(requested, verb == "portforward" ? [PortForwardProtocol.WebSocketTunnel] : RemoteCommandProtocol.WebSocket)
            : null;
        if (protocol is null)
        {
            await WriteAsync(stream, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            return;
        }

        Protocols.Add("WebSocket " + protocol);
        var accept = Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));
        await WriteAsync(
            stream,
            $"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: {accept}\r\nSec-WebSocket-Protocol: {protocol}\r\n\r\n");
        using var socket = WebSocket.CreateFromStream(
            stream, new WebSocketCreationOptions { IsServer = true, SubProtocol = verb == "portforward" ? null : protocol });
        await (verb == "portforward"
            ? PortForwardServer.ServeWebSocketAsync(socket, "p", _forward, cancellationToken: _stop.Token)
            : RemoteCommandServer.ServeWebSocketAsync(socket, options, (streams, token) => _exec(command, options.Tty, streams, token), _stop.Token));
    }

    private static async Task ForwardAsync(int port, Stream stream, CancellationToken cancellationToken)
    {
        if (port == 81)
        {
            throw new ContainerRuntimeException("connection refused");
        }

        await stream.WriteAsync(Encoding.ASCII.GetBytes($"port {port}: "), cancellationToken);
        await stream.CopyToAsync(stream, cancellationToken);
    }

    private static async Task<int> RunAsync(string[] command, ContainerStreams streams, CancellationToken cancellationToken)
    {
        var start = new ProcessStartInfo(command[0], command[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = System.Diagnostics.Process.Start(start) ?? throw new InvalidOperationException();
        var input = Task.Run(
            async () =>
            {
                if (streams.Stdin is not null)
                {
                    await streams.Stdin.CopyToAsync(process.StandardInput.BaseStream, cancellationToken);
                }

                process.StandardInput.Close();
            }, cancellationToken);
        await Task.WhenAll(
            process.StandardOutput.BaseStream.CopyToAsync(streams.Stdout ?? Stream.Null, cancellationToken),
            process.StandardError.BaseStream.CopyToAsync(streams.Stderr ?? Stream.Null, cancellationToken),
            process.WaitForExitAsync(cancellationToken));
        _ = input.ContinueWith(ended => _ = ended.Exception, TaskScheduler.Default);
        return process.ExitCode;
    }

    private static Task WriteAsync(Stream stream, string text) => stream.WriteAsync(Encoding.UTF8.GetBytes(text)).AsTask();

    private static async Task<string> ReadHeadAsync(Stream stream)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (!head.ToString().EndsWith("\r\n\r\n", StringComparison.Ordinal) && await stream.ReadAsync(one) > 0)
        {
            head.Append((char)one[0]);
        }

        return head.ToString();
    }
}
