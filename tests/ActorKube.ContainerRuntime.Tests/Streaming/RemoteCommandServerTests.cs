using System.Net.WebSockets;
using System.Text;
using ActorKube.ContainerRuntime.Streaming;
using ActorKube.ContainerRuntime.Streaming.Spdy;

namespace ActorKube.ContainerRuntime.Tests.Streaming;

public sealed class RemoteCommandServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);
    private static readonly RemoteCommandOptions All = new(Stdin: true, Stdout: true, Stderr: true, Tty: false);

    [Theory]
    [InlineData(0, """{"metadata":{},"status":"Success"}""")]
    [InlineData(3, """{"metadata":{},"status":"Failure","message":"command terminated with non-zero exit code: exit status 3","reason":"NonZeroExitCode","details":{"causes":[{"reason":"ExitCode","message":"3"}]}}""")]
    public async Task Over_WebSocket_v5_input_ends_and_the_status_comes_last(int exitCode, string expected)
    {
        await using var session = WebSocketSession.Start(RemoteCommandProtocol.V5, All, async (streams, token) =>
        {
            await streams.Stdin!.CopyToAsync(streams.Stdout!, token);
            await streams.Stderr!.WriteAsync("warned"u8.ToArray(), token);
            return exitCode;
        });
        await session.SendAsync([0, .. "hello"u8]);
        await session.SendAsync([0, .. " world"u8]);
        await session.SendAsync([255, 0]);
        var received = await session.ReceiveAllAsync();
        Assert.Equal(("hello world", "warned", expected), (received[1], received[2], received[3]));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, session.Client.CloseStatus);
    }

    [Fact]
    public async Task The_first_message_is_empty_to_say_that_the_session_stands()
    {
        await using var session = WebSocketSession.Start(RemoteCommandProtocol.V4, All, async (_, token) =>
        {
            await Task.Delay(Timeout.Infinite, token);
            return 0;
        });
        var buffer = new byte[10];
        var first = await session.Client.ReceiveAsync(buffer.AsMemory(), CancellationToken.None).AsTask().WaitAsync(Patience);
        Assert.Equal((1, 1), (first.Count, buffer[0]));
    }

    [Fact]
    public async Task A_command_that_cannot_run_is_an_internal_error()
    {
        await using var session = WebSocketSession.Start(RemoteCommandProtocol.V4, All, (_, _) => throw new ContainerRuntimeException("no such container"));
        var received = await session.ReceiveAllAsync();
        Assert.Equal(
            """{"metadata":{},"status":"Failure","message":"Internal error occurred: error executing command in container: no such container","reason":"InternalError",""" + "\""
            + """details":{"causes":[{"message":"error executing command in container: no such container"}]},"code":500}""",
            received[3]);
    }

    [Fact]
    public async Task Without_a_subprotocol_success_is_silence_and_failure_a_text()
    {
        await using var session = WebSocketSession.Start(null, All, (_, _) => Task.FromResult(2));
        Assert.Equal("command terminated with non-zero exit code: exit status 2", (await session.ReceiveAllAsync())[3]);
    }

    [Fact]
    public async Task Terminal_sizes_arrive_and_errors_have_no_channel_of_their_own()
    {
        await using var session = WebSocketSession.Start(RemoteCommandProtocol.V5, All with { Tty = true }, async (streams, token) =>
        {
            Assert.Null(streams.Stderr);
            var size = await streams.Resize!.ReadAsync(token);
            await streams.Stdout!.WriteAsync(Encoding.ASCII.GetBytes($"{size.Width}x{size.Height}"), token);
            return 0;
        });
        await session.SendAsync([4, .. "{\"Width\":80,"u8]);
        await session.SendAsync([4, .. "\"Height\":24}\n"u8]);
        Assert.Equal("80x24", (await session.ReceiveAllAsync())[1]);
    }

    [Fact]
    public async Task When_the_client_goes_away_the_command_is_cancelled()
    {
        var cancelled = new TaskCompletionSource();
        var session = WebSocketSession.Start(RemoteCommandProtocol.V5, All, async (_, token) =>
        {
            try
            {
                await Task.Delay(Timeout.Infinite, token);
                return 0;
            }
            finally
            {
                cancelled.SetResult();
            }
        });
        await session.Client.ReceiveAsync(new byte[10].AsMemory(), CancellationToken.None).AsTask().WaitAsync(Patience);
        session.Client.Abort();
        session.Wire.Left.Dispose();
        await cancelled.Task.WaitAsync(Patience);
        await session.DisposeAsync();
    }

    [Fact]
    public async Task A_client_that_is_gone_before_the_command_runs_is_no_failure()
    {
        // Reading and writing find out in either order, and the socket tells it differently.
        for (var i = 0; i < 200; i++)
        {
            var wire = StreamPair.Create();
            var server = WebSocket.CreateFromStream(wire.Right, new WebSocketCreationOptions { IsServer = true });
            wire.Right.Dispose();
            await RemoteCommandServer.ServeWebSocketAsync(server, All, (_, token) => Task.Delay(Timeout.Infinite, token).ContinueWith(_ => 0)).WaitAsync(Patience);
        }
    }

    [Fact]
    public async Task Over_SPDY_input_ends_and_the_exit_code_arrives()
    {
        var wire = StreamPair.Create();
        var serving = RemoteCommandServer.ServeSpdyAsync(wire.Right, RemoteCommandProtocol.V4, All, async (streams, token) =>
        {
            await streams.Stdin!.CopyToAsync(streams.Stdout!, token);
            await streams.Stderr!.WriteAsync("warned"u8.ToArray(), token);
            return 42;
        });
        await using (var client = new SpdyConnection(wire.Left, isServer: false))
        {
            var streams = new Dictionary<string, SpdyStream>();
            foreach (var type in (string[])["error", "stdin", "stdout", "stderr"])
            {
                streams[type] = await client.OpenStreamAsync(new Dictionary<string, string> { ["streamType"] = type }).WaitAsync(Patience);
            }

            await streams["stdin"].WriteAsync(new byte[200_000]);
            await streams["stdin"].CompleteWritingAsync();
            Assert.Equal(200_000, (await ReadAsync(streams["stdout"])).Length);
            Assert.Equal("warned", await ReadAsync(streams["stderr"]));
            Assert.Contains("\"message\":\"42\"", await ReadAsync(streams["error"]), StringComparison.Ordinal);
        }

        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task Input_that_the_command_does_not_read_does_not_hold_up_its_end()
    {
        var wire = StreamPair.Create();
        var serving = RemoteCommandServer.ServeSpdyAsync(wire.Right, RemoteCommandProtocol.V4, All, (_, _) => Task.FromResult(0));
        await using (var client = new SpdyConnection(wire.Left, isServer: false))
        {
            var streams = new Dictionary<string, SpdyStream>();
            foreach (var type in (string[])["error", "stdin", "stdout", "stderr"])
            {
                streams[type] = await client.OpenStreamAsync(new Dictionary<string, string> { ["streamType"] = type }).WaitAsync(Patience);
            }

            var sending = streams["stdin"].WriteAsync(new byte[5_000_000]).AsTask();
            Assert.Equal("""{"metadata":{},"status":"Success"}""", await ReadAsync(streams["error"]));
            await sending.WaitAsync(Patience);
        }

        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_stream_nobody_asked_for_ends_the_session()
    {
        var wire = StreamPair.Create();
        var serving = RemoteCommandServer.ServeSpdyAsync(wire.Right, RemoteCommandProtocol.V4, All with { Stdin = false }, (_, _) => Task.FromResult(0));
        await using var client = new SpdyConnection(wire.Left, isServer: false);
        await Assert.ThrowsAsync<SpdyException>(() => client.OpenStreamAsync(new Dictionary<string, string> { ["streamType"] = "stdin" }).WaitAsync(Patience));
        await Assert.ThrowsAsync<SpdyException>(() => serving.WaitAsync(Patience));
    }

    [Theory]
    [InlineData("v5.channel.k8s.io,v4.channel.k8s.io", "v4.channel.k8s.io")]
    [InlineData("v9.channel.k8s.io, channel.k8s.io", "channel.k8s.io")]
    [InlineData("v9.channel.k8s.io", null)]
    [InlineData("", null)]
    public void The_clients_first_known_version_is_taken(string requested, string? expected) =>
        Assert.Equal(expected, RemoteCommandProtocol.Negotiate([requested], RemoteCommandProtocol.Spdy));

    private static async Task<string> ReadAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all).WaitAsync(Patience);
        return Encoding.UTF8.GetString(all.ToArray());
    }

    private sealed record WebSocketSession(StreamPair Wire, WebSocket Client, Task Serving) : IAsyncDisposable
    {
        public static WebSocketSession Start(string? protocol, RemoteCommandOptions options, Func<ContainerStreams, CancellationToken, Task<int>> run)
        {
            var wire = StreamPair.Create();
            var server = WebSocket.CreateFromStream(wire.Right, new WebSocketCreationOptions { IsServer = true, SubProtocol = protocol });
            var client = WebSocket.CreateFromStream(wire.Left, new WebSocketCreationOptions { IsServer = false, SubProtocol = protocol });
            return new WebSocketSession(wire, client, RemoteCommandServer.ServeWebSocketAsync(server, options, run));
        }

        public Task SendAsync(byte[] message) => Client.SendAsync(message, WebSocketMessageType.Binary, true, CancellationToken.None);

        public async Task<string[]> ReceiveAllAsync()
        {
            using var patience = new CancellationTokenSource(Patience);
            var channels = Enumerable.Range(0, 4).Select(_ => new StringBuilder()).ToArray();
            var buffer = new byte[64 * 1024];
            while (await Client.ReceiveAsync(buffer.AsMemory(), patience.Token) is { MessageType: WebSocketMessageType.Binary } received)
            {
                channels[buffer[0]].Append(Encoding.UTF8.GetString(buffer, 1, received.Count - 1));
            }

            await Client.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, "", patience.Token);
            return [.. channels.Select(c => c.ToString())];
        }

        public async ValueTask DisposeAsync()
        {
            Client.Abort();
            await Serving.WaitAsync(Patience);
        }
    }
}
