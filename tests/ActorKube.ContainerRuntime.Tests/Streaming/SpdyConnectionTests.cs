using System.Buffers.Binary;
using System.Text;
using ActorKube.ContainerRuntime.Streaming.Spdy;
using CsCheck;

namespace ActorKube.ContainerRuntime.Tests.Streaming;

public sealed class SpdyConnectionTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_stream_carries_headers_and_bytes_both_ways_and_half_closes()
    {
        await using var pair = new Pair();
        var (mine, theirs) = await pair.OpenAsync(new() { ["streamType"] = "data", ["port"] = "80" });
        Assert.Equal(("data", "80"), (theirs.Headers["StreamType"], theirs.Headers["port"]));

        await mine.WriteAsync("ping"u8.ToArray());
        await mine.CompleteWritingAsync();
        Assert.Equal("ping", await ReadAsync(theirs));
        await theirs.WriteAsync("pong"u8.ToArray());
        await theirs.CompleteWritingAsync();
        Assert.Equal("pong", await ReadAsync(mine));
        Assert.True(mine.IsClosed && theirs.IsClosed);
    }

    [Fact]
    public async Task The_server_opens_streams_too()
    {
        await using var pair = new Pair();
        var opening = pair.Server.OpenStreamAsync(new Dictionary<string, string> { ["a"] = "b" }, completeWriting: true);
        var theirs = await NextAsync(pair.Client);
        await theirs.AcceptAsync();
        var mine = await opening.WaitAsync(Patience);
        Assert.Equal((2, "b"), (mine.Id, theirs.Headers["a"]));
        Assert.Equal("", await ReadAsync(theirs));
        await theirs.WriteAsync("x"u8.ToArray());
        await theirs.CompleteWritingAsync();
        Assert.Equal("x", await ReadAsync(mine));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Many_streams_at_once_keep_their_bytes_apart(bool flowControl)
    {
        Gen.Int[0, 300_000].List[1, 8].Sample(lengths =>
        {
            Task.Run(() => EchoAsync(lengths, flowControl)).Wait();
        }, iter: 15, threads: 1);
    }

    [Fact]
    public async Task With_flow_control_a_stream_nobody_reads_does_not_stop_the_others()
    {
        await using var pair = new Pair(new SpdyOptions { FlowControl = true });
        var (stuck, _) = await pair.OpenAsync(new() { ["n"] = "1" });
        var (mine, theirs) = await pair.OpenAsync(new() { ["n"] = "2" });
        var writing = stuck.WriteAsync(new byte[10_000_000]).AsTask();
        var echo = Task.Run(async () =>
        {
            await theirs.CopyToAsync(theirs);
            await theirs.CompleteWritingAsync();
        });
        var sending = Task.Run(async () =>
        {
            await mine.WriteAsync(new byte[1_000_000]);
            await mine.CompleteWritingAsync();
        });
        Assert.Equal(1_000_000, (await ReadAsync(mine)).Length);
        await Task.WhenAll(echo, sending).WaitAsync(Patience);
        Assert.False(writing.IsCompleted);
        await stuck.ResetAsync();
        await Assert.ThrowsAsync<SpdyException>(() => writing.WaitAsync(Patience));
    }

    [Fact]
    public async Task Pings_are_echoed_both_ways()
    {
        await using var pair = new Pair();
        await Task.WhenAll(pair.Client.PingAsync(), pair.Server.PingAsync(), pair.Client.PingAsync()).WaitAsync(Patience);
    }

    [Fact]
    public async Task A_reset_stream_fails_and_the_connection_goes_on()
    {
        await using var pair = new Pair();
        var (mine, theirs) = await pair.OpenAsync(new() { ["n"] = "1" });
        var reading = theirs.ReadAsync(new byte[1]).AsTask();
        await mine.ResetAsync(SpdyResetStatus.InternalError);
        await Assert.ThrowsAsync<SpdyException>(() => reading.WaitAsync(Patience));
        await Assert.ThrowsAsync<SpdyException>(() => theirs.WriteAsync(new byte[1]).AsTask());
        await Assert.ThrowsAsync<SpdyException>(() => mine.ReadAsync(new byte[1]).AsTask());
        await pair.OpenAsync(new() { ["n"] = "2" });
    }

    [Fact]
    public async Task A_cancelled_stream_ends_after_its_last_byte()
    {
        await using var pair = new Pair();
        var (mine, theirs) = await pair.OpenAsync(new() { ["n"] = "1" });
        await mine.WriteAsync("last"u8.ToArray());
        await mine.ResetAsync();
        Assert.Equal("last", await ReadAsync(theirs));
    }

    [Fact]
    public async Task A_refused_stream_fails_to_open()
    {
        await using var pair = new Pair();
        var opening = pair.Client.OpenStreamAsync(new Dictionary<string, string>());
        await (await NextAsync(pair.Server)).ResetAsync(SpdyResetStatus.RefusedStream);
        var failure = await Assert.ThrowsAsync<SpdyException>(() => opening.WaitAsync(Patience));
        Assert.Contains("RefusedStream", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task After_goaway_nothing_new_is_opened_and_the_old_goes_on()
    {
        await using var pair = new Pair();
        var (mine, theirs) = await pair.OpenAsync(new() { ["n"] = "1" });
        await pair.Server.GoAwayAsync();
        await pair.Client.PingAsync().WaitAsync(Patience);
        await Assert.ThrowsAsync<SpdyException>(() => pair.Client.OpenStreamAsync(new Dictionary<string, string>()));
        await mine.WriteAsync("x"u8.ToArray());
        await mine.CompleteWritingAsync();
        Assert.Equal("x", await ReadAsync(theirs));
    }

    [Fact]
    public async Task When_the_connection_breaks_everybody_who_waits_is_told()
    {
        await using var pair = new Pair();
        var (mine, theirs) = await pair.OpenAsync(new() { ["n"] = "1" });
        await mine.WriteAsync("half"u8.ToArray());
        var buffer = new byte[4];
        await theirs.ReadExactlyAsync(buffer);
        var reading = theirs.ReadAsync(buffer).AsTask();
        var opening = pair.Server.OpenStreamAsync(new Dictionary<string, string>());
        await NextAsync(pair.Client);
        await pair.Client.DisposeAsync();
        await Assert.ThrowsAsync<SpdyException>(() => reading.WaitAsync(Patience));
        await Assert.ThrowsAsync<SpdyException>(() => opening.WaitAsync(Patience));
        await Assert.ThrowsAsync<SpdyException>(() => pair.Server.PingAsync().WaitAsync(Patience));
        await pair.Server.Completion.WaitAsync(Patience);
    }

    [Fact]
    public async Task Data_for_a_stream_that_never_was_is_reset()
    {
        var wire = StreamPair.Create();
        await using var server = new SpdyConnection(wire.Right, isServer: true);
        await wire.Left.WriteAsync(Convert.FromHexString("0000000900000001ff"));
        var frame = new byte[16];
        await wire.Left.ReadExactlyAsync(frame).AsTask().WaitAsync(Patience);
        Assert.Equal("8003000300000008" + "00000009" + "00000002", Convert.ToHexStringLower(frame));
    }

    [Theory]
    [InlineData("8002000600000004" + "00000001")]
    [InlineData("8003000600000000")]
    [InlineData("800300010000000a" + "00000002" + "00000000" + "0000")]
    [InlineData("800300060000")]
    [InlineData("8003000400000008" + "0000ffff" + "00000000")]
    [InlineData("47455420")]
    public async Task A_peer_that_breaks_the_protocol_loses_the_connection(string hex)
    {
        var wire = StreamPair.Create();
        await using var server = new SpdyConnection(wire.Right, isServer: true);
        await wire.Left.WriteAsync(Convert.FromHexString(hex));
        var goAway = new byte[16];
        if (hex.Length < 16)
        {
            await wire.Left.DisposeAsync();
        }
        else
        {
            await wire.Left.ReadExactlyAsync(goAway).AsTask().WaitAsync(Patience);
            Assert.Equal(7, BinaryPrimitives.ReadUInt16BigEndian(goAway.AsSpan(2)));
        }

        await server.Completion.WaitAsync(Patience);
        await Assert.ThrowsAsync<SpdyException>(() => server.PingAsync().WaitAsync(Patience));
    }

    [Fact]
    public async Task More_streams_than_allowed_are_refused()
    {
        await using var pair = new Pair(new SpdyOptions { MaxStreams = 1 });
        await pair.OpenAsync(new() { ["n"] = "1" });
        await Assert.ThrowsAsync<SpdyException>(() => pair.Client.OpenStreamAsync(new Dictionary<string, string>()).WaitAsync(Patience));
    }

    private static async Task EchoAsync(List<int> lengths, bool flowControl)
    {
        await using var pair = new Pair(new SpdyOptions { FlowControl = flowControl }, wireBuffer: 1000);
        await Task.WhenAll(lengths.Select(async (length, index) =>
        {
            var (mine, theirs) = await pair.OpenAsync(new() { ["index"] = index.ToString() });
            var bytes = Enumerable.Range(0, length).Select(i => (byte)(i + theirs.Id)).ToArray();
            var echo = Task.Run(async () =>
            {
                await theirs.CopyToAsync(theirs);
                await theirs.CompleteWritingAsync();
            });
            var sending = Task.Run(async () =>
            {
                await mine.WriteAsync(bytes);
                await mine.CompleteWritingAsync();
            });
            using var received = new MemoryStream();
            await mine.CopyToAsync(received);
            await Task.WhenAll(echo, sending);
            Assert.Equal(bytes, received.ToArray());
        })).WaitAsync(Patience);
    }

    private static async Task<string> ReadAsync(Stream stream)
    {
        using var all = new MemoryStream();
        await stream.CopyToAsync(all).WaitAsync(Patience);
        return Encoding.UTF8.GetString(all.ToArray());
    }

    private static async Task<SpdyStream> NextAsync(SpdyConnection connection)
    {
        using var patience = new CancellationTokenSource(Patience);
        return await connection.IncomingAsync(patience.Token).FirstAsync(patience.Token);
    }

    private sealed class Pair : IAsyncDisposable
    {
        private readonly SemaphoreSlim _one = new(1, 1);

        public Pair(SpdyOptions? options = null, int wireBuffer = 64 * 1024)
        {
            var wire = StreamPair.Create(wireBuffer);
            Client = new SpdyConnection(wire.Left, isServer: false, options);
            Server = new SpdyConnection(wire.Right, isServer: true, options);
        }

        public SpdyConnection Client { get; }

        public SpdyConnection Server { get; }

        public async Task<(SpdyStream Mine, SpdyStream Theirs)> OpenAsync(Dictionary<string, string> headers)
        {
            await _one.WaitAsync();
            try
            {
                var opening = Client.OpenStreamAsync(headers);
                var theirs = await NextAsync(Server);
                await theirs.AcceptAsync();
                return (await opening.WaitAsync(Patience), theirs);
            }
            finally
            {
                _one.Release();
            }
        }

        public async ValueTask DisposeAsync()
        {
            await Client.DisposeAsync();
            await Server.DisposeAsync();
        }
    }
}
