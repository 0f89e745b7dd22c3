using System.Runtime.InteropServices;

namespace ActorKube.Cli.Exec;

/// <summary>The terminal of standard input in raw mode, so that each key goes to the container; disposing brings it back to what it was.</summary>
internal sealed partial class Terminal : IDisposable
{
    // struct termios is 60 bytes on Linux and 72 on macOS; nothing here looks into it.
    private const int TermiosSize = 256;
    private const int StandardInput = 0;
    private const int Now = 0;

    private readonly byte[] _saved;

    private Terminal(byte[] saved) => _saved = saved;

    /// <summary>Whether standard input is a terminal that can be put into raw mode.</summary>
    public static bool IsThere => !Console.IsInputRedirected && !OperatingSystem.IsWindows();

    /// <summary>Columns and rows.</summary>
    public static (int Width, int Height) Size => (Console.WindowWidth, Console.WindowHeight);

    /// <summary>Raw mode until disposed.</summary>
    public static Terminal Raw()
    {
        var saved = new byte[TermiosSize];
        if (GetAttributes(StandardInput, saved) != 0)
            throw new IOException($"the terminal's mode cannot be read: {Marshal.GetLastPInvokeErrorMessage()}");
        var raw = (byte[])saved.Clone();
        MakeRaw(raw);
        if (SetAttributes(StandardInput, Now, raw) != 0)
            throw new IOException($"the terminal's mode cannot be set: {Marshal.GetLastPInvokeErrorMessage()}");
        return new Terminal(saved);
    }

    public void Dispose() => SetAttributes(StandardInput, Now, _saved);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetAttributes(int fd, byte[] termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetAttributes(int fd, int when, byte[] termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte[] termios);
}
