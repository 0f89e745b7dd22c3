using System.Globalization;

namespace ActorKube.ContainerRuntime.Builtin.Native;

/// <summary>What <c>/proc</c> says of processes.</summary>
internal static class ProcessTable
{
    /// <summary>
    /// When a process started, in clock ticks since boot: with the pid it names the process for good. Null when there is none, or only a zombie.
    /// </summary>
    public static ulong? StartTicks(int pid)
    {
        string stat;
        try
        {
            stat = File.ReadAllText($"/proc/{pid}/stat");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
        // "pid (name) state ppid …": the name may hold anything, so count from its closing parenthesis; the start time is field 22.
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return fields[0] is "Z" or "X" ? null : ulong.Parse(fields[19], CultureInfo.InvariantCulture);
    }

    /// <summary>Whether the very process that had this pid then is alive.</summary>
    public static bool IsAlive(int pid, ulong startTicks) => pid > 0 && StartTicks(pid) == startTicks;
}
