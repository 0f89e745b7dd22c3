using System.Runtime.InteropServices;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>Signals by name, and sending them.</summary>
internal static partial class UnixSignals
{
    private const int Terminate = 15;

    // The numbers that Linux and macOS agree on; all others are given by number.
    private static readonly Dictionary<string, int> Numbers = new(StringComparer.OrdinalIgnoreCase)
    {
        ["HUP"] = 1, ["INT"] = 2, ["QUIT"] = 3, ["ILL"] = 4, ["TRAP"] = 5, ["ABRT"] = 6, ["FPE"] = 8, ["KILL"] = 9, ["SEGV"] = 11,
        ["PIPE"] = 13, ["ALRM"] = 14, ["TERM"] = Terminate, ["WINCH"] = 28,
        ["USR1"] = OperatingSystem.IsMacOS() ? 30 : 10,
        ["USR2"] = OperatingSystem.IsMacOS() ? 31 : 12,
    };

    /// <summary>The signal that asks a container to end: the pod's, else the image's, else SIGTERM.</summary>
    public static int StopSignal(Signal configured, string? image)
    {
        // The enumeration's members are SIGNAL_SIGTERM and so on; RUNTIME_DEFAULT means the image's.
        var name = configured == Signal.RuntimeDefault ? image ?? "" : configured.ToString();
        return Parse(name) ?? Terminate;
    }

    /// <summary>The number of <c>SIGTERM</c>, <c>TERM</c> or <c>15</c>; null when it is none that is known.</summary>
    public static int? Parse(string name)
    {
        if (int.TryParse(name, out var number))
        {
            return number is > 0 and < 65 ? number : null;
        }

        return Numbers.TryGetValue(name.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? name[3..] : name, out number) ? number : null;
    }

    /// <summary>Sends a signal; false when the process is gone.</summary>
    public static bool Send(int processId, int signal) => kill(processId, signal) == 0;

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int sig);
}
