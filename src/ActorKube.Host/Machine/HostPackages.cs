using System.Diagnostics;

namespace ActorKube.Host.Machine;

/// <summary>
/// The small programs a node calls: <c>nft</c> and <c>ip</c> for the network, and where no container runtime is found, <c>crun</c> and <c>conmon</c>
/// for the built-in one. On Debian and Ubuntu, as root, missing ones are installed.
/// </summary>
public static class HostPackages
{
    /// <summary>A program and the Debian package that brings it; any one of the programs is enough.</summary>
    public sealed record Need(string Package, params string[] Programs);

    private static readonly Need[] Network = [new("nftables", "nft"), new("iproute2", "ip")];
    private static readonly Need[] BuiltInRuntime = [new("crun", "crun", "runc"), new("conmon", "conmon")];

    /// <summary>The packages whose programs are not on the machine.</summary>
    /// <param name="builtInRuntime">Whether the built-in runtime's programs are needed too.</param>
    /// <param name="isPresent">Tells whether a program is on the machine.</param>
    public static IReadOnlyList<string> Missing(bool builtInRuntime, Func<string, bool> isPresent) =>
        [.. Network.Concat(builtInRuntime ? BuiltInRuntime : []).Where(n => !n.Programs.Any(isPresent)).Select(n => n.Package)];

    /// <summary>What a user would type.</summary>
    public static string Command(IEnumerable<string> packages) => $"apt-get install -y --no-install-recommends {string.Join(' ', packages)}";

    /// <summary>Whether packages can be installed here: Linux with apt, as root.</summary>
    public static bool CanInstall => OperatingSystem.IsLinux() && Environment.IsPrivilegedProcess && IsOnPath("apt-get");

    /// <summary>Whether a program is on the path or where administrators' programs are.</summary>
    public static bool IsOnPath(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Concat(["/usr/sbin", "/sbin", "/usr/local/sbin"])
        .Any(folder => File.Exists(Path.Combine(folder, program)));

    /// <summary>Installs packages; lists are fetched first only where the packages are not known yet. Returns what went wrong, or null.</summary>
    public static async Task<string?> InstallAsync(IReadOnlyList<string> packages, CancellationToken cancellation)
    {
        var error = await RunAsync(["install", "-y", "--no-install-recommends", .. packages], cancellation);
        if (error is null)
            return null;
        return await RunAsync(["update", "-qq"], cancellation) ?? await RunAsync(["install", "-y", "--no-install-recommends", .. packages], cancellation);
    }

    private static async Task<string?> RunAsync(string[] arguments, CancellationToken cancellation)
    {
        var start = new ProcessStartInfo("apt-get", arguments) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["DEBIAN_FRONTEND"] = "noninteractive";
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync(cancellation);
        var errors = await process.StandardError.ReadToEndAsync(cancellation);
        await output;
        await process.WaitForExitAsync(cancellation);
        return process.ExitCode == 0 ? null : $"apt-get {arguments[0]} failed: {errors.Trim().Split('\n')[^1]}";
    }
}
