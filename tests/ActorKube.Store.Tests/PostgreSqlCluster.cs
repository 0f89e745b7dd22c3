using System.Diagnostics;
using System.Globalization;

namespace ActorKube.Store.Tests;

/// <summary>A private PostgreSQL server on a Unix socket in a temporary directory.</summary>
internal sealed class PostgreSqlCluster : IDisposable
{
    private readonly string _directory;
    private readonly string _binaries;

    private PostgreSqlCluster(string directory, string binaries) => (_directory, _binaries) = (directory, binaries);

    /// <summary>Where the server's programs are, or null where it is not installed.</summary>
    public static string? Binaries { get; } = !Directory.Exists("/usr/lib/postgresql") ? null : Directory
        .EnumerateDirectories("/usr/lib/postgresql")
        .Select(version => Path.Combine(version, "bin"))
        .FirstOrDefault(bin => File.Exists(Path.Combine(bin, "initdb")));

    public string ConnectionString => $"Host={_directory};Username=postgres;Database=postgres";

    /// <summary>The server's main process.</summary>
    public int ProcessId => int.Parse(File.ReadLines(Path.Combine(Data, "postmaster.pid")).First(), CultureInfo.InvariantCulture);

    public static PostgreSqlCluster Start() => Start(Path.GetTempPath());

    /// <summary>The same with its data on a disk of choice.</summary>
    public static PostgreSqlCluster Start(string parent)
    {
        var cluster = new PostgreSqlCluster(Directory.CreateDirectory(Path.Combine(parent, "actorkube-pg-" + Path.GetRandomFileName())).FullName, Binaries!);
        if (Environment.UserName == "root")
            Run("chown", "postgres", cluster._directory);
        cluster.AsServer("initdb", "-D", cluster.Data, "-U", "postgres", "-A", "trust", "--no-sync");
        cluster.Control("start");
        return cluster;
    }

    /// <summary>Ends the server as a crash would.</summary>
    public void Crash() => Control("stop", "-m", "immediate");

    /// <summary>Starts it again.</summary>
    public void Restart() => Control("start");

    public void Dispose()
    {
        Crash();
        Directory.Delete(_directory, recursive: true);
    }

    private string Data => Path.Combine(_directory, "data");

    private void Control(string action, params string[] more) => AsServer(
        "pg_ctl",
        [action, "-w", "-D", Data, "-l", Path.Combine(_directory, "log"), "-o", $"-c listen_addresses='' -c unix_socket_directories={_directory}", .. more]);

    // The server refuses to run as root.
    private void AsServer(string program, params string[] arguments)
    {
        var path = Path.Combine(_binaries, program);
        if (Environment.UserName == "root")
            Run("runuser", ["-u", "postgres", "--", path, .. arguments]);
        else
            Run(path, arguments);
    }

    private static void Run(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { WorkingDirectory = "/", RedirectStandardOutput = true };
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0)
            throw new InvalidOperationException($"{program} {string.Join(' ', arguments)} ended with {process.ExitCode}\n{output}");
    }
}
