using System.Diagnostics;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>
/// A machine of its own for a cluster under test: a network namespace, so that its bridges, Services and ports meet nobody else's, and a folder.
/// Disposing removes everything that ran or was mounted in it.
/// </summary>
internal sealed class TestHost : IAsyncDisposable
{
    private static int _count;
    private readonly string _name = $"akt{Environment.ProcessId % 100000}-{Interlocked.Increment(ref _count)}";

    private TestHost() => Folder = Directory.CreateTempSubdirectory(_name + "-").FullName;

    public string Folder { get; }

    /// <summary>Name of the network namespace.</summary>
    public string Namespace => _name;

    public static async Task<TestHost> CreateAsync()
    {
        var host = new TestHost();
        (await Command.RunAsync("ip", ["netns", "add", host._name])).Must();
        (await host.RunAsync("ip", ["link", "set", "lo", "up"])).Must();
        // An address and a default route, as a machine on a network has them.
        (await host.RunAsync("ip", ["link", "add", "eth0", "type", "dummy"])).Must();
        (await host.RunAsync("ip", ["addr", "add", "192.0.2.10/24", "dev", "eth0"])).Must();
        (await host.RunAsync("ip", ["link", "set", "eth0", "up"])).Must();
        (await host.RunAsync("ip", ["route", "add", "default", "via", "192.0.2.1"])).Must();
        return host;
    }

    /// <summary>The command line that runs a program on this host.</summary>
    public string[] Inside(string program, IEnumerable<string> arguments) => [$"--net=/run/netns/{_name}", "--", program, .. arguments];

    public Task<Output> RunAsync(string program, IEnumerable<string> arguments, string? input = null, TimeSpan? timeout = null) =>
        Command.RunAsync("nsenter", Inside(program, arguments), input, timeout);

    /// <summary>Starts a program that goes on; what it prints is kept in a file of the folder.</summary>
    public HostProcess Start(string program, string log, params string[] arguments) => HostProcess.Start(Path.Combine(Folder, log), "nsenter", Inside(program, arguments));

    public async ValueTask DisposeAsync()
    {
        // Containers outlive the process that started them; they are known by the folder they run from.
        foreach (var process in Process.GetProcesses().Where(RunsHere))
            process.Kill();
        await UnmountAsync();
        await Command.RunAsync("ip", ["netns", "delete", _name]);
        Directory.Delete(Folder, recursive: true);
    }

    private bool RunsHere(Process process)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/cmdline").Contains(Folder, StringComparison.Ordinal)
                || new FileInfo($"/proc/{process.Id}/root").ResolveLinkTarget(false)?.FullName.StartsWith(Folder, StringComparison.Ordinal) == true
                || File.ReadAllText($"/proc/{process.Id}/mounts").Split('\n')[0].Contains(Folder, StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // it ended meanwhile
        }
    }

    private async Task UnmountAsync()
    {
        var mounts = File.ReadLines("/proc/mounts").Select(line => line.Split(' ')[1]).Where(path => path.StartsWith(Folder, StringComparison.Ordinal)).Reverse().ToList();
        foreach (var path in mounts)
            await Command.RunAsync("umount", ["-l", path]);
    }
}
