using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>How a container's, or an exec's, process is started on the host.</summary>
/// <param name="FileName">The program, by its path on the host.</param>
/// <param name="Arguments">Its arguments.</param>
/// <param name="WorkingDirectory">Where it starts, on the host.</param>
/// <param name="Environment">Its whole environment.</param>
internal sealed record ProcessLaunch(
    string FileName, IReadOnlyList<string> Arguments, string WorkingDirectory, IReadOnlyDictionary<string, string> Environment)
{
    /// <summary>Tells a program where the image's files are, since for it <c>/</c> is the host's.</summary>
    public const string RootVariable = "ACTORKUBE_ROOTFS";

    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    /// <summary>The main process of a container: Kubernetes' command and args over the image's entrypoint and command.</summary>
    public static ProcessLaunch OfContainer(ContainerConfig config, OciProcessConfig image, string root, string hostname)
    {
        IReadOnlyList<string> command = config.Command;
        IReadOnlyList<string> arguments = config.Args;
        if (command.Count == 0)
        {
            arguments = arguments.Count > 0 ? arguments : image.Cmd ?? [];
            command = image.Entrypoint is [""] ? [] : image.Entrypoint ?? [];
        }

        return Of([.. command, .. arguments], config, image, root, hostname);
    }

    /// <summary>A command in a container's surroundings.</summary>
    public static ProcessLaunch Of(IReadOnlyList<string> command, ContainerConfig config, OciProcessConfig image, string root, string hostname)
    {
        if (command.Count == 0)
        {
            throw new ContainerRuntimeException("no command specified");
        }

        var environment = Variables(config, image, hostname);
        var path = environment.GetValueOrDefault("PATH") ?? DefaultPath;
        var directory = config.WorkingDir is { Length: > 0 } own ? own : image.WorkingDir is { Length: > 0 } images ? images : "/";
        var program = Find(command[0], path, directory, root);
        environment["PATH"] = SearchPath(path, root);
        environment[RootVariable] = root;
        return new ProcessLaunch(program, [.. command.Skip(1)], OnHost(root, directory), environment);
    }

    /// <summary>The place on the host of a path in the image; <c>..</c> does not lead out.</summary>
    public static string OnHost(string root, string path) => root + Path.GetFullPath(path, "/").TrimEnd('/');

    /// <summary>First the image's programs, then the host's: <c>/bin</c> becomes <c>ROOT/bin:/bin</c>.</summary>
    internal static string SearchPath(string path, string root)
    {
        var directories = path.Split(':', StringSplitOptions.RemoveEmptyEntries);
        return string.Join(Path.PathSeparator, directories.Select(d => OnHost(root, d)).Concat(directories));
    }

    private static Dictionary<string, string> Variables(ContainerConfig config, OciProcessConfig image, string hostname)
    {
        var variables = new Dictionary<string, string> { ["HOSTNAME"] = hostname, ["HOME"] = "/root" };
        foreach (var variable in image.Env ?? [])
        {
            var equals = variable.IndexOf('=');
            if (equals > 0)
            {
                variables[variable[..equals]] = variable[(equals + 1)..];
            }
        }

        foreach (var variable in config.Envs)
        {
            variables[variable.Key] = variable.Value.ToStringUtf8();
        }

        return variables;
    }

    private static string Find(string program, string path, string directory, string root)
    {
        if (program.Contains('/'))
        {
            var file = OnHost(root, Path.Combine(directory, program));
            return IsExecutable(file) ? file
                : File.Exists(file) ? throw Failure($"exec: \"{program}\": permission denied")
                : throw Failure($"exec: \"{program}\": stat {program}: no such file or directory");
        }

        return path.Split(':', StringSplitOptions.RemoveEmptyEntries).Select(d => OnHost(root, Path.Combine(d, program))).FirstOrDefault(IsExecutable)
            ?? throw Failure($"exec: \"{program}\": executable file not found in $PATH");
    }

    private static bool IsExecutable(string file)
    {
        const UnixFileMode execute = UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;
        return File.Exists(file) && (OperatingSystem.IsWindows() || (File.GetUnixFileMode(file) & execute) != 0);
    }

    private static ContainerRuntimeException Failure(string message) => new($"failed to start the process: {message}");
}
