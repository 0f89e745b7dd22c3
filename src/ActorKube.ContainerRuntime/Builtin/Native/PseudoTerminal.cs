using System.Net.Sockets;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace ActorKube.ContainerRuntime.Builtin.Native;

/// <summary>A pseudo-terminal's master side. Either we make the terminal and a child opens the other side by its name, or a runtime made it and sends us the master.</summary>
internal sealed partial class PseudoTerminal : IDisposable
{
    private const int OpenFlags = 2 | 0x100 | 0x80000; // O_RDWR | O_NOCTTY | O_CLOEXEC
    private const ulong SetWindowSize = 0x5414;
    private const int ReceiveCloseOnExec = 0x40000000;
    private const int ControlRights = 1;
    private const int ErrorInterrupted = 4;
    private readonly SafeFileHandle _master;

    private PseudoTerminal(int master, string name)
    {
        _master = new SafeFileHandle(master, ownsHandle: true);
        SlaveName = name;
    }

    /// <summary>The other side's path, such as <c>/dev/pts/7</c>; empty when the terminal was received.</summary>
    public string SlaveName { get; }

    public static PseudoTerminal Open()
    {
        var master = posix_openpt(OpenFlags);
        Libc.Check(master, "posix_openpt");
        Libc.Check(grantpt(master), "grantpt");
        Libc.Check(unlockpt(master), "unlockpt");
        Span<byte> name = stackalloc byte[64];
        if (ptsname_r(master, name, (nuint)name.Length) is var error and not 0)
            throw Libc.Failure("ptsname", error);
        return new PseudoTerminal(master, Encoding.ASCII.GetString(name[..name.IndexOf((byte)0)]));
    }

    /// <summary>Takes the master that an OCI runtime sends over its console socket; blocks until it comes.</summary>
    public static unsafe PseudoTerminal Receive(Socket socket)
    {
        socket.Poll(TimeSpan.FromSeconds(10), SelectMode.SelectRead);
        var data = stackalloc byte[4096];
        var control = stackalloc byte[64];
        var part = new IoVector { Base = data, Length = 4096 };
        var message = new MessageHeader { Parts = &part, PartCount = 1, Control = control, ControlLength = 64 };
        Libc.Check(recvmsg((int)socket.Handle, &message, ReceiveCloseOnExec), "receive terminal");
        // struct cmsghdr: length (8), level (4), type (4), then the descriptor.
        if (message.ControlLength < 20 || *(int*)(control + 12) != ControlRights)
            throw new IOException("the OCI runtime sent no terminal");
        return new PseudoTerminal(*(int*)(control + 16), "");
    }

    /// <summary>Reads what the terminal shows; 0 when the last process on the other side is gone.</summary>
    public int Read(Span<byte> buffer)
    {
        nint count;
        do
            count = read(_master, buffer, (nuint)buffer.Length);
        while (count < 0 && Marshal.GetLastPInvokeError() == ErrorInterrupted);
        // EIO: nobody has the other side open.
        return Math.Max(0, (int)count);
    }

    /// <summary>Types into the terminal; false when nobody has the other side open.</summary>
    public bool Write(ReadOnlySpan<byte> data)
    {
        while (data.Length > 0)
        {
            var count = write(_master, data, (nuint)data.Length);
            if (count < 0 && Marshal.GetLastPInvokeError() != ErrorInterrupted)
                return false;
            data = data[Math.Max(0, (int)count)..];
        }
        return true;
    }

    public unsafe void Resize(TerminalSize size)
    {
        var window = stackalloc ushort[4] { size.Height, size.Width, 0, 0 };
        Libc.Check(ioctl(_master, SetWindowSize, window), "TIOCSWINSZ");
    }

    public void Dispose() => _master.Dispose();

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct IoVector
    {
        public void* Base;
        public nuint Length;
    }

    [StructLayout(LayoutKind.Sequential)]
    private unsafe struct MessageHeader
    {
        public void* Name;
        public uint NameLength;
        public IoVector* Parts;
        public nuint PartCount;
        public void* Control;
        public nuint ControlLength;
        public int Flags;
    }

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial nint recvmsg(int fd, MessageHeader* message, int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint read(SafeFileHandle fd, Span<byte> buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial nint write(SafeFileHandle fd, ReadOnlySpan<byte> buffer, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int posix_openpt(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int grantpt(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unlockpt(int fd);

    [LibraryImport("libc")]
    private static partial int ptsname_r(int fd, Span<byte> name, nuint length);

    [LibraryImport("libc", SetLastError = true)]
    private static unsafe partial int ioctl(SafeFileHandle fd, ulong request, ushort* argument);
}
