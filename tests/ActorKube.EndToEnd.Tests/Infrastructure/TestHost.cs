using System.Diagnostics;
using System.Security.Cryptography;
using System.Text;

namespace ActorKube.EndToEnd.Tests.Infrastructure;

/// <summary>
/// A machine of its own for a cluster under test: a network namespace, so that its bridges, Services and ports meet nobody else's, and a folder.
/// Disposing removes everything that ran or was mounted in it.
/// </summary>
internal sealed class TestHost : IAsyncDisposable
{
    /// <summary>The machine's address on the network that it seems to be on.</summary>
    public const string Address = "192.0.2.10";

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
        // An address and a default route, as a machine on a network has them. Nobody is at the other end of the wire.
        (await host.RunAsync("ip", ["link", "add", "eth0", "type", "veth", "peer", "name", "wire"])).Must();
        (await host.RunAsync("ip", ["addr", "add", $"{Address}/24", "dev", "eth0"])).Must();
        (await host.RunAsync("ip", ["link", "set", "wire", "up"])).Must();
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

    /// <summary>One request from the host; the body, or null when it failed.</summary>
    public async Task<string?> GetAsync(string url)
    {
        var answer = await RunAsync("curl", ["--silent", "--fail", "--globoff", "--max-time", "5", url]);
        return answer.ExitCode == 0 ? answer.Out : null;
    }

    /// <summary>The folder of a process of the cluster.</summary>
    public string DataOf(string process) => Path.Combine(Folder, process);

    /// <summary>The parent of the pods' cgroups of a node process: one of its own, so that its containers are known by it.</summary>
    public string CgroupOf(string process) => $"/{_name}-{process}";

    /// <summary>
    /// Process ids of the containers' first processes of a node process, all or those of one pod. What they start themselves does not count: a server may have
    /// one for each request, and a probe is one.
    /// </summary>
    public IReadOnlyList<int> Containers(string process, string podUid = "")
    {
        var parents = new Dictionary<int, int>();
        foreach (var running in Process.GetProcesses())
        {
            using (running)
            {
                if (ReadOf(running, "cgroup") is var cgroup && cgroup.Contains(CgroupOf(process) + "/", StringComparison.Ordinal) && cgroup.Contains(podUid, StringComparison.Ordinal))
                    parents[running.Id] = ParentOf(running);
            }
        }

        return [.. parents.Where(p => p.Value != 0 && !parents.ContainsKey(p.Value)).Select(p => p.Key)];
    }

    /// <summary>Kills the containers of a node process, and what watches over them, as a machine that loses power does.</summary>
    public void KillContainersOf(string process)
    {
        foreach (var running in Process.GetProcesses())
        {
            using (running)
            {
                if (ReadOf(running, "cmdline").Contains(StateOf(process), StringComparison.Ordinal) || ReadOf(running, "cgroup").Contains(CgroupOf(process) + "/", StringComparison.Ordinal))
                    running.Kill();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!Directory.Exists(Folder))
            return; // disposed before
        // Containers outlive the process that started them.
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                if (process.Id != Environment.ProcessId && ReadOf(process, "cmdline").Contains(Folder, StringComparison.Ordinal))
                    process.Kill();
            }
        }

        foreach (var process in Directory.GetDirectories(Folder).Select(folder => Path.GetFileName(folder)))
        {
            KillContainersOf(process);
            await UnmountAsync(StateOf(process));
            if (Directory.Exists(StateOf(process)))
                Directory.Delete(StateOf(process), recursive: true);
            await RemoveCgroupAsync(CgroupOf(process));
            await RemoveCgroupAsync($"/actorkube-{Path.GetFileName(StateOf(process))}");
        }

        await UnmountAsync(Folder);
        await Command.RunAsync("ip", ["netns", "delete", _name]);
        Directory.Delete(Folder, recursive: true);
    }

    // The built-in runtime names what it keeps outside the data folder after a hash of the folder's path.
    private string StateOf(string process) => $"/run/actorkube/{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(DataOf(process))))[..8]}";

    private static int ParentOf(Process process) =>
        ReadOf(process, "status").Split('\n').FirstOrDefault(l => l.StartsWith("PPid:", StringComparison.Ordinal)) is { } line
            ? int.Parse(line.AsSpan(5).Trim(), System.Globalization.CultureInfo.InvariantCulture)
            : 0; // it ended meanwhile

    private static string ReadOf(Process process, string file)
    {
        try
        {
            return File.ReadAllText($"/proc/{process.Id}/{file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return ""; // it ended meanwhile
        }
    }

    private static async Task UnmountAsync(string folder)
    {
        var mounts = File.ReadLines("/proc/mounts").Select(line => line.Split(' ')[1]).Where(path => path.StartsWith(folder, StringComparison.Ordinal)).Reverse().ToList();
        foreach (var path in mounts)
            await Command.RunAsync("umount", ["-l", path]);
    }

    private static async Task RemoveCgroupAsync(string cgroup)
    {
        foreach (var hierarchy in Directory.GetDirectories("/sys/fs/cgroup").Append("/sys/fs/cgroup").Where(h => Directory.Exists(h + cgroup)))
        {
            // Processes that were killed leave their cgroup a moment later.
            await Command.EventuallyAsync(
                async () => await Command.RunAsync("find", [hierarchy + cgroup, "-depth", "-type", "d", "-exec", "rmdir", "{}", ";"]) is var _ && !Directory.Exists(hierarchy + cgroup),
                gone => gone, TimeSpan.FromSeconds(10), $"the cgroup {hierarchy + cgroup} is gone");
        }
    }
}
