using System.Text;
using System.Text.Json;
using ActorKube.ContainerRuntime.Builtin.Native;
using Microsoft.Win32.SafeHandles;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>
/// conmon is the shim: one small process per container that holds its streams, writes its log in Kubernetes' format and its exit code to a file.
/// It is a daemon of its own, so containers live on when this process ends.
/// </summary>
internal sealed class Conmon(string path, OciRuntime runtime, RuntimeDirectories directories)
{
    private const int SyncDescriptor = 3;

    /// <summary>Creates a container of the bundle that is prepared under its id; returns its first process, which waits to be started. On the calling thread.</summary>
    public int Create(string id, string? logPath, bool stdin, bool keepStdinOpen, bool terminal)
    {
        var bundle = directories.Bundle(id);
        var (program, programArguments) = runtime.CreateCommand;
        List<string> arguments =
        [
            "--api-version", "1", "-c", id, "-u", id, "-n", id, "-b", bundle, "-r", program,
            .. programArguments.SelectMany(a => (string[])["--runtime-arg", a]),
            "-l", logPath is null ? "none" : $"k8s-file:{logPath}",
            "--exit-dir", directories.Exits, "--persist-dir", bundle,
            "-p", Path.Combine(bundle, "pidfile"), "-P", Path.Combine(bundle, "conmon.pid"),
            "--full-attach", "--no-sync-log", "--log-level", "error",
        ];
        if (stdin)
            arguments.Add("-i");
        if (stdin && keepStdinOpen)
            arguments.Add("--leave-stdin-open");
        if (terminal)
            arguments.Add("-t");
        var (read, write) = Libc.Pipe();
        using var sync = new FileStream(new SafeFileHandle(read, ownsHandle: true), FileAccess.Read, 0);
        int exit;
        try
        {
            exit = ChildProcess.Start(path, arguments, [(write, SyncDescriptor)], [$"_OCI_SYNCPIPE={SyncDescriptor}"]).Wait();
        }
        finally
        {
            Libc.Close(write);
        }
        if (exit != 0)
            throw new ContainerRuntimeException($"conmon exited with code {exit}");
        var (pid, message) = ReadAnswer(sync);
        return pid > 0 ? pid : throw new ContainerRuntimeException($"OCI runtime create failed: {message}");
    }

    /// <summary>Whether the shim of a container lives.</summary>
    public bool IsAlive(string id)
    {
        var file = Path.Combine(directories.Bundle(id), "conmon.pid");
        return File.Exists(file) && int.TryParse(File.ReadAllText(file), out var pid) && ProcessTable.StartTicks(pid) is not null;
    }

    /// <summary>Whether the kernel killed a process of the container for want of memory.</summary>
    public bool WasOutOfMemory(string id) => File.Exists(Path.Combine(directories.Bundle(id), "oom"));

    /// <summary>Tells the shim the terminal's size.</summary>
    public void Resize(string id, TerminalSize size) => Control(id, $"1 {size.Height} {size.Width}\n");

    /// <summary>Tells the shim to open its log file anew.</summary>
    public void ReopenLog(string id) => Control(id, "2 0 0\n");

    private void Control(string id, string command)
    {
        using var pipe = new FileStream(Path.Combine(directories.Bundle(id), "ctl"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite, 0);
        pipe.Write(Encoding.ASCII.GetBytes(command));
    }

    /// <summary>conmon answers with one line: <c>{"data": pid}</c>, or a negative number and why.</summary>
    private static (int Pid, string Message) ReadAnswer(Stream sync)
    {
        using var reader = new StreamReader(sync);
        var line = reader.ReadLine();
        if (string.IsNullOrEmpty(line))
            return (-1, "conmon ended without an answer");
        using var answer = JsonDocument.Parse(line);
        var message = answer.RootElement.TryGetProperty("message", out var text) ? text.GetString() ?? "" : "";
        return (answer.RootElement.GetProperty("data").GetInt32(), message.Trim());
    }
}
