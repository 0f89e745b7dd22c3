using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ActorKube.ContainerRuntime.Builtin.Native;

/// <summary>The system calls of Linux that the runtime makes itself, each as an exception when it fails.</summary>
internal static partial class Libc
{
    public const int CloneNewUts = 0x04000000;
    public const int CloneNewIpc = 0x08000000;
    public const int CloneNewNet = 0x40000000;
    public const ulong MountReadOnly = 1;
    public const ulong MountNoSuid = 2;
    public const ulong MountNoDev = 4;
    public const ulong MountNoExec = 8;
    public const ulong MountBind = 4096;
    public const int SignalKill = 9;
    public const int SignalTerminate = 15;
    private const int UnmountDetach = 2;
    private const int UnmountNoFollow = 8;
    private const int OpenCloseOnExec = 0x80000;
    private const int ErrorNotFound = 2;
    private const int ErrorNoProcess = 3;
    private const int ErrorInvalid = 22;
    private const long CallPidfdSendSignal = 424;
    private const long CallPidfdOpen = 434;
    private const long NamespaceFileSystem = 0x6e736673;

    public static bool IsRoot => OperatingSystem.IsLinux() && geteuid() == 0;

    public static void Unshare(int flags) => Check(unshare(flags), "unshare");

    public static void SetHostName(string name) => Check(sethostname(name, (nuint)System.Text.Encoding.UTF8.GetByteCount(name)), "sethostname");

    public static void Mount(string source, string target, string? type, ulong flags, string? data) =>
        Check(mount(source, target, type, flags, data), $"mount {target}");

    /// <summary>Detaches a mount; a path that is no mount point, or is gone, is fine.</summary>
    public static void UnmountIfMounted(string target)
    {
        if (umount2(target, UnmountDetach | UnmountNoFollow) != 0 && Marshal.GetLastPInvokeError() is var error and not (ErrorInvalid or ErrorNotFound))
            throw Failure($"umount {target}", error);
    }

    /// <summary>Whether the file is a namespace that was bound there (and not the empty file under it).</summary>
    public static unsafe bool IsNamespaceFile(string path)
    {
        // struct statfs begins with f_type on every processor.
        var buffer = stackalloc byte[256];
        return statfs(path, buffer) == 0 && *(long*)buffer == NamespaceFileSystem;
    }

    /// <summary>Moves the calling thread into a namespace.</summary>
    public static void EnterNamespace(string path, int type)
    {
        var fd = open(path, OpenCloseOnExec);
        Check(fd, $"open {path}");
        try
        {
            Check(setns(fd, type), $"setns {path}");
        }
        finally
        {
            Close(fd);
        }
    }

    public static int OpenForReading(string path)
    {
        var fd = open(path, OpenCloseOnExec);
        Check(fd, $"open {path}");
        return fd;
    }

    public static void Close(int fd) => close(fd);

    public static (int Read, int Write) Pipe()
    {
        Span<int> ends = stackalloc int[2];
        Check(pipe2(ends, OpenCloseOnExec), "pipe");
        return (ends[0], ends[1]);
    }

    public static int InterfaceIndex(string name)
    {
        var index = if_nametoindex(name);
        return index > 0 ? (int)index : throw Failure($"network interface {name}", Marshal.GetLastPInvokeError());
    }

    public static bool InterfaceExists(string name) => if_nametoindex(name) > 0;

    /// <summary>
    /// Signals a process unless another one has taken its number since: the descriptor pins the process, then its start time is compared.
    /// False when it is gone.
    /// </summary>
    public static bool Signal(int pid, ulong startTicks, int signal)
    {
        var fd = (int)syscall(CallPidfdOpen, pid, 0, 0, 0);
        if (fd < 0)
            return Marshal.GetLastPInvokeError() is var error && error is ErrorNoProcess or ErrorInvalid ? false : throw Failure($"pidfd_open {pid}", error);
        try
        {
            if (ProcessTable.StartTicks(pid) != startTicks)
                return false;
            if (syscall(CallPidfdSendSignal, fd, signal, 0, 0) == 0)
                return true;
            return Marshal.GetLastPInvokeError() is var error && error == ErrorNoProcess ? false : throw Failure($"signal {signal} to {pid}", error);
        }
        finally
        {
            Close(fd);
        }
    }

    public static void Kill(int pid, int signal)
    {
        if (kill(pid, signal) != 0 && Marshal.GetLastPInvokeError() is var error and not ErrorNoProcess)
            throw Failure($"kill {pid}", error);
    }

    public static void Check(long result, string call)
    {
        if (result < 0)
            throw Failure(call, Marshal.GetLastPInvokeError());
    }

    public static IOException Failure(string call, int error) => new($"{call}: {new Win32Exception(error).Message}", error);

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true)]
    private static partial int unshare(int flags);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int setns(int fd, int type);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int sethostname(string name, nuint length);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mount(string source, string target, string? type, ulong flags, string? data);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int umount2(string target, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statfs(string path, byte* buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int open(string path, int flags);

    [LibraryImport("libc")]
    private static partial int close(int fd);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int pipe2(Span<int> ends, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial uint if_nametoindex(string name);

    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, long a, long b, long c, long d);

    [LibraryImport("libc", SetLastError = true)]
    private static partial int kill(int pid, int signal);
}
