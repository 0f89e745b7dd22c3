using System.Threading.Channels;
using ActorKube.ContainerRuntime.Builtin.Native;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>Runs a command in a terminal of its own, as <c>kubectl exec -it</c> wants it. Linux only.</summary>
internal static class ProcessTerminal
{
    // Directory first, then the environment and the command: neither is a thing that a spawned process can be given otherwise.
    private const string Script = "cd \"$0\" && exec env -i \"$@\"";

    /// <summary>Runs the command; returns its exit code. A caller that gives up ends it.</summary>
    public static async Task<int> RunAsync(ProcessLaunch launch, ContainerStreams streams, CancellationToken cancellationToken)
    {
        using var terminal = PseudoTerminal.Open();
        if (streams.Resize is not null && streams.Resize.TryRead(out var size))
        {
            terminal.Resize(size);
        }

        Directory.CreateDirectory(launch.WorkingDirectory);
        var environment = launch.Environment.Select(v => $"{v.Key}={v.Value}").Append("TERM=" + (launch.Environment.GetValueOrDefault("TERM") ?? "xterm"));
        var child = ChildProcess.Start(
            "/bin/sh", ["-c", Script, launch.WorkingDirectory, .. environment, launch.FileName, .. launch.Arguments], [], terminal: terminal.SlaveName);
        var exit = DedicatedThread.RunAsync(child.Wait);
        await using var killed = cancellationToken.Register(() => Kill(child));
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var output = DedicatedThread.RunAsync(() => Show(terminal, streams.Stdout));
        var input = TypeAsync(streams.Stdin, terminal, over.Token);
        var sizes = ResizeAsync(streams.Resize, terminal, over.Token);
        var code = await exit.ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(output, input, sizes).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return code;
    }

    // The whole session: the terminal's shell leads the process group.
    private static void Kill(ChildProcess child) => Libc.Kill(-child.Pid, Libc.SignalKill);

    private static void Show(PseudoTerminal terminal, Stream? to)
    {
        var buffer = new byte[16 * 1024];
        while (terminal.Read(buffer) is var count and > 0)
        {
            try
            {
                to?.Write(buffer, 0, count);
                to?.Flush();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
            {
                // The user has gone; the command must not stand still over it.
                to = null;
            }
        }
    }

    private static async Task TypeAsync(Stream? from, PseudoTerminal terminal, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (from is not null && await from.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false) is var count and > 0
                && terminal.Write(buffer.AsSpan(0, count)))
            {
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The command or the user has gone.
        }
    }

    private static async Task ResizeAsync(ChannelReader<TerminalSize>? sizes, PseudoTerminal terminal, CancellationToken cancellationToken)
    {
        try
        {
            while (sizes is not null && await sizes.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                while (sizes.TryRead(out var size))
                {
                    terminal.Resize(size);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The command has ended.
        }
    }
}
