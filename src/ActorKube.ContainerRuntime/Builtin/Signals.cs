using System.Collections.Frozen;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>Signal names and their numbers on Linux (the same on x86 and Arm).</summary>
internal static class Signals
{
    private const int RealTimeMinimum = 34;
    private const int RealTimeMaximum = 64;

    private static readonly FrozenDictionary<string, int> Numbers = new Dictionary<string, int>
    {
        ["HUP"] = 1, ["INT"] = 2, ["QUIT"] = 3, ["ILL"] = 4, ["TRAP"] = 5, ["ABRT"] = 6, ["IOT"] = 6, ["BUS"] = 7, ["FPE"] = 8, ["KILL"] = 9, ["USR1"] = 10,
        ["SEGV"] = 11, ["USR2"] = 12, ["PIPE"] = 13, ["ALRM"] = 14, ["TERM"] = 15, ["STKFLT"] = 16, ["CHLD"] = 17, ["CLD"] = 17, ["CONT"] = 18, ["STOP"] = 19,
        ["TSTP"] = 20, ["TTIN"] = 21, ["TTOU"] = 22, ["URG"] = 23, ["XCPU"] = 24, ["XFSZ"] = 25, ["VTALRM"] = 26, ["PROF"] = 27, ["WINCH"] = 28, ["IO"] = 29,
        ["POLL"] = 29, ["PWR"] = 30, ["SYS"] = 31,
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    /// <summary>The number of <c>SIGTERM</c>, <c>TERM</c>, <c>15</c>, <c>SIGRTMIN+3</c>; null when it is none.</summary>
    public static int? Parse(string? name)
    {
        if (string.IsNullOrEmpty(name))
            return null;
        if (int.TryParse(name, out var number))
            return number is > 0 and <= RealTimeMaximum ? number : null;
        var bare = name.StartsWith("SIG", StringComparison.OrdinalIgnoreCase) ? name[3..] : name;
        if (Numbers.TryGetValue(bare, out number))
            return number;
        return bare.ToUpperInvariant() switch
        {
            "RTMIN" => RealTimeMinimum,
            "RTMAX" => RealTimeMaximum,
            ['R', 'T', 'M', 'I', 'N', '+', .. var plus] when int.TryParse(plus, out var n) && n is > 0 and <= 15 => RealTimeMinimum + n,
            ['R', 'T', 'M', 'A', 'X', '-', .. var minus] when int.TryParse(minus, out var n) && n is > 0 and <= 14 => RealTimeMaximum - n,
            _ => null,
        };
    }

    /// <summary>The signal that stops a container: the pod's wish, else the image's, else SIGTERM.</summary>
    public static int StopSignal(Signal wish, string? image) => FromCri(wish) ?? Parse(image) ?? Native.Libc.SignalTerminate;

    /// <summary>SIGNAL_SIGRTMINPLUS3 and its like; null for SIGNAL_RUNTIME_DEFAULT.</summary>
    public static int? FromCri(Signal signal) => signal switch
    {
        Signal.RuntimeDefault => null,
        Signal.Sigrtmin => RealTimeMinimum,
        Signal.Sigrtmax => RealTimeMaximum,
        >= Signal.Sigrtminplus1 and <= Signal.Sigrtminplus15 => RealTimeMinimum + (signal - Signal.Sigrtmin),
        >= Signal.Sigrtmaxminus14 and <= Signal.Sigrtmaxminus1 => RealTimeMaximum - (Signal.Sigrtmax - signal),
        _ => Parse(signal.ToString()),
    };
}
