using ActorKube.ContainerRuntime.Builtin.Native;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>The commands of crun or runc that need no shim. Each runs on a thread of its own, for they block for milliseconds.</summary>
internal sealed class OciRuntime(string path, string stateDirectory, bool wrapForHybrid)
{
    /// <summary>
    /// crun before 1.9 refuses a machine with version 1 cgroups and a version 2 tree beside them. In a mount namespace without that tree it works;
    /// slave propagation lets the host's mounts in and nothing out.
    /// </summary>
    private const string HybridScript = """umount /sys/fs/cgroup/unified && exec "$0" "$@" """;

    public string Path { get; } = path;

    /// <summary>The program that conmon starts to create containers, and its first arguments.</summary>
    public (string Program, IReadOnlyList<string> Arguments) CreateCommand =>
        wrapForHybrid && IsCrun
            ? ("/usr/bin/unshare", ["-m", "--propagation", "slave", "/bin/sh", "-c", HybridScript, Path, "--root", stateDirectory])
            : (Path, ["--root", stateDirectory]);

    /// <summary>
    /// Whether exec hands its terminal over by a console socket. crun's own copying between terminals (seen in 1.8) never tells the size; runc's does, and runc refuses
    /// a socket for a command that it waits for.
    /// </summary>
    public bool SendsTerminal => IsCrun;

    private bool IsCrun => System.IO.Path.GetFileName(Path).StartsWith("crun", StringComparison.Ordinal);

    public string Version()
    {
        var (code, output) = ChildProcess.Run(Path, ["--version"]);
        return code == 0 ? output.Split('\n')[0].Trim() : $"{System.IO.Path.GetFileName(Path)} (unknown version)";
    }

    /// <summary>Lets a created container's process go; on the calling thread.</summary>
    public void Start(string id)
    {
        var (code, output) = ChildProcess.Run(Path, ["--root", stateDirectory, "start", id]);
        if (code != 0)
            throw new ContainerRuntimeException(output);
    }

    /// <summary>Forgets a container, killing what is left of it. One that it does not know is fine; on the calling thread.</summary>
    public void Delete(string id)
    {
        if (!Directory.Exists(System.IO.Path.Combine(stateDirectory, id)))
            return;
        var (code, output) = ChildProcess.Run(Path, ["--root", stateDirectory, "delete", "--force", id]);
        if (code != 0 && Directory.Exists(System.IO.Path.Combine(stateDirectory, id)))
            throw new ContainerRuntimeException($"failed to delete container {id}: {output}");
    }

    /// <summary>Changes a running container's cgroup limits; on the calling thread.</summary>
    public void Update(string id, string resourcesFile)
    {
        var (program, arguments) = CreateCommand;
        var (code, output) = ChildProcess.Run(program, [.. arguments, "update", "--resources", resourcesFile, id]);
        if (code != 0)
            throw new ContainerRuntimeException($"failed to update resources of container {id}: {output}");
    }

    /// <summary>Arguments that run a process, described by a file, in a container; its pid goes to a file, the runtime's own complaints to another.</summary>
    public IReadOnlyList<string> ExecArguments(string id, string processFile, string pidFile, string logFile, bool terminal, string? consoleSocket)
    {
        List<string> arguments = ["--root", stateDirectory, "--log", logFile, "exec", "--process", processFile, "--pid-file", pidFile];
        if (terminal)
            arguments.Add("--tty");
        if (consoleSocket is not null)
            arguments.AddRange("--console-socket", consoleSocket);
        arguments.Add(id);
        return arguments;
    }
}
