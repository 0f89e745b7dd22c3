using System.Net.WebSockets;
using System.Text;
using ActorKube.ContainerRuntime.Streaming;
using ActorKube.ContainerRuntime.Streaming.Spdy;

namespace ActorKube.ContainerRuntime.Tests.Streaming;

public sealed class PortForwardServerTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Each_pair_of_streams_is_one_connection_to_its_port()
    {
        var wire = StreamPair.Create();
        var serving = PortForwardServer.ServeSpdyAsync(wire.Right, "web", EchoWithPortAsync);
        await using (var client = new SpdyConnection(wire.Left, isServer: false))
        {
            var first = await OpenAsync(client, 80, "0");
            var second = await OpenAsync(client, 443, "1");
            await second.Data.WriteAsync("two"u8.ToArray());
            await first.Data.WriteAsync("one"u8.ToArray());
            await second.Data.CompleteWritingAsync();
            await first.Data.CompleteWritingAsync();
            Assert.Equal(("80:one", ""), (await ReadAsync(first.Data), await ReadAsync(first.Error)));
            Assert.Equal(("443:two", ""), (await ReadAsync(second.Data), await ReadAsync(second.Error)));
        }

        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_port_nobody_listens_on_gives_the_reason_and_the_rest_goes_on()
    {
        var wire = StreamPair.Create();
        var serving = PortForwardServer.ServeSpdyAsync(
            wire.Right, "web", (port, stream, token) => port == 81 ? throw new ContainerRuntimeException("connection refused") : EchoWithPortAsync(port, stream, token));
        await using (var client = new SpdyConnection(wire.Left, isServer: false))
        {
            var failed = await OpenAsync(client, 81, "0");
            Assert.Equal("error forwarding port 81 to pod web: connection refused", await ReadAsync(failed.Error));
            var works = await OpenAsync(client, 80, "1");
            await works.Data.CompleteWritingAsync();
            Assert.Equal("80:", await ReadAsync(works.Data));
        }

        await serving.WaitAsync(Patience);
    }

    [Theory]
    [InlineData("data", "0")]
    [InlineData("data", "65536")]
    [InlineData("data", "http")]
    [InlineData("stdin", "80")]
    public async Task Streams_that_make_no_sense_are_refused(string type, string port)
    {
        var wire = StreamPair.Create();
        var serving = PortForwardServer.ServeSpdyAsync(wire.Right, "web", EchoWithPortAsync);
        await using (var client = new SpdyConnection(wire.Left, isServer: false))
        {
            await Assert.ThrowsAsync<SpdyException>(
                () => client.OpenStreamAsync(new Dictionary<string, string> { ["streamType"] = type, ["port"] = port, ["requestID"] = "0" }).WaitAsync(Patience));
        }

        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_client_that_leaves_ends_its_connections()
    {
        var ended = new TaskCompletionSource();
        var wire = StreamPair.Create();
        var serving = PortForwardServer.ServeSpdyAsync(wire.Right, "web", async (_, stream, token) =>
        {
            try
            {
                await stream.CopyToAsync(Stream.Null, token);
            }
            finally
            {
                ended.SetResult();
            }
        });
        await using (var client = new SpdyConnection(wire.Left, isServer: false))
        {
            await OpenAsync(client, 80, "0");
        }

        await ended.Task.WaitAsync(Patience);
        await serving.WaitAsync(Patience);
    }

    [Fact]
    public async Task SPDY_goes_through_a_WebSocket_whatever_its_messages_hold()
    {
        var wire = StreamPair.Create();
        var server = WebSocket.CreateFromStream(wire.Right, new WebSocketCreationOptions { IsServer = true });
        var socket = WebSocket.CreateFromStream(wire.Left, new WebSocketCreationOptions { IsServer = false });
        var serving = PortForwardServer.ServeWebSocketAsync(server, "web", EchoWithPortAsync);
        await using (var client = new SpdyConnection(new ByteByByte(new WebSocketTunnelStream(socket)), isServer: false))
        {
            var pair = await OpenAsync(client, 80, "0");
            await pair.Data.WriteAsync("through"u8.ToArray());
            await pair.Data.CompleteWritingAsync();
            Assert.Equal("80:through", await ReadAsync(pair.Data));
        }

        await serving.WaitAsync(Patience);
    }

    private static async Task EchoWithPortAsync(int port, Stream stream, CancellationToken cancellationToken)
    {
        await stream.WriteAsync(Encoding.ASCII.GetBytes(port + ":"), cancellationToken);
        await stream.CopyToAsync(stream, cancellationToken);
    }

    private static async Task<(SpdyStream Data, SpdyStream Error)> OpenAsync(SpdyConnection client, int port, string requestId)
    {
        var error = await client.OpenStreamAsync(PortForwardProtocol.Headers("error", port, requestId), completeWriting: true).WaitAsync(Patience);
        return (await client.OpenStreamAsync(PortForwardProtocol.Headers("data", port, requestId)).WaitAsync(Patience), error);
    }

    private static async Task<string> ReadAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all).WaitAsync(Patience);
        return Encoding.UTF8.GetString(all.ToArray());
    }

    /// <summary>Cuts every write into the smallest messages there are.</summary>
    private sealed class ByteByByte(Stream inner) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => inner.ReadAsync(buffer, cancellationToken);

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            for (var i = 0; i < buffer.Length; i++)
            {
                await inner.WriteAsync(buffer.Slice(i, 1), cancellationToken);
            }
        }

        public override int Read(byte[] buffer, int offset, int count) => inner.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => inner.Write(buffer, offset, count);

        public override void Flush() => inner.Flush();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
