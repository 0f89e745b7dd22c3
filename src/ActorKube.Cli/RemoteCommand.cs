using System.Net.WebSockets;
using System.Text.Json;
using ActorKube.Api.Machinery;
using ActorKube.Client.Transport;
using k8s.Models;

namespace ActorKube.Cli;

/// <summary>
/// A command in a container over a WebSocket with the subprotocol <c>v5.channel.k8s.io</c>: the first byte of a message tells the
/// channel (0 stdin, 1 stdout, 2 stderr, 3 the final Status, 4 terminal size, 255 end of a channel).
/// </summary>
internal static class RemoteCommand
{
    private const string Protocol = "v5.channel.k8s.io";

    public static async Task<int> RunAsync(CliSession session, string pathAndQuery, bool stdin, bool terminal, CancellationToken cancellation)
    {
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol(Protocol);
        if (session.Options.Token?.Invoke() is { Length: > 0 } token)
            socket.Options.SetRequestHeader("Authorization", "Bearer " + token);
        using var handler = new SocketsHttpHandler { SslOptions = HttpTransport.TlsOf(session.Options) };
        using var invoker = new HttpMessageInvoker(handler);
        var url = new UriBuilder(new Uri(session.Options.Server, pathAndQuery)) { Scheme = session.Options.Server.Scheme == "http" ? "ws" : "wss" };
        try
        {
            await socket.ConnectAsync(url.Uri, invoker, cancellation);
        }
        catch (WebSocketException e)
        {
            throw new CliException($"unable to upgrade connection: {(e.InnerException ?? e).Message}");
        }

        using var raw = terminal ? Terminal.Raw() : null;
        if (terminal)
            await SendSizeAsync(socket, cancellation);
        // Input ends with the process, not the other way round: the pump is left behind when the command is over.
        if (stdin)
            _ = PumpInputAsync(socket, cancellation);
        return await ReadOutputAsync(socket, cancellation);
    }

    private static Task SendSizeAsync(ClientWebSocket socket, CancellationToken cancellation)
    {
        var size = JsonSerializer.SerializeToUtf8Bytes(new { Width = Console.WindowWidth, Height = Console.WindowHeight });
        return socket.SendAsync((byte[])[4, .. size], WebSocketMessageType.Binary, true, cancellation);
    }

    private static async Task PumpInputAsync(ClientWebSocket socket, CancellationToken cancellation)
    {
        await using var input = Console.OpenStandardInput();
        var buffer = new byte[16 * 1024];
        try
        {
            int count;
            while ((count = await input.ReadAsync(buffer.AsMemory(1), cancellation)) > 0)
                await socket.SendAsync(buffer.AsMemory(0, count + 1), WebSocketMessageType.Binary, true, cancellation);
            await socket.SendAsync((byte[])[255, 0], WebSocketMessageType.Binary, true, cancellation);
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException)
        {
            // The command ended while there was still input; its exit code is what counts.
        }
    }

    private static async Task<int> ReadOutputAsync(ClientWebSocket socket, CancellationToken cancellation)
    {
        await using var output = Console.OpenStandardOutput();
        await using var errors = Console.OpenStandardError();
        using var status = new MemoryStream();
        var buffer = new byte[64 * 1024];
        var (channel, first) = (0, true);
        while (socket.State is WebSocketState.Open or WebSocketState.CloseSent)
        {
            ValueWebSocketReceiveResult part;
            try
            {
                part = await socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            }
            catch (WebSocketException e)
            {
                if (status.Length > 0)
                    break;
                throw new CliException($"the connection broke: {e.Message}");
            }

            if (part.MessageType == WebSocketMessageType.Close)
                break;
            if (part.Count == 0)
                continue;
            var data = buffer.AsMemory(0, part.Count);
            if (first)
                (channel, data) = (data.Span[0], data[1..]);
            first = part.EndOfMessage;
            if (channel is 1 or 2)
            {
                var stream = channel == 1 ? output : errors;
                await stream.WriteAsync(data, cancellation);
                await stream.FlushAsync(cancellation);
            }
            else if (channel == 3)
            {
                status.Write(data.Span);
            }
        }

        return ExitCodeOf(status.ToArray());
    }

    private static int ExitCodeOf(byte[] json)
    {
        if (json.Length == 0)
            return 0;
        var status = ApiJson.Deserialize<V1Status>(json);
        if (status.Status == "Success")
            return 0;
        var code = status.Details?.Causes?.FirstOrDefault(c => c.Reason == "ExitCode")?.Message;
        return int.TryParse(code, out var exit) ? exit : throw new CliException(status.Message ?? "the command failed");
    }
}
