using System.Globalization;
using ActorKube.ContainerRuntime.Builtin.Native;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>
/// The cgroup file system of this machine, version 1, 2 or the hybrid of both, seen through the few files that the runtime reads and the
/// directories it cleans up.
/// </summary>
internal sealed class Cgroups
{
    private const string MountPoint = "/sys/fs/cgroup";
    private readonly string _root;

    private Cgroups(string root, bool unified, IReadOnlyList<string> hierarchies)
    {
        _root = root;
        IsUnified = unified;
        Hierarchies = hierarchies;
    }

    /// <summary>Version 2 alone.</summary>
    public bool IsUnified { get; }

    /// <summary>Version 1 with a version 2 tree beside it, which crun 1.8 refuses to start containers on.</summary>
    public bool IsHybrid => !IsUnified && Hierarchies.Any(h => h == Path.Combine(_root, "unified"));

    /// <summary>The directories that a cgroup path hangs below, one per version 1 controller.</summary>
    public IReadOnlyList<string> Hierarchies { get; }

    /// <summary>Whether the machine has a controller: <c>cpu</c>, <c>memory</c>, <c>cpuset</c>, <c>pids</c>.</summary>
    public bool HasController(string controller) =>
        IsUnified
            ? File.ReadAllText(Path.Combine(_root, "cgroup.controllers")).Split([' ', '\n']).Contains(controller)
            : Hierarchies.Any(h => Path.GetFileName(h).Split(',').Contains(controller));

    public static Cgroups Detect(string root = MountPoint)
    {
        if (File.Exists(Path.Combine(root, "cgroup.controllers")))
            return new Cgroups(root, true, [root]);
        var hierarchies = System.IO.Directory.Exists(root)
            ? System.IO.Directory.EnumerateDirectories(root).Where(d => new DirectoryInfo(d).LinkTarget is null && File.Exists(Path.Combine(d, "cgroup.procs"))).ToArray()
            : [];
        return new Cgroups(root, false, hierarchies);
    }

    /// <summary>Removes a cgroup that has no process left; its parents stay. A cgroup that is still busy stays too.</summary>
    public void Remove(string cgroup)
    {
        foreach (var hierarchy in Hierarchies)
        {
            var directory = hierarchy + cgroup;
            try
            {
                if (System.IO.Directory.Exists(directory))
                    RemoveTree(directory);
            }
            catch (IOException)
            {
                // Busy: a process is just ending, or something else of the pod lives there. Whoever removes the pod tries again.
            }
        }
    }

    /// <summary>Kills every process of a cgroup: what a container that shares its pod's or the host's process namespace leaves behind.</summary>
    public void KillAll(string cgroup)
    {
        if (IsUnified && File.Exists($"{_root}{cgroup}/cgroup.kill"))
        {
            File.WriteAllText($"{_root}{cgroup}/cgroup.kill", "1");
            return;
        }
        foreach (var pid in Processes(cgroup))
            Libc.Kill(pid, Libc.SignalKill);
    }

    public IReadOnlyList<int> Processes(string cgroup)
    {
        var file = $"{Directory("pids")}{cgroup}/cgroup.procs";
        return File.Exists(file) ? [.. File.ReadAllLines(file).Select(l => int.Parse(l, CultureInfo.InvariantCulture)).Where(p => p > 0)] : [];
    }

    /// <summary>CPU time in nanoseconds and memory in bytes; zero where the machine lacks the controller, null when the cgroup is gone.</summary>
    public CgroupUsage? Usage(string cgroup)
    {
        try
        {
            if (!System.IO.Directory.Exists(Directory("memory") + cgroup) && !System.IO.Directory.Exists(Directory("cpuacct") + cgroup))
                return null;
            var directory = Directory("memory") + cgroup;
            var memory = Table($"{directory}/memory.stat");
            if (IsUnified)
            {
                var used = Number($"{directory}/memory.current");
                return new CgroupUsage(
                    Table($"{directory}/cpu.stat").GetValueOrDefault("usage_usec") * 1000, used, Saturate(used, memory.GetValueOrDefault("inactive_file")),
                    memory.GetValueOrDefault("anon"), memory.GetValueOrDefault("pgfault"), memory.GetValueOrDefault("pgmajfault"), Limit($"{directory}/memory.max"));
            }
            var usage = Number($"{directory}/memory.usage_in_bytes");
            return new CgroupUsage(
                Number($"{Directory("cpuacct")}{cgroup}/cpuacct.usage"), usage, Saturate(usage, memory.GetValueOrDefault("total_inactive_file")),
                memory.GetValueOrDefault("total_rss"), memory.GetValueOrDefault("total_pgfault"), memory.GetValueOrDefault("total_pgmajfault"),
                Limit($"{directory}/memory.limit_in_bytes"));
        }
        catch (IOException)
        {
            // It went while it was read: a read of a removed cgroup's file fails with ENODEV.
            return null;
        }
    }

    private string Directory(string controller) =>
        IsUnified ? _root : Hierarchies.FirstOrDefault(h => Path.GetFileName(h).Split(',').Contains(controller)) ?? Path.Combine(_root, controller);

    private static void RemoveTree(string directory)
    {
        foreach (var child in System.IO.Directory.EnumerateDirectories(directory))
            RemoveTree(child);
        System.IO.Directory.Delete(directory);
    }

    private static Dictionary<string, ulong> Table(string file) =>
        File.Exists(file)
            ? File.ReadLines(file).Select(l => l.Split(' ')).Where(p => p.Length == 2).ToDictionary(p => p[0], p => ulong.Parse(p[1], CultureInfo.InvariantCulture))
            : [];

    private static ulong Number(string file) => File.Exists(file) ? ulong.Parse(File.ReadAllText(file).Trim(), CultureInfo.InvariantCulture) : 0;

    /// <summary>Null when there is no limit: "max", or version 1's number near the highest.</summary>
    private static ulong? Limit(string file) =>
        File.Exists(file) && ulong.TryParse(File.ReadAllText(file).Trim(), out var limit) && limit < 1UL << 60 ? limit : null;

    private static ulong Saturate(ulong total, ulong part) => total > part ? total - part : 0;
}

/// <summary>What a cgroup uses.</summary>
internal sealed record CgroupUsage(
    ulong CpuNanoseconds, ulong MemoryUsage, ulong MemoryWorkingSet, ulong MemoryRss, ulong PageFaults, ulong MajorPageFaults, ulong? MemoryLimit);
