using ActorKube.ContainerRuntime.Builtin.Native;
using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>The commands of crun or runc that need no shim. Each runs on a thread of its own, for they block for milliseconds.</summary>
internal sealed class OciRuntime
{
    private const int DeleteAttempts = 3;

    private readonly string _stateDirectory;
    private readonly string? _wrapper;

    /// <param name="path">crun or runc.</param>
    /// <param name="stateDirectory">Where it keeps its state.</param>
    /// <param name="hybridCgroups">
    /// crun before 1.9 refuses a machine with version 1 cgroups and a version 2 tree beside them. It works where that tree is out of sight, which a tiny program arranges.
    /// </param>
    public OciRuntime(string path, string stateDirectory, bool hybridCgroups)
    {
        Path = path;
        _stateDirectory = stateDirectory;
        if (!hybridCgroups || !IsCrun)
            return;
        _wrapper = System.IO.Path.Combine(stateDirectory, "..", "without-unified-cgroups");
        File.WriteAllBytes(_wrapper + ".new", TinyPrograms.WithoutUnifiedCgroups(TinyAssembler.Current));
        PosixFile.SetMode(_wrapper + ".new", 0x1ED); // 0755
        File.Move(_wrapper + ".new", _wrapper, overwrite: true);
    }

    public string Path { get; }

    /// <summary>The program that conmon starts to create containers, and its first arguments.</summary>
    public (string Program, IReadOnlyList<string> Arguments) CreateCommand =>
        _wrapper is null ? (Path, ["--root", _stateDirectory]) : (_wrapper, [Path, "--root", _stateDirectory]);

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
        var (code, output) = ChildProcess.Run(Path, ["--root", _stateDirectory, "start", id]);
        if (code != 0)
            throw new ContainerRuntimeException(output);
    }

    /// <summary>Forgets a container, killing what is left of it. One that it does not know is fine; on the calling thread.</summary>
    public void Delete(string id)
    {
        for (var attempt = 1; Directory.Exists(System.IO.Path.Combine(_stateDirectory, id)); attempt++)
        {
            var (code, output) = ChildProcess.Run(Path, ["--root", _stateDirectory, "delete", "--force", id]);
            if (code == 0 || !Directory.Exists(System.IO.Path.Combine(_stateDirectory, id)))
                return;

            // The process may end just while it is being killed, which crun takes for a failure.
            if (attempt == DeleteAttempts)
                throw new ContainerRuntimeException($"failed to delete container {id}: {output}");
        }
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
        List<string> arguments = ["--root", _stateDirectory, "--log", logFile, "exec", "--process", processFile, "--pid-file", pidFile];
        if (terminal)
            arguments.Add("--tty");
        if (consoleSocket is not null)
            arguments.AddRange("--console-socket", consoleSocket);
        arguments.Add(id);
        return arguments;
    }
}
