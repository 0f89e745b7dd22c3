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

    /// <summary>Whether a process has a handler for the signal now; false when there is no such process.</summary>
    public static bool Catches(int pid, int signal)
    {
        const string Caught = "SigCgt:";
        try
        {
            // A mask in hexadecimal: bit 14 is signal 15.
            var line = File.ReadLines($"/proc/{pid}/status").FirstOrDefault(l => l.StartsWith(Caught, StringComparison.Ordinal));
            return line is not null && ulong.TryParse(line.AsSpan(Caught.Length).Trim(), NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var mask) && (mask >> (signal - 1) & 1) == 1;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }
}
