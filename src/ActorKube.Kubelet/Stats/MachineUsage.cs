using System.Globalization;

namespace ActorKube.Kubelet.Stats;

/// <summary>
/// What the machine uses, from <c>/proc</c>; where this process lives in a container with a memory limit of its own, what that container uses, from its cgroup
/// (version 1 or 2): the node's capacity is that limit then. Null where there is neither, as outside Linux.
/// </summary>
internal sealed class MachineUsage(string root = "/")
{
    private const long TickNanoseconds = 10_000_000;

    /// <summary>Reads it; null where the machine does not tell.</summary>
    public Usage? Read()
    {
        try
        {
            return Cgroup() ?? Machine();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>When the machine started; null where it does not tell.</summary>
    public DateTimeOffset? BootTime() =>
        Table("proc/stat").TryGetValue("btime", out var seconds) ? DateTimeOffset.FromUnixTimeSeconds((long)seconds) : null;

    private Usage? Machine()
    {
        var memory = Table("proc/meminfo");
        if (!memory.TryGetValue("MemTotal", out var total) || !File.Exists(At("proc/stat")))
            return null;

        // user, nice, system, idle, iowait, irq, softirq, steal: all but the waiting.
        var cpu = File.ReadLines(At("proc/stat")).First(l => l.StartsWith("cpu ", StringComparison.Ordinal))
            .Split(' ', StringSplitOptions.RemoveEmptyEntries).Skip(1).Take(8)
            .Select(n => ulong.Parse(n, CultureInfo.InvariantCulture)).Where((_, i) => i is not (3 or 4)).Aggregate(0UL, (a, b) => a + b);
        ulong Kib(string name) => memory.GetValueOrDefault(name) * 1024;
        var used = Less(total * 1024, Kib("MemFree"));
        var workingSet = Less(used, Kib("Inactive(file)"));
        var faults = Table("proc/vmstat");
        return new Usage
        {
            CpuNanoseconds = cpu * TickNanoseconds,
            MemoryBytes = used,
            WorkingSetBytes = workingSet,
            RssBytes = Kib("AnonPages"),
            AvailableBytes = Less(total * 1024, workingSet),
            PageFaults = faults.GetValueOrDefault("pgfault"),
            MajorPageFaults = faults.GetValueOrDefault("pgmajfault"),
        };
    }

    private Usage? Cgroup()
    {
        var total = Table("proc/meminfo").GetValueOrDefault("MemTotal") * 1024;
        if (Number("sys/fs/cgroup/memory.max") is { } limit && limit < total)
        {
            var stat = Table("sys/fs/cgroup/memory.stat");
            return Of(
                Table("sys/fs/cgroup/cpu.stat").GetValueOrDefault("usage_usec") * 1000, Number("sys/fs/cgroup/memory.current") ?? 0, stat.GetValueOrDefault("inactive_file"),
                stat.GetValueOrDefault("anon"), limit, stat.GetValueOrDefault("pgfault"), stat.GetValueOrDefault("pgmajfault"));
        }

        if (Number("sys/fs/cgroup/memory/memory.limit_in_bytes") is { } old && old < total)
        {
            var stat = Table("sys/fs/cgroup/memory/memory.stat");
            return Of(
                Number("sys/fs/cgroup/cpuacct/cpuacct.usage") ?? Number("sys/fs/cgroup/cpu,cpuacct/cpuacct.usage") ?? 0, Number("sys/fs/cgroup/memory/memory.usage_in_bytes") ?? 0,
                stat.GetValueOrDefault("total_inactive_file"), stat.GetValueOrDefault("total_rss"), old, stat.GetValueOrDefault("total_pgfault"), stat.GetValueOrDefault("total_pgmajfault"));
        }

        return null;
    }

    private static Usage Of(ulong cpu, ulong used, ulong inactive, ulong rss, ulong limit, ulong faults, ulong majorFaults) => new()
    {
        CpuNanoseconds = cpu,
        MemoryBytes = used,
        WorkingSetBytes = Less(used, inactive),
        RssBytes = rss,
        AvailableBytes = Less(limit, Less(used, inactive)),
        PageFaults = faults,
        MajorPageFaults = majorFaults,
    };

    private static ulong Less(ulong total, ulong part) => total > part ? total - part : 0;

    // Lines of "name number", "name: number kB".
    private Dictionary<string, ulong> Table(string path)
    {
        var table = new Dictionary<string, ulong>(StringComparer.Ordinal);
        if (!File.Exists(At(path)))
            return table;
        foreach (var words in File.ReadLines(At(path)).Select(l => l.Split(' ', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (words.Length >= 2 && ulong.TryParse(words[1], CultureInfo.InvariantCulture, out var number))
                table[words[0].TrimEnd(':')] = number;
        }

        return table;
    }

    private ulong? Number(string path) =>
        File.Exists(At(path)) && ulong.TryParse(File.ReadAllText(At(path)).Trim(), CultureInfo.InvariantCulture, out var number) ? number : null;

    private string At(string path) => Path.Combine(root, path);
}
