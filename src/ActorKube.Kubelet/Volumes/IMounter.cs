using System.ComponentModel;
using System.Runtime.InteropServices;

namespace ActorKube.Kubelet.Volumes;

/// <summary>The few file system calls that need privileges.</summary>
internal interface IMounter
{
    /// <summary>Mounts a tmpfs; false when this process may not, so that a plain directory has to do.</summary>
    bool TryMountTmpfs(string path, long? sizeBytes, UnixFileMode mode);

    /// <summary>Unmounts everything mounted at or below the path, the deepest first.</summary>
    void UnmountBelow(string path);

    /// <summary>Whether something is mounted exactly there.</summary>
    bool IsMountPoint(string path);

    /// <summary>Gives a file to a user and group without following a link; -1 keeps. Does nothing without privileges.</summary>
    void Own(string path, long uid, long gid);
}

/// <summary>Linux system calls, no helper program.</summary>
internal sealed partial class LinuxMounter : IMounter
{
    private const int MntDetach = 2;
    private const ulong MsNosuid = 2;
    private const ulong MsNodev = 4;

    private readonly bool _privileged = OperatingSystem.IsLinux() && GetEffectiveUserId() == 0;

    public bool TryMountTmpfs(string path, long? sizeBytes, UnixFileMode mode)
    {
        if (!_privileged)
            return false;
        var data = $"mode={Convert.ToString((int)mode, 8)}" + (sizeBytes is { } size ? $",size={size}" : "");
        return Mount("tmpfs", path, "tmpfs", MsNosuid | MsNodev, data) == 0;
    }

    public void UnmountBelow(string path)
    {
        if (!_privileged)
            return;
        foreach (var mount in MountPoints().Where(m => m == path || m.StartsWith(path + "/", StringComparison.Ordinal)).OrderByDescending(m => m.Length))
        {
            // Detached: a process that still looks into it keeps its view, and the directory can go.
            if (Unmount(mount, MntDetach) != 0)
                throw new IOException($"cannot unmount {mount}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
        }
    }

    public bool IsMountPoint(string path) => OperatingSystem.IsLinux() && MountPoints().Contains(path);

    public void Own(string path, long uid, long gid)
    {
        if (_privileged && ChangeOwner(path, unchecked((uint)uid), unchecked((uint)gid)) != 0)
            throw new IOException($"cannot change the owner of {path}: {new Win32Exception(Marshal.GetLastPInvokeError()).Message}");
    }

    // Fifth column of /proc/self/mountinfo, with spaces and the like as octal escapes.
    private static IEnumerable<string> MountPoints() =>
        File.ReadLines("/proc/self/mountinfo").Select(line => Unescape(line.Split(' ')[4])).ToList();

    private static string Unescape(string text)
    {
        if (!text.Contains('\\', StringComparison.Ordinal))
            return text;
        var result = new System.Text.StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '\\' && i + 3 < text.Length)
            {
                result.Append((char)Convert.ToInt32(text.Substring(i + 1, 3), 8));
                i += 3;
            }
            else
            {
                result.Append(text[i]);
            }
        }

        return result.ToString();
    }

    [LibraryImport("libc", EntryPoint = "geteuid")]
    private static partial uint GetEffectiveUserId();

    [LibraryImport("libc", EntryPoint = "mount", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Mount(string source, string target, string type, ulong flags, string data);

    [LibraryImport("libc", EntryPoint = "umount2", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Unmount(string target, int flags);

    [LibraryImport("libc", EntryPoint = "lchown", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int ChangeOwner(string path, uint owner, uint group);
}
