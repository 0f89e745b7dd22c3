using ActorKube.ContainerRuntime.Builtin.Oci;
using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>Device nodes of the host, for containers that may use them.</summary>
internal static class HostDevices
{
    private static readonly string[] Skipped = ["/dev/pts", "/dev/shm", "/dev/fd", "/dev/mqueue", "/dev/.lxc", "/dev/.lxd-mounts", "/dev/.udev", "/dev/console"];

    /// <summary>A device by its host path, to appear at another in the container.</summary>
    public static OciDevice Read(string hostPath, string containerPath) =>
        PosixFile.DeviceOf(hostPath) is var (isBlock, major, minor)
            ? Describe(hostPath, containerPath.Length > 0 ? containerPath : hostPath, isBlock, major, minor)
            : throw new ContainerRuntimeException($"\"{hostPath}\" is not a device node");

    /// <summary>Every device, for a privileged container.</summary>
    public static IReadOnlyList<OciDevice> All()
    {
        var result = new List<OciDevice>();
        Collect("/dev", result);
        return result;
    }

    private static void Collect(string directory, List<OciDevice> result)
    {
        foreach (var path in Directory.EnumerateFileSystemEntries(directory))
        {
            if (Skipped.Contains(path) || File.GetAttributes(path).HasFlag(FileAttributes.ReparsePoint))
                continue;
            if (Directory.Exists(path))
                Collect(path, result);
            else if (PosixFile.DeviceOf(path) is var (isBlock, major, minor))
                result.Add(Describe(path, path, isBlock, major, minor));
        }
    }

    private static OciDevice Describe(string hostPath, string path, bool isBlock, uint major, uint minor)
    {
        var (uid, gid, mode) = PosixFile.Owner(hostPath);
        return new OciDevice { Path = path, Type = isBlock ? "b" : "c", Major = major, Minor = minor, FileMode = (uint)mode, Uid = (uint)uid, Gid = (uint)gid };
    }
}
