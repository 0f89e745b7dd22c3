using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ActorKube.Kubelet.Volumes;

/// <summary>What a path is.</summary>
internal enum FileKind
{
    Missing,
    Regular,
    Directory,
    Socket,
    CharacterDevice,
    BlockDevice,
    Other,
}

/// <summary>What .NET's own file classes do not do: tell sockets and devices from files, tell files of one name apart, rename over links.</summary>
internal static partial class FileStatus
{
    private const int AtFdCwd = -100;
    private const uint StatxType = 1;
    private const uint StatxInode = 0x100;
    private const int ModeOffset = 28;
    private const int InodeOffset = 32;

    public static unsafe FileKind KindOf(string path)
    {
        if (!OperatingSystem.IsLinux())
            return File.Exists(path) ? FileKind.Regular : Directory.Exists(path) ? FileKind.Directory : FileKind.Missing;

        // statx(2) has the same layout on every architecture; the 16 bits at offset 28 are the mode.
        var buffer = stackalloc byte[256];
        if (Statx(AtFdCwd, path, 0, StatxType, buffer) != 0)
            return FileKind.Missing;
        return (*(ushort*)(buffer + ModeOffset) & 0xF000) switch
        {
            0x8000 => FileKind.Regular,
            0x4000 => FileKind.Directory,
            0xC000 => FileKind.Socket,
            0x2000 => FileKind.CharacterDevice,
            0x6000 => FileKind.BlockDevice,
            _ => FileKind.Other,
        };
    }

    /// <summary>A number that tells one file from another of the same name; 0 where there is none.</summary>
    public static unsafe ulong InodeOf(string path)
    {
        if (!OperatingSystem.IsLinux())
            return File.Exists(path) ? (ulong)File.GetCreationTimeUtc(path).Ticks : 0;
        var buffer = stackalloc byte[256];
        return Statx(AtFdCwd, path, 0, StatxInode, buffer) == 0 ? *(ulong*)(buffer + InodeOffset) : 0;
    }

    /// <summary>Replaces what has the new name in one step, also when either is a link to a directory, which File.Move refuses.</summary>
    public static void Rename(string from, string to)
    {
        if (OperatingSystem.IsWindows())
        {
            if (Directory.Exists(to))
                Directory.Delete(to);
            Directory.Move(from, to);
        }
        else if (RenameFile(from, to) != 0)
        {
            throw new IOException($"cannot rename {from} to {to}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
    }

    [LibraryImport("libc", EntryPoint = "rename", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int RenameFile(string from, string to);

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static unsafe partial int Statx(int directory, string path, int flags, uint mask, byte* buffer);
}
