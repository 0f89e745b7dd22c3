using System.IO.Pipelines;
using System.Text;
using System.Threading.Channels;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Tests.Builtin;

/// <summary>Exec, attach and port-forward.</summary>
public class StreamingTests
{
    [SkippableFact]
    public async Task A_command_gets_its_input_to_the_end_and_gives_both_outputs_and_its_code()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (_, container) = await node.RunPodAsync("exec", "sleep 600");
        var input = new byte[1_000_000];
        Array.Fill(input, (byte)'x');
        using var stdout = new MemoryStream();
        using var stderr = new MemoryStream();
        var code = await node.Runtime.ExecAsync(
            container, ["sh", "-c", "cat; echo done >&2; exit 42"], tty: false, new ContainerStreams(new MemoryStream(input), stdout, stderr)).WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal((42, "done\n"), (code, Encoding.UTF8.GetString(stderr.ToArray())));
        Assert.Equal(input, stdout.ToArray());
    }

    [SkippableFact]
    public async Task A_terminal_has_a_size_that_follows_the_window()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (_, container) = await node.RunPodAsync("tty", "sleep 600");
        var keyboard = new Pipe();
        var screen = new Screen();
        var sizes = Channel.CreateUnbounded<TerminalSize>();
        await sizes.Writer.WriteAsync(new TerminalSize(100, 30));
        var exec = node.Runtime.ExecAsync(container, ["sh"], tty: true, new ContainerStreams(keyboard.Reader.AsStream(), screen, null, sizes.Reader));
        await keyboard.Writer.WriteAsync("stty size\n"u8.ToArray());
        await screen.ShowsAsync("30 100");
        await sizes.Writer.WriteAsync(new TerminalSize(120, 40));
        await RuntimeFixture.EventuallyAsync(async () =>
        {
            await keyboard.Writer.WriteAsync("stty size\n"u8.ToArray());
            return screen.Text.Contains("40 120", StringComparison.Ordinal) ? "" : null;
        });
        await keyboard.Writer.WriteAsync("test -t 0 && exit 5\n"u8.ToArray());
        Assert.Equal(5, await exec.WaitAsync(TimeSpan.FromSeconds(20)));
    }

    [SkippableFact]
    public async Task A_command_that_takes_too_long_is_killed_and_a_missing_one_is_an_error()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (_, container) = await node.RunPodAsync("slow", "sleep 600");
        var late = await Assert.ThrowsAsync<ContainerRuntimeException>(() => node.Runtime.ExecSyncAsync(container, ["sleep", "777"], TimeSpan.FromMilliseconds(300)));
        Assert.True(late.IsTimeout);
        await RuntimeFixture.EventuallyAsync(async () => (await node.ExecAsync(container, "ps")).Contains("sleep 777", StringComparison.Ordinal) ? null : "");
        var missing = await Assert.ThrowsAsync<ContainerRuntimeException>(() => node.Runtime.ExecSyncAsync(container, ["no-such-thing"], TimeSpan.FromSeconds(10)));
        Assert.Contains("no-such-thing", missing.Message, StringComparison.Ordinal);
    }

    [SkippableFact]
    public async Task A_child_that_keeps_the_pipe_open_does_not_keep_the_answer()
    {
        await using var node = await RuntimeFixture.StartAsync();
        Skip.IfNot((await node.Runtime.VersionAsync()).RuntimeVersion.StartsWith("crun", StringComparison.Ordinal), "runc waits itself until the pipe is closed");
        var (_, container) = await node.RunPodAsync("child", "sleep 600");
        var quick = await node.Runtime.ExecSyncAsync(container, ["sh", "-c", "sleep 30 & echo quick"], TimeSpan.FromSeconds(20));
        Assert.Equal("quick\n", quick.Stdout.ToStringUtf8());
    }

    [SkippableFact]
    public async Task Attach_joins_the_main_process()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (_, container) = await node.RunPodAsync("attach", "while read line; do echo got $line; echo err $line >&2; done; echo end", c =>
        {
            c.Stdin = true;
            c.StdinOnce = true;
        });
        var keyboard = new Pipe();
        var (stdout, stderr) = (new Screen(), new Screen());
        var attach = node.Runtime.AttachAsync(container, tty: false, new ContainerStreams(keyboard.Reader.AsStream(), stdout, stderr));
        await keyboard.Writer.WriteAsync("one\ntwo\n"u8.ToArray());
        await stdout.ShowsAsync("got one\ngot two\n");
        await stderr.ShowsAsync("err one\nerr two\n");
        await keyboard.Writer.CompleteAsync();
        await attach.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(0, (await node.ExitOfAsync(container)).ExitCode);
        Assert.Contains("stdout F got one", await node.LogAsync("attach"));
    }

    [SkippableFact]
    public async Task A_port_on_the_pods_loopback_can_be_reached_from_here()
    {
        await using var node = await RuntimeFixture.StartAsync();
        var (sandbox, container) = await node.RunPodAsync("forward", "nc -ll -p 7000 -e cat");
        await RuntimeFixture.EventuallyAsync(async () => (await node.ExecAsync(container, "cat", "/proc/net/tcp", "/proc/net/tcp6")).Contains(":1B58", StringComparison.Ordinal) ? "" : null);
        var (outward, inward) = (new Pipe(), new Pipe());
        var forward = node.Runtime.PortForwardAsync(sandbox, 7000, new Duplex(outward.Reader.AsStream(), inward.Writer.AsStream()));
        await outward.Writer.WriteAsync("echo me"u8.ToArray());
        await outward.Writer.CompleteAsync();
        using var reader = new StreamReader(inward.Reader.AsStream());
        await forward.WaitAsync(TimeSpan.FromSeconds(20));
        await inward.Writer.CompleteAsync();
        Assert.Equal("echo me", await reader.ReadToEndAsync());
        var refused = await Assert.ThrowsAsync<ContainerRuntimeException>(() => node.Runtime.PortForwardAsync(sandbox, 7001, Stream.Null));
        Assert.Contains("localhost:7001", refused.Message, StringComparison.Ordinal);
    }

    /// <summary>Collects what is shown.</summary>
    private sealed class Screen : MemoryStream
    {
        public string Text
        {
            get
            {
                lock (this)
                    return Encoding.UTF8.GetString(ToArray());
            }
        }

        public Task ShowsAsync(string text) => RuntimeFixture.EventuallyAsync(() => Task.FromResult(Text.Contains(text, StringComparison.Ordinal) ? "" : null), () => $"the screen shows: {Text}");

        public override void Write(byte[] buffer, int offset, int count)
        {
            lock (this)
                base.Write(buffer, offset, count);
        }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Write(buffer.ToArray(), 0, buffer.Length);
            return ValueTask.CompletedTask;
        }
    }

    /// <summary>Reads from one stream, writes to another.</summary>
    private sealed class Duplex(Stream input, Stream output) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => input.ReadAsync(buffer, cancellationToken);

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => output.WriteAsync(buffer, cancellationToken);

        public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

        public override void Flush() => output.Flush();

        public override int Read(byte[] buffer, int offset, int count) => input.Read(buffer, offset, count);

        public override void Write(byte[] buffer, int offset, int count) => output.Write(buffer, offset, count);

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
