using System.Diagnostics;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>A child process of this one.</summary>
internal sealed class HostProcess : IDisposable
{
    // Something a process started in the background may hold its output open after it is gone.
    private static readonly TimeSpan LastOutput = TimeSpan.FromSeconds(1);
    private readonly System.Diagnostics.Process _process;

    private HostProcess(System.Diagnostics.Process process)
    {
        _process = process;
        try
        {
            StartedAt = new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds();
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // So short that it is over already: no leftover to be found later.
        }
    }

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>When the system says that it started, in Unix milliseconds.</summary>
    public long StartedAt { get; }

    /// <summary>What the process reads.</summary>
    public Stream Stdin => _process.StandardInput.BaseStream;

    /// <summary>CPU time used so far.</summary>
    public TimeSpan CpuTime
    {
        get
        {
            _process.Refresh();
            return _process.TotalProcessorTime;
        }
    }

    /// <summary>Memory in use.</summary>
    public long WorkingSet => _process.WorkingSet64;

    /// <summary>Starts it, or says why it cannot.</summary>
    public static HostProcess Start(ProcessLaunch launch)
    {
        var start = new ProcessStartInfo(launch.FileName, launch.Arguments)
        {
            WorkingDirectory = launch.WorkingDirectory,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (!OperatingSystem.IsWindows())
        {
            // On Windows nothing starts without SystemRoot and its kind.
            start.Environment.Clear();
        }

        foreach (var (name, value) in launch.Environment)
        {
            start.Environment[name] = value;
        }

        try
        {
            Directory.CreateDirectory(launch.WorkingDirectory);
            return new HostProcess(System.Diagnostics.Process.Start(start)!);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or IOException or UnauthorizedAccessException)
        {
            throw new ContainerRuntimeException($"failed to start the process: exec: \"{launch.FileName}\": {e.Message}", inner: e);
        }
    }

    /// <summary>Kills a process that an earlier runtime left behind, with its children, if it is still the same one.</summary>
    public static void KillLeftover(int id, long startedAt)
    {
        const int clockTolerance = 2000;
        try
        {
            using var process = System.Diagnostics.Process.GetProcessById(id);
            if (Math.Abs(new DateTimeOffset(process.StartTime).ToUnixTimeMilliseconds() - startedAt) < clockTolerance)
            {
                process.Kill(entireProcessTree: true);
            }
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            // It is gone.
        }
    }

    /// <summary>Hands out all output until the process has ended; returns its exit code, 128 and the number for a signal.</summary>
    public async Task<int> RunAsync(Func<ReadOnlyMemory<byte>, ValueTask> stdout, Func<ReadOnlyMemory<byte>, ValueTask> stderr)
    {
        using var over = new CancellationTokenSource();
        var pumps = Task.WhenAll(
            PumpAsync(_process.StandardOutput.BaseStream, stdout, over.Token), PumpAsync(_process.StandardError.BaseStream, stderr, over.Token));
        var exit = _process.WaitForExitAsync();
        if (await Task.WhenAny(exit, pumps).ConfigureAwait(false) == pumps && pumps.IsFaulted)
        {
            // Nobody takes the output any more, and the process would wait for ever to be rid of it.
            Kill();
        }

        await exit.ConfigureAwait(false);
        try
        {
            await pumps.WaitAsync(LastOutput).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            await over.CancelAsync().ConfigureAwait(false);
            await pumps.ConfigureAwait(false);
        }

        return _process.ExitCode;
    }

    /// <summary>Asks the process to end. Where there are no signals it is killed.</summary>
    public void Signal(int signal)
    {
        if (OperatingSystem.IsWindows())
        {
            Kill();
        }
        else if (!_process.HasExited)
        {
            UnixSignals.Send(_process.Id, signal);
        }
    }

    /// <summary>Ends the process and all that it started.</summary>
    public void Kill() => _process.Kill(entireProcessTree: true);

    /// <inheritdoc/>
    public void Dispose() => _process.Dispose();

    private static async Task PumpAsync(Stream from, Func<ReadOnlyMemory<byte>, ValueTask> to, CancellationToken cancellationToken)
    {
        var buffer = new byte[32 * 1024];
        try
        {
            while (await from.ReadAsync(buffer, cancellationToken).AsTask().WaitAsync(cancellationToken).ConfigureAwait(false) is var count and > 0)
            {
                await to(buffer.AsMemory(0, count)).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // The process is gone; who still holds its output is none of its own.
        }
    }
}
