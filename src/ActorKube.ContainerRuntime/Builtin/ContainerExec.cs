using System.Globalization;
using System.Net.Sockets;
using ActorKube.ContainerRuntime.Builtin.Native;
using ActorKube.ContainerRuntime.Builtin.Oci;
using ActorKube.ContainerRuntime.Cri;
using Google.Protobuf;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>Runs further commands in a running container, with pipes or a terminal, through the OCI runtime's exec.</summary>
internal sealed class ContainerExec(BuiltinRuntimeOptions options, RuntimeModel model, RuntimeDirectories directories, OciRuntime runtime)
{
    /// <summary>How long output is awaited after the command ended: a child of its may hold the pipe for ever.</summary>
    private static readonly TimeSpan DrainPatience = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan SocketPatience = TimeSpan.FromMilliseconds(200);

    /// <summary>What a command may print before it is cut off, as in Kubernetes' probes and hooks.</summary>
    private const int OutputLimit = 16 << 20;
    private int _next;

    public async Task<ExecSyncResponse> RunAsync(string containerId, IReadOnlyList<string> command, TimeSpan timeout, CancellationToken cancellationToken)
    {
        using var stdout = new BoundedBuffer(OutputLimit);
        using var stderr = new BoundedBuffer(OutputLimit);
        using var limit = new CancellationTokenSource(timeout > TimeSpan.Zero ? timeout : Timeout.InfiniteTimeSpan, options.TimeProvider);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, limit.Token);
        try
        {
            var exitCode = await StreamAsync(containerId, command, terminal: false, new ContainerStreams(null, stdout, stderr), either.Token).ConfigureAwait(false);
            return new ExecSyncResponse { ExitCode = exitCode, Stdout = ByteString.CopyFrom(stdout.ToArray()), Stderr = ByteString.CopyFrom(stderr.ToArray()) };
        }
        catch (OperationCanceledException) when (limit.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ContainerRuntimeException($"failed to exec in container: timeout {timeout} exceeded", ContainerRuntimeError.Timeout);
        }
    }

    public async Task<int> StreamAsync(string containerId, IReadOnlyList<string> command, bool terminal, ContainerStreams streams, CancellationToken cancellationToken)
    {
        var record = model.Container(containerId).Record;
        if (record.State != ContainerState.ContainerRunning)
            throw new ContainerRuntimeException($"container is in {record.State} state");
        var number = Interlocked.Increment(ref _next);
        var files = Path.Combine(directories.Bundle(containerId), $"exec-{number}");
        Directory.CreateDirectory(files);
        try
        {
            var spec = OciSpec.FromJson(await File.ReadAllBytesAsync(Path.Combine(directories.Bundle(containerId), "config.json"), cancellationToken).ConfigureAwait(false));
            var process = spec.Process with { Args = command, Terminal = terminal, OomScoreAdj = null };
            await File.WriteAllBytesAsync(Path.Combine(files, "process.json"), process.ToJson(), cancellationToken).ConfigureAwait(false);
            // A socket's path has at most 107 characters, so it is not among the other files.
            var console = terminal && runtime.SendsTerminal ? Path.Combine(options.StateDirectory, $"console-{number}") : null;
            var arguments = runtime.ExecArguments(containerId, Path.Combine(files, "process.json"), Path.Combine(files, "pid"), Path.Combine(files, "log"), terminal, console);
            var exitCode = terminal
                ? await RunInTerminalAsync(arguments, files, console, streams, cancellationToken).ConfigureAwait(false)
                : await RunWithPipesAsync(arguments, files, streams, cancellationToken).ConfigureAwait(false);
            if (exitCode != 0 && !File.Exists(Path.Combine(files, "pid")))
                throw new ContainerRuntimeException($"failed to exec in container: OCI runtime exec failed: {await WhyAsync(files).ConfigureAwait(false)}");
            return exitCode;
        }
        finally
        {
            RuntimeDirectories.Delete(files);
        }
    }

    private async Task<int> RunWithPipesAsync(IReadOnlyList<string> arguments, string files, ContainerStreams streams, CancellationToken cancellationToken)
    {
        using var stdin = streams.Stdin is null ? null : new PipePair();
        using var stdout = new PipePair();
        using var stderr = new PipePair();
        var child = Start(stdin, stdout, stderr);
        var exit = DedicatedThread.RunAsync(child.Wait);
        using var registration = cancellationToken.Register(() => Abort(child, files));
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var input = stdin is null ? Task.CompletedTask : CopyInputAsync(streams.Stdin!, stdin, ended.Token);
        using var drained = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var output = Task.WhenAll(stdout.CopyToAsync(streams.Stdout, drained.Token), stderr.CopyToAsync(streams.Stderr, drained.Token));
        var exitCode = await exit.ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        drained.CancelAfter(DrainPatience);
        await Task.WhenAll(output, input).ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return exitCode;

        ChildProcess Start(PipePair? input, PipePair output, PipePair error)
        {
            List<(int, int)> descriptors = [(output.ChildWrites(), 1), (error.ChildWrites(), 2)];
            if (input is not null)
                descriptors.Add((input.ChildReads(), 0));
            var started = ChildProcess.Start(runtime.Path, arguments, [.. descriptors]);
            input?.CloseChildEnd();
            output.CloseChildEnd();
            error.CloseChildEnd();
            return started;
        }
    }

    private async Task<int> RunInTerminalAsync(IReadOnlyList<string> arguments, string files, string? console, ContainerStreams streams, CancellationToken cancellationToken)
    {
        using var own = console is null ? PseudoTerminal.Open() : null;
        var size = streams.Resize is not null && streams.Resize.TryRead(out var first) ? first : (TerminalSize?)null;
        if (size is { } known)
            own?.Resize(known);
        using var listener = console is null ? null : Listen(console);
        var child = ChildProcess.Start(runtime.Path, arguments, [], terminal: own?.SlaveName);
        var exit = DedicatedThread.RunAsync(child.Wait);
        using var registration = cancellationToken.Register(() => Abort(child, files));
        using var received = listener is null ? null : await ReceiveAsync(listener, console!, exit).ConfigureAwait(false);
        if ((own ?? received) is not { } terminal)
            return await exit.ConfigureAwait(false);
        if (size is { } wanted)
            received?.Resize(wanted);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var output = DedicatedThread.RunAsync(() => Show(terminal, streams.Stdout));
        var input = streams.Stdin is null ? Task.CompletedTask : TypeAsync(streams.Stdin, terminal, ended.Token);
        var resize = streams.Resize is null ? Task.CompletedTask : ResizeAsync(streams.Resize, terminal, ended.Token);
        var exitCode = await exit.ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        await Task.WhenAll(output.WaitAsync(DrainPatience), input, resize).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
        return exitCode;
    }

    private static Socket Listen(string path)
    {
        File.Delete(path);
        var listener = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        listener.Bind(new UnixDomainSocketEndPoint(path));
        listener.Listen(1);
        return listener;
    }

    /// <summary>The terminal that the runtime made, or null when it ended without making one.</summary>
    private static async Task<PseudoTerminal?> ReceiveAsync(Socket listener, string path, Task exit)
    {
        var accepted = listener.AcceptAsync();
        try
        {
            await Task.WhenAny(accepted, exit).ConfigureAwait(false);
            // It may have sent the terminal and ended in one breath.
            if (await Task.WhenAny(accepted, Task.Delay(SocketPatience)).ConfigureAwait(false) != accepted)
                return null;
            using var connection = await accepted.ConfigureAwait(false);
            return await DedicatedThread.RunAsync(() => PseudoTerminal.Receive(connection)).ConfigureAwait(false);
        }
        finally
        {
            File.Delete(path);
        }
    }

    /// <summary>On a thread of its own: shows all that the terminal prints, until the command's side is closed.</summary>
    private static void Show(PseudoTerminal terminal, Stream? stdout)
    {
        var buffer = new byte[16 * 1024];
        while (terminal.Read(buffer) is var read and > 0)
        {
            try
            {
                stdout?.Write(buffer, 0, read);
                stdout?.Flush();
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
            {
                // The user has gone; the command must not stand still over it.
                stdout = null;
            }
        }
    }

    private static async Task TypeAsync(Stream stdin, PseudoTerminal terminal, CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        try
        {
            while (await stdin.ReadAsync(buffer, cancellationToken).ConfigureAwait(false) is var read and > 0 && terminal.Write(buffer.AsSpan(0, read)))
            {
            }
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The command or the user has gone.
        }
    }

    private static async Task ResizeAsync(System.Threading.Channels.ChannelReader<TerminalSize> sizes, PseudoTerminal terminal, CancellationToken cancellationToken)
    {
        try
        {
            await foreach (var size in sizes.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                terminal.Resize(size);
        }
        catch (OperationCanceledException)
        {
            // The command has ended.
        }
    }

    private static async Task CopyInputAsync(Stream stdin, PipePair pipe, CancellationToken cancellationToken)
    {
        try
        {
            await pipe.CopyFromAsync(stdin, cancellationToken).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException or OperationCanceledException)
        {
            // The command reads no more, or has ended; or the user has gone.
        }
        finally
        {
            pipe.CloseOurEnd();
        }
    }

    /// <summary>Kills the command itself, whose pid on the host is in a file, and then the runtime that waits for it.</summary>
    private static void Abort(ChildProcess child, string files)
    {
        var file = Path.Combine(files, "pid");
        if (File.Exists(file) && int.TryParse(File.ReadAllText(file), NumberStyles.None, CultureInfo.InvariantCulture, out var pid) && pid > 1)
            Libc.Kill(pid, Libc.SignalKill);
        Libc.Kill(child.Pid, Libc.SignalKill);
    }

    private static async Task<string> WhyAsync(string files)
    {
        var log = Path.Combine(files, "log");
        var text = File.Exists(log) ? (await File.ReadAllTextAsync(log).ConfigureAwait(false)).Trim() : "";
        // "2026-01-02T03:04:05.678901Z: the reason"
        return text.IndexOf("Z: ", StringComparison.Ordinal) is var at and >= 0 ? text[(at + 3)..] : text.Length > 0 ? text : "unknown reason";
    }
}
