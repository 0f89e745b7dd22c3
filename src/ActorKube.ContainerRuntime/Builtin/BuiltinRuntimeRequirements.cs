using ActorKube.ContainerRuntime.Builtin.Native;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>What the built-in runtime needs of a machine: root on Linux, crun or runc, and conmon.</summary>
public static class BuiltinRuntimeRequirements
{
    private static readonly string[] Directories = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/libexec/podman", "/usr/lib/podman"];

    /// <summary>Whether this process may run containers at all: root on Linux.</summary>
    public static bool IsRootOnLinux => Libc.IsRoot;

    /// <summary>The Debian packages that are missing, in the order to install them; empty when all is there.</summary>
    public static IReadOnlyList<string> MissingPackages()
    {
        var missing = new List<string>();
        if (FindOciRuntime(null) is null)
            missing.Add("crun");
        if (Find("conmon", null) is null)
            missing.Add("conmon");
        return missing;
    }

    internal static string? FindOciRuntime(string? configured) => configured is not null ? Find("", configured) : Find("crun", null) ?? Find("runc", null);

    internal static string? Find(string name, string? configured)
    {
        if (configured is not null)
            return File.Exists(configured) ? configured : null;
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':', StringSplitOptions.RemoveEmptyEntries);
        return path.Concat(Directories).Select(d => Path.Combine(d, name)).FirstOrDefault(File.Exists);
    }
}
