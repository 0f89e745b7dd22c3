using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace ActorKube.Cli.Exec;

/// <summary>The terminal of standard input in raw mode, so that each key goes to the container; disposing brings it back to what it was.</summary>
internal sealed partial class Terminal : IDisposable
{
    // struct termios is 60 bytes on Linux and 72 on macOS; nothing here looks into it.
    private const int TermiosSize = 256;
    private const int StandardInput = 0;
    private const int Now = 0;
    private const nuint LinuxWindowSize = 0x5413;
    private const nuint MacWindowSize = 0x40087468;

    private readonly byte[] _saved;

    private Terminal(byte[] saved) => _saved = saved;

    /// <summary>What the user is told when there is none.</summary>
    public const string Missing = "Unable to use a TTY - input is not a terminal or the right kind of file";

    /// <summary>Whether standard input is a terminal that can be put into raw mode.</summary>
    public static bool IsThere => !Console.IsInputRedirected && !OperatingSystem.IsWindows();

    /// <summary>Columns and rows. The runtime's own Console is not asked: it would set up the terminal its way, and end raw mode.</summary>
    public static (int Width, int Height) Size
    {
        get
        {
            var size = new ushort[4];
            var result = OperatingSystem.IsMacOS()
                ? RuntimeInformation.ProcessArchitecture == Architecture.Arm64
                    ? ControlOnStack(StandardInput, MacWindowSize, 0, 0, 0, 0, 0, 0, size)
                    : Control(StandardInput, MacWindowSize, size)
                : Control(StandardInput, LinuxWindowSize, size);
            return result == 0 && size[0] > 0 && size[1] > 0 ? (size[1], size[0]) : (80, 24);
        }
    }

    /// <summary>Standard input byte by byte as it is typed. The runtime's own stream would collect and edit lines.</summary>
    public static Stream OpenInput() => OperatingSystem.IsWindows()
        ? Console.OpenStandardInput()
        : new FileStream(new SafeFileHandle(StandardInput, ownsHandle: false), FileAccess.Read, bufferSize: 0);

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

    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int Control(int fd, nuint request, ushort[] size);

    // What follows the named arguments of a variadic function goes on the stack there; the six in between fill the registers.
    [LibraryImport("libc", EntryPoint = "ioctl")]
    private static partial int ControlOnStack(int fd, nuint request, nint r2, nint r3, nint r4, nint r5, nint r6, nint r7, ushort[] size);

    [LibraryImport("libc", EntryPoint = "tcgetattr", SetLastError = true)]
    private static partial int GetAttributes(int fd, byte[] termios);

    [LibraryImport("libc", EntryPoint = "tcsetattr", SetLastError = true)]
    private static partial int SetAttributes(int fd, int when, byte[] termios);

    [LibraryImport("libc", EntryPoint = "cfmakeraw")]
    private static partial void MakeRaw(byte[] termios);
}
