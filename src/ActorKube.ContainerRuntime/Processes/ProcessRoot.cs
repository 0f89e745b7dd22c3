using ActorKube.ContainerRuntime.Cri;
using Microsoft.Extensions.Logging;

namespace ActorKube.ContainerRuntime.Processes;

/// <summary>
/// Makes an unpacked image usable without a change of root: its links lead to where they would lead inside a container, and
/// volumes hang in it as links. What a program reaches by a path from <c>/</c> is the host's all the same.
/// </summary>
internal static class ProcessRoot
{
    /// <summary>Makes every absolute link relative, and keeps those that climb too high inside the tree.</summary>
    public static void RelativizeLinks(string root)
    {
        var options = new EnumerationOptions { RecurseSubdirectories = true, AttributesToSkip = FileAttributes.None };
        foreach (var entry in new DirectoryInfo(root).EnumerateFileSystemInfos("*", options).Where(e => e.LinkTarget is not null).ToList())
        {
            var directory = "/" + Path.GetRelativePath(root, Path.GetDirectoryName(entry.FullName)!);
            var target = RelativeTarget(directory, entry.LinkTarget!);
            if (target != entry.LinkTarget)
            {
                entry.Delete();
                File.CreateSymbolicLink(entry.FullName, target);
            }
        }
    }

    /// <summary>
    /// The relative target that means from the host what the link means inside a container:
    /// <c>/bin/busybox</c> in <c>/usr/bin</c> is <c>../../bin/busybox</c>, and <c>../../../etc</c> in <c>/usr</c> is <c>../etc</c>.
    /// </summary>
    internal static string RelativeTarget(string directory, string target)
    {
        if (target.StartsWith('/'))
        {
            return Path.GetRelativePath(directory, Path.GetFullPath(target, "/"));
        }

        var depth = Path.GetFullPath(directory, "/").Split('/', StringSplitOptions.RemoveEmptyEntries).Length;
        foreach (var step in target.Split('/', StringSplitOptions.RemoveEmptyEntries))
        {
            depth += step switch { "." => 0, ".." => -1, _ => 1 };
            if (depth < 0)
            {
                return Path.GetRelativePath(directory, Path.GetFullPath(Path.Combine(directory, target), "/"));
            }
        }

        return target;
    }

    /// <summary>Puts a link to each volume where the container expects it.</summary>
    public static void LinkMounts(string root, IEnumerable<Mount> mounts, ILogger logger)
    {
        foreach (var mount in mounts.OrderBy(m => m.ContainerPath.Length))
        {
            var place = ProcessLaunch.OnHost(root, mount.ContainerPath);
            if (place == root || IsInsideMount(root, place))
            {
                logger.LogWarning("The volume at {ContainerPath} is left out: a process without isolation cannot have it there", mount.ContainerPath);
                continue;
            }

            Directory.CreateDirectory(Path.GetDirectoryName(place)!);
            if (Directory.Exists(place) && new DirectoryInfo(place).LinkTarget is null)
            {
                Directory.Delete(place, recursive: true);
            }
            else
            {
                File.Delete(place);
            }

            File.CreateSymbolicLink(place, mount.HostPath);
        }
    }

    // Below a link that leads out of the tree there is somebody else's volume.
    private static bool IsInsideMount(string root, string place)
    {
        for (var directory = Path.GetDirectoryName(place)!; directory.Length > root.Length; directory = Path.GetDirectoryName(directory)!)
        {
            // A folder that the image does not have is no link either; asking it for its target would throw.
            if (Directory.Exists(directory) && new DirectoryInfo(directory).ResolveLinkTarget(returnFinalTarget: true) is { } target
                && !target.FullName.StartsWith(root + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return false;
    }
}
