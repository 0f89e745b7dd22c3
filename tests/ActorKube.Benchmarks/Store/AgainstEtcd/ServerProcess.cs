using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace ActorKube.Benchmarks.Store.AgainstEtcd;

/// <summary>What is to be known of a server's process.</summary>
internal static class ServerProcess
{
    /// <summary>A port that is free now.</summary>
    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Processor time of a process, of its children, and of children that have ended.</summary>
    public static TimeSpan Time(int process)
    {
        var all = Directory.EnumerateDirectories("/proc").Select(d => Path.GetFileName(d)).Where(n => char.IsAsciiDigit(n[0])).Select(Stat).OfType<string[]>();
        var ticks = 0L;
        foreach (var stat in all)
        {
            // After the name in parentheses: state, parent, …, and from the 12th on user and system time of itself and of waited-for children.
            if (stat[0] == process.ToString(CultureInfo.InvariantCulture))
                ticks += Ticks(stat, 12) + Ticks(stat, 13) + Ticks(stat, 14) + Ticks(stat, 15);
            else if (stat[2] == process.ToString(CultureInfo.InvariantCulture))
                ticks += Ticks(stat, 12) + Ticks(stat, 13);
        }

        return TimeSpan.FromMilliseconds(ticks * 10);
    }

    private static long Ticks(string[] stat, int field) => long.Parse(stat[field], CultureInfo.InvariantCulture);

    // Null for a process that has ended since.
    private static string[]? Stat(string process)
    {
        try
        {
            var line = File.ReadAllText($"/proc/{process}/stat");
            return [process, .. line[(line.LastIndexOf(')') + 2)..].Split(' ')];
        }
        catch (IOException)
        {
            return null;
        }
    }
}
