using System.Diagnostics;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>A program that runs while the test goes on.</summary>
internal sealed class HostProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly StreamWriter _log;
    private readonly string _logFile;

    private HostProcess(Process process, string logFile)
    {
        (_process, _logFile) = (process, logFile);
        _log = new StreamWriter(new FileStream(logFile, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
        process.OutputDataReceived += (_, e) => Log(e.Data);
        process.ErrorDataReceived += (_, e) => Log(e.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    /// <summary>Memory that it holds, in MB.</summary>
    public long ResidentMegabytes => Process.GetProcessById(Id).WorkingSet64 / 1_000_000;

    public bool HasExited => _process.HasExited;

    /// <summary>Everything it printed so far.</summary>
    public string Printed
    {
        get
        {
            using var reader = new StreamReader(new FileStream(_logFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
            return reader.ReadToEnd();
        }
    }

    public static HostProcess Start(string logFile, string program, IEnumerable<string> arguments) => new(
        Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!, logFile);

    /// <summary>Waits until it has printed a text. Fails with what it printed instead.</summary>
    public Task<string> PrintsAsync(string text, TimeSpan? within = null) => Command.EventuallyAsync(
        () => Task.FromResult(Printed),
        printed => printed.Contains(text, StringComparison.Ordinal) || (HasExited ? throw new InvalidOperationException($"it ended without printing '{text}':\n{printed}") : false),
        within, $"'{text}' is printed");

    /// <summary>Waits until it ends by itself; its exit code.</summary>
    public async Task<int> EndsAsync(TimeSpan within)
    {
        await _process.WaitForExitAsync().WaitAsync(within);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL: the process gets no chance to tidy up.</summary>
    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGINT, as Ctrl-C sends it. Returns the exit code.</summary>
    public async Task<int> InterruptAsync()
    {
        (await Command.RunAsync("kill", ["-INT", _process.Id.ToString()])).Must();
        return await EndsAsync(TimeSpan.FromSeconds(60));
    }

    public async ValueTask DisposeAsync()
    {
        if (!_process.HasExited)
            await KillAsync();
        _process.Dispose();
        await _log.DisposeAsync();
    }

    private void Log(string? line)
    {
        if (line is null)
            return;
        lock (_log)
            _log.WriteLine(line);
    }
}
