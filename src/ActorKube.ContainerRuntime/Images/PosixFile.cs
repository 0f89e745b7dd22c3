using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>The few file operations of POSIX that .NET lacks and image layers need.</summary>
internal static partial class PosixFile
{
    private const int AtFdCwd = -100;
    private const int AtSymlinkNoFollow = 0x100;
    private const uint CharacterDevice = 0x2000;
    private const uint BlockDevice = 0x6000;
    private const uint Fifo = 0x1000;

    /// <summary>Whether this process may set owners and make device nodes.</summary>
    public static bool IsRoot => OperatingSystem.IsLinux() && geteuid() == 0;

    public static void SetOwner(string path, int uid, int gid) => Check(lchown(path, (uint)uid, (uint)gid), "chown", path);

    public static void SetMode(string path, int mode) => Check(chmod(path, (uint)mode), "chmod", path);

    public static void SetModified(string path, DateTimeOffset modified)
    {
        var ticks = modified.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks;
        var time = new Timespec { Seconds = ticks / TimeSpan.TicksPerSecond, Nanoseconds = ticks % TimeSpan.TicksPerSecond * 100 };
        Check(utimensat(AtFdCwd, path, [time, time], AtSymlinkNoFollow), "utimensat", path);
    }

    public static void HardLink(string existing, string path) => Check(link(existing, path), "link", path);

    public static void MakeCharacterDevice(string path, int mode, uint major, uint minor) =>
        Check(mknod(path, CharacterDevice | (uint)mode, Device(major, minor)), "mknod", path);

    public static void MakeBlockDevice(string path, int mode, uint major, uint minor) =>
        Check(mknod(path, BlockDevice | (uint)mode, Device(major, minor)), "mknod", path);

    public static void MakeFifo(string path, int mode) => Check(mknod(path, Fifo | (uint)mode, 0), "mkfifo", path);

    /// <summary>Sets an extended attribute; false when the file system does not take it.</summary>
    public static bool TrySetXattr(string path, string name, ReadOnlySpan<byte> value) => lsetxattr(path, name, value, (nuint)value.Length, 0) == 0;

    /// <summary>An extended attribute's bytes, or null when it is not set.</summary>
    public static byte[]? GetXattr(string path, string name)
    {
        Span<byte> value = stackalloc byte[4096];
        var length = lgetxattr(path, name, value, (nuint)value.Length);
        return length < 0 ? null : value[..(int)length].ToArray();
    }

    /// <summary>Whether the path is a character device 0/0, which overlayfs takes for "deleted here".</summary>
    public static unsafe bool IsWhiteout(string path)
    {
        // struct statx: mode at 28 (16 bits), rdev major/minor at 128 and 132; the same on every processor.
        var buffer = stackalloc byte[256];
        const uint type = 1;
        return statx(AtFdCwd, path, AtSymlinkNoFollow, type, buffer) == 0
            && (*(ushort*)(buffer + 28) & 0xF000) == CharacterDevice
            && *(uint*)(buffer + 128) == 0 && *(uint*)(buffer + 132) == 0;
    }

    /// <summary>The device that a node stands for, following symbolic links; null when the path is no device.</summary>
    public static unsafe (bool IsBlock, uint Major, uint Minor)? DeviceOf(string path)
    {
        var buffer = stackalloc byte[256];
        const uint type = 1;
        if (statx(AtFdCwd, path, 0, type, buffer) != 0)
            return null;
        var kind = (uint)(*(ushort*)(buffer + 28) & 0xF000);
        return kind is CharacterDevice or BlockDevice ? (kind == BlockDevice, *(uint*)(buffer + 128), *(uint*)(buffer + 132)) : null;
    }

    /// <summary>Owner, group and permission bits, not following a symbolic link.</summary>
    public static unsafe (int Uid, int Gid, int Mode) Owner(string path)
    {
        var buffer = stackalloc byte[256];
        const uint modeUidGid = 0x2 | 0x8 | 0x10;
        Check(statx(AtFdCwd, path, AtSymlinkNoFollow, modeUidGid, buffer), "statx", path);
        return ((int)*(uint*)(buffer + 20), (int)*(uint*)(buffer + 24), *(ushort*)(buffer + 28) & 0xFFF);
    }

    /// <summary>Linux' encoding of a device number.</summary>
    private static ulong Device(uint major, uint minor) =>
        ((ulong)(major & 0xFFFFF000) << 32) | ((ulong)(major & 0xFFF) << 8) | ((ulong)(minor & 0xFFFFFF00) << 12) | (minor & 0xFF);

    private static void Check(int result, string call, string path)
    {
        if (result != 0)
            throw new IOException($"{call} {path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Timespec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [LibraryImport("libc")]
    private static partial uint geteuid();

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lchown(string path, uint uid, uint gid);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int chmod(string path, uint mode);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int utimensat(int directory, string path, ReadOnlySpan<Timespec> times, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int link(string existing, string path);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int mknod(string path, uint mode, ulong device);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int statx(int directory, string path, int flags, uint mask, byte* buffer);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int lsetxattr(string path, string name, ReadOnlySpan<byte> value, nuint size, int flags);

    [LibraryImport("libc", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial nint lgetxattr(string path, string name, Span<byte> value, nuint size);
}
