using ActorKube.ContainerRuntime.Builtin.Native;
using ActorKube.ContainerRuntime.Builtin.Network;
using Microsoft.Extensions.Logging;

namespace ActorKube.ContainerRuntime.Builtin;

/// <summary>
/// What still runs although nothing is on record of it: somebody deleted the root directory while pods ran. The state directory knows them, and they go.
/// </summary>
internal sealed class Leftovers(RuntimeDirectories directories, OciRuntime oci, ILogger logger)
{
    /// <summary>Ends and clears away what is not on record; at start, before anything new is made.</summary>
    public void Remove()
    {
        var sandboxes = Names(directories.SandboxRecords);
        var known = Names(directories.ContainerRecords).Union(sandboxes).ToHashSet(StringComparer.Ordinal);
        var containers = Names(directories.OciRuntime).Union(Names(directories.Bundles)).Where(id => !known.Contains(id)).ToList();
        foreach (var id in containers)
        {
            oci.Delete(id);
            Libc.UnmountIfMounted(Path.Combine(directories.Bundle(id), "rootfs"));
            RuntimeDirectories.Delete(directories.Bundle(id));
            File.Delete(directories.ExitFile(id));
        }

        foreach (var id in Names(directories.Namespaces).Union(Names(directories.SharedMemory)).Where(id => !sandboxes.Contains(id)))
        {
            PodNetwork.Detach(id);
            var namespaces = Path.Combine(directories.Namespaces, id);
            foreach (var file in Directory.Exists(namespaces) ? Directory.GetFiles(namespaces) : [])
                Libc.UnmountIfMounted(file);
            RuntimeDirectories.Delete(namespaces);
            Libc.UnmountIfMounted(directories.Shm(id));
            RuntimeDirectories.Delete(directories.Shm(id));
        }

        if (containers.Count > 0)
            logger.LogWarning("Ended {Count} containers that nothing was on record of", containers.Count);
    }

    private static HashSet<string> Names(string directory) => [.. new DirectoryInfo(directory).EnumerateDirectories().Select(d => d.Name)];
}
