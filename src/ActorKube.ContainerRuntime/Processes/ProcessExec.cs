using ActorKube.ContainerRuntime.Streaming;
using Google.Protobuf;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>Runs one command beside a container, with streams or to its end.</summary>
internal static class ProcessExec
{
    /// <summary>Runs with live streams; returns the exit code. A caller that gives up ends the command.</summary>
    public static async Task<int> RunAsync(ProcessLaunch launch, ContainerStreams streams, CancellationToken cancellationToken)
    {
        using var process = HostProcess.Start(launch);
        await using var killed = cancellationToken.Register(process.Kill);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var input = FeedAsync(streams.Stdin, process.Stdin, closeAtEnd: true, over.Token);
        var code = await process.RunAsync(b => WriteAsync(streams.Stdout, b), b => WriteAsync(streams.Stderr ?? streams.Stdout, b)).ConfigureAwait(false);
        await over.CancelAsync().ConfigureAwait(false);
        await input.ConfigureAwait(false);
        cancellationToken.ThrowIfCancellationRequested();
        return code;

        ValueTask WriteAsync(Stream? to, ReadOnlyMemory<byte> bytes) => to is null ? default : to.WriteAsync(bytes, cancellationToken);
    }

    /// <summary>Runs to the end, or fails when the time is over.</summary>
    public static async Task<ExecSyncResponse> RunAsync(ProcessLaunch launch, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        using var late = timeout > TimeSpan.Zero ? new CancellationTokenSource(timeout, time) : new CancellationTokenSource();
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, late.Token);
        using var stdout = new MemoryStream();
        using var stderr = new MemoryStream();
        try
        {
            var code = await RunAsync(launch, new ContainerStreams(null, stdout, stderr), either.Token).ConfigureAwait(false);
            return new ExecSyncResponse
            {
                ExitCode = code,
                Stdout = ByteString.CopyFrom(stdout.GetBuffer(), 0, (int)stdout.Length),
                Stderr = ByteString.CopyFrom(stderr.GetBuffer(), 0, (int)stderr.Length),
            };
        }
        catch (OperationCanceledException) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new ContainerRuntimeException($"command {launch.FileName} timed out after {timeout}", ContainerRuntimeError.Timeout);
        }
    }

    /// <summary>Gives a process its input. Input that is still to come when the process ends is not waited for.</summary>
    public static async Task FeedAsync(Stream? from, Stream to, bool closeAtEnd, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        try
        {
            while (from is not null && await from.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false) is var count and > 0)
            {
                await to.WriteAsync(buffer.AsMemory(0, count), cancellationToken).ConfigureAwait(false);
                await to.FlushAsync(cancellationToken).ConfigureAwait(false);
            }

            if (closeAtEnd)
            {
                to.Close();
            }
        }
        catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException)
        {
            // The process takes no more input, or the session is over.
        }
    }
}
