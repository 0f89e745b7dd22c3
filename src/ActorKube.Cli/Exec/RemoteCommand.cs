using System.Net.WebSockets;
using System.Runtime.InteropServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;
using k8s.Models;

namespace ActorKube.Cli.Exec;

/// <summary>What a remote command reads and writes.</summary>
/// <param name="Input">Null where it reads nothing.</param>
/// <param name="Output">Its output.</param>
/// <param name="Errors">Its other output.</param>
internal sealed record RemoteStreams(Stream? Input, Stream Output, Stream Errors);

/// <summary>
/// A command in a container over a WebSocket with the subprotocol <c>v5.channel.k8s.io</c>: the first byte of a message tells the
/// channel (0 stdin, 1 stdout, 2 stderr, 3 the final Status, 4 terminal size, 255 end of a channel).
/// </summary>
internal sealed class RemoteCommand : IDisposable
{
    private const byte Stdin = 0;
    private const byte Stdout = 1;
    private const byte Stderr = 2;
    private const byte Result = 3;
    private const byte Size = 4;
    private const byte EndOfChannel = 255;

    private readonly WebSocket _socket;

    // A WebSocket sends one message at a time; keys and changes of size come when they like.
    private readonly SemaphoreSlim _sending = new(1);

    private RemoteCommand(WebSocket socket) => _socket = socket;

    /// <summary>The URL of a command in a container.</summary>
    public static string Path(JsonObject pod, string container, IEnumerable<string> command, bool stdin, bool terminal) => Path(pod, "exec", container, command, stdin, terminal);

    /// <summary>The URL of a container's own process.</summary>
    public static string AttachPath(JsonObject pod, string container, bool stdin, bool terminal) => Path(pod, "attach", container, [], stdin, terminal);

    private static string Path(JsonObject pod, string subresource, string container, IEnumerable<string> command, bool stdin, bool terminal)
    {
        var query = command.Select(word => ("command", word))
            .Append(("container", container))
            .Append(("stdout", "true"))
            .Append(terminal ? ("tty", "true") : ("stderr", "true"))
            .Concat(stdin ? [("stdin", "true")] : [])
            .Select(p => $"{p.Item1}={Uri.EscapeDataString(p.Item2)}");
        return $"/api/v1/namespaces/{pod.Text("metadata", "namespace")}/pods/{pod.Text("metadata", "name")}/{subresource}?{string.Join('&', query)}";
    }

    /// <summary>The same with this process' own output, and its own input if wanted.</summary>
    public static async Task<int> RunAsync(CliSession session, string pathAndQuery, bool stdin, bool terminal, CancellationToken cancellation)
    {
        await using var output = StandardStream.OpenOutput();
        await using var errors = StandardStream.OpenErrors();
        return await RunAsync(session, pathAndQuery, new RemoteStreams(stdin ? Terminal.OpenInput() : null, output, errors), terminal, cancellation);
    }

    /// <summary>Runs the command and returns its exit code.</summary>
    /// <param name="session">The cluster.</param>
    /// <param name="pathAndQuery">The exec URL.</param>
    /// <param name="streams">What the command reads and where its output goes.</param>
    /// <param name="terminal">Whether the command gets this terminal as its own.</param>
    /// <param name="cancellation">Ends the connection.</param>
    public static async Task<int> RunAsync(CliSession session, string pathAndQuery, RemoteStreams streams, bool terminal, CancellationToken cancellation)
    {
        using var command = new RemoteCommand(await RemoteSocket.ConnectAsync(session, pathAndQuery, cancellation));
        using var raw = terminal ? Terminal.Raw() : null;
        using var resizes = terminal && !OperatingSystem.IsWindows() ? PosixSignalRegistration.Create(PosixSignal.SIGWINCH, _ => command.Resized(cancellation)) : null;
        if (terminal)
            await command.SendSizeAsync(cancellation);
        // The command's end ends the process, whether or not there is input left: the pump is not waited for.
        if (streams.Input is { } input)
            _ = command.PumpInputAsync(input, cancellation);
        return await command.ReadOutputAsync(streams, cancellation);
    }

    public void Dispose() => _socket.Dispose();

    private void Resized(CancellationToken cancellation) => _ = Task.Run(() => Unless(SendSizeAsync(cancellation)), cancellation);

    private Task SendSizeAsync(CancellationToken cancellation)
    {
        var (width, height) = Terminal.Size;
        return SendAsync((byte[])[Size, .. System.Text.Encoding.UTF8.GetBytes($$"""{"Width":{{width}},"Height":{{height}}}""")], cancellation);
    }

    private async Task SendAsync(ReadOnlyMemory<byte> message, CancellationToken cancellation)
    {
        await _sending.WaitAsync(cancellation);
        try
        {
            await _socket.SendAsync(message, WebSocketMessageType.Binary, true, cancellation);
        }
        finally
        {
            _sending.Release();
        }
    }

    private async Task PumpInputAsync(Stream input, CancellationToken cancellation)
    {
        var buffer = new byte[32 * 1024];
        buffer[0] = Stdin;
        await Unless(PumpAsync());

        async Task PumpAsync()
        {
            int count;
            while ((count = await input.ReadAsync(buffer.AsMemory(1), cancellation)) > 0)
                await SendAsync(buffer.AsMemory(0, count + 1), cancellation);
            if (_socket.SubProtocol != RemoteSocket.WithoutHalfClose)
                await SendAsync((byte[])[EndOfChannel, Stdin], cancellation);
        }
    }

    // What cannot be sent any more because the command is over is no failure; its exit code is what counts.
    private static async Task Unless(Task send)
    {
        try
        {
            await send;
        }
        catch (Exception e) when (e is WebSocketException or ObjectDisposedException or InvalidOperationException or IOException or OperationCanceledException)
        {
        }
    }

    private async Task<int> ReadOutputAsync(RemoteStreams streams, CancellationToken cancellation)
    {
        using var result = new MemoryStream();
        var buffer = new byte[64 * 1024];
        var (channel, first) = ((byte)0, true);
        while (_socket.State is WebSocketState.Open or WebSocketState.CloseSent)
        {
            ValueWebSocketReceiveResult part;
            try
            {
                part = await _socket.ReceiveAsync(buffer.AsMemory(), cancellation);
            }
            catch (Exception e) when (e is WebSocketException or IOException && result.Length == 0)
            {
                throw new CliException($"the connection to the container broke: {(e.InnerException ?? e).Message}");
            }
            catch (Exception e) when (e is WebSocketException or IOException)
            {
                break; // without a good-bye, but the result is here
            }

            if (part.MessageType == WebSocketMessageType.Close)
                break;
            if (part.Count == 0)
                continue;
            var data = buffer.AsMemory(0, part.Count);
            if (first)
                (channel, data) = (data.Span[0], data[1..]);
            first = part.EndOfMessage;
            if (channel == Result)
                result.Write(data.Span);
            else if (channel is Stdout or Stderr)
                await (channel == Stdout ? streams.Output : streams.Errors).WriteAsync(data, cancellation);
        }

        return ExitCodeOf(result.ToArray());
    }

    private static int ExitCodeOf(byte[] json)
    {
        if (json.Length == 0)
            return 0;
        var status = ApiJson.Deserialize<V1Status>(json);
        if (status.Status == "Success")
            return 0;
        var code = status.Details?.Causes?.FirstOrDefault(c => c.Reason == "ExitCode")?.Message;
        return int.TryParse(code, out var exit) ? exit : throw new CliException(status.Message ?? "the command failed, and the server does not say why");
    }
}
