using System.Globalization;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>
/// What processes use together with all that descend from them, as Linux' <c>/proc</c> says at one moment: a shell that runs programs one after another uses what they do.
/// The time of a process that has ended counts on in the one that waited for it.
/// </summary>
internal sealed class ProcessTrees
{
    private const ulong TickNanoseconds = 10_000_000;

    private readonly ILookup<int, Entry> _children;
    private readonly Dictionary<int, Entry> _all;

    private ProcessTrees(IReadOnlyList<Entry> entries) => (_children, _all) = (entries.ToLookup(e => e.Parent), entries.ToDictionary(e => e.Id));

    private readonly record struct Entry(int Id, int Parent, ulong CpuTicks, ulong ResidentPages);

    /// <summary>Reads all processes; null where there is no <c>/proc</c>.</summary>
    public static ProcessTrees? Read(string proc = "/proc")
    {
        if (!File.Exists(Path.Combine(proc, "stat")))
        {
            return null;
        }

        var entries = new List<Entry>();
        foreach (var directory in Directory.EnumerateDirectories(proc))
        {
            if (int.TryParse(Path.GetFileName(directory), CultureInfo.InvariantCulture, out var id) && Of(id, directory) is { } entry)
            {
                entries.Add(entry);
            }
        }

        return new ProcessTrees(entries);
    }

    /// <summary>CPU time in nanoseconds and resident memory in bytes of a process and its descendants; null when it is not there.</summary>
    public (ulong CpuNanoseconds, ulong ResidentBytes)? Of(int id)
    {
        if (!_all.TryGetValue(id, out var root))
        {
            return null;
        }

        var (ticks, pages) = (0UL, 0UL);
        var open = new Stack<Entry>([root]);
        var seen = new HashSet<int>();
        while (open.TryPop(out var entry))
        {
            if (!seen.Add(entry.Id))
            {
                continue;
            }

            ticks += entry.CpuTicks;
            pages += entry.ResidentPages;
            foreach (var child in _children[entry.Id])
            {
                open.Push(child);
            }
        }

        return (ticks * TickNanoseconds, pages * (ulong)Environment.SystemPageSize);
    }

    // "pid (name) state ppid …", the name may hold anything: fields are counted from its closing parenthesis. utime, stime, cutime and cstime are fields 14 to 17, rss is field 24.
    private static Entry? Of(int id, string directory)
    {
        try
        {
            var stat = File.ReadAllText(Path.Combine(directory, "stat"));
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            ulong Number(int field) => long.TryParse(fields[field - 3], CultureInfo.InvariantCulture, out var number) && number > 0 ? (ulong)number : 0;
            return new Entry(id, (int)Number(4), Number(14) + Number(15) + Number(16) + Number(17), Number(24));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // It ended meanwhile.
            return null;
        }
    }
}
