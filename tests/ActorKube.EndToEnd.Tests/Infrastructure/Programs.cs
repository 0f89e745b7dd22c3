namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>The programs under test, as the build left them.</summary>
internal static class Programs
{
    public static string Root { get; } = FindRoot();

    public static string Actorkube { get; } = Built("ActorKube.Host", "actorkube");

    public static string Akctl { get; } = Built("ActorKube.Cli", "akctl");

    /// <summary>kubectl of every version that lies on this machine; the newest name last.</summary>
    public static IReadOnlyList<string> Kubectls { get; } = FindKubectls();

    /// <summary>Why the tests cannot run here, or null.</summary>
    public static string? Missing
    {
        get
        {
            if (!OperatingSystem.IsLinux() || !Environment.IsPrivilegedProcess)
                return "needs root on Linux: network namespaces and containers";
            var missing = new[] { "ip", "nsenter", "nft", "crun", "conmon", "kubectl", "busybox" }.Where(p => Find(p) is null).ToList();
            return missing.Count == 0 ? null : $"needs {string.Join(", ", missing)} on the machine: tests/run.sh installs them";
        }
    }

    /// <summary>Path of a program on the search path, or null.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Concat(["/usr/sbin", "/sbin"]).Select(folder => Path.Combine(folder, program)).FirstOrDefault(File.Exists);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "ActorKube.sln")))
            folder = Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("the solution is not above the test assembly");
        return folder;
    }

    // bin/<configuration>/net10.0 of the test is bin/<configuration>/net10.0 of the program.
    private static string Built(string project, string program)
    {
        var framework = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd('/'));
        return Path.Combine(Root, "src", project, "bin", framework.Parent!.Name, framework.Name, program);
    }

    private static List<string> FindKubectls()
    {
        if (Find("kubectl") is not { } found)
            return [];
        var real = new FileInfo(found).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? found;
        var versions = Directory.GetFiles(Path.GetDirectoryName(real)!, "kubectl.1.*").Order(StringComparer.Ordinal).ToList();
        return versions.Count > 0 ? versions : [found];
    }
}
