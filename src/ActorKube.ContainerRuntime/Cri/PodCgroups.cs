using System.Text.Json;

namespace ActorKube.ContainerRuntime.Cri;

/// <summary>
/// Removes a pod's cgroup after its sandbox is gone. The runtime makes the directory named by <c>cgroup_parent</c> in
/// every hierarchy and leaves it behind, empty; on a busy node they add up and slow the kernel down.
/// </summary>
/// <param name="root">Where cgroups are mounted, <c>/sys/fs/cgroup</c>.</param>
internal sealed class PodCgroups(string root = "/sys/fs/cgroup")
{
    /// <summary>
    /// The pod's own cgroup, read from a sandbox's verbose status, or null when it has none of its own.
    /// <c>/kubepods/burstable/pod12-34/6f3a…</c> gives <c>/kubepods/burstable/pod12-34</c> for the pod with uid <c>12-34</c>;
    /// a parent that does not name the pod may be shared, and is left alone.
    /// </summary>
    public static string? ParentOf(PodSandboxStatusResponse response)
    {
        if (!response.Info.TryGetValue("info", out var json) || response.Status?.Metadata?.Uid is not { Length: > 0 } uid)
        {
            return null;
        }

        using var document = JsonDocument.Parse(json);
        if (!document.RootElement.TryGetProperty("runtimeSpec", out var spec) || spec.ValueKind != JsonValueKind.Object
            || !spec.TryGetProperty("linux", out var linux)
            || !linux.TryGetProperty("cgroupsPath", out var path) || path.GetString() is not { Length: > 0 } cgroup)
        {
            return null;
        }

        // systemd form: "kubepods-pod12_34.slice:cri-containerd:6f3a…"; systemd removes empty slices itself.
        if (!cgroup.StartsWith('/'))
        {
            return null;
        }

        var parent = Path.GetDirectoryName(cgroup)!;
        return Path.GetFileName(parent).Contains(uid, StringComparison.Ordinal) ? parent : null;
    }

    /// <summary>
    /// Removes the cgroup in every hierarchy where it is empty, and says where it is not: the runtime may still be
    /// taking processes out of it.
    /// </summary>
    public IReadOnlyList<string> RemoveEmpty(string cgroup)
    {
        var left = new List<string>();
        foreach (var hierarchy in Hierarchies())
        {
            var directory = Path.Combine(hierarchy, cgroup.TrimStart('/'));
            if (!Directory.Exists(directory))
            {
                continue;
            }

            try
            {
                // rmdir: a cgroup's files go with it, a child cgroup or a process makes it fail.
                Directory.Delete(directory, recursive: false);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                if (Directory.Exists(directory))
                {
                    left.Add(directory);
                }
            }
        }

        return left;
    }

    private IEnumerable<string> Hierarchies()
    {
        if (!Directory.Exists(root))
        {
            yield break;
        }

        if (File.Exists(Path.Combine(root, "cgroup.controllers")))
        {
            yield return root;
            yield break;
        }

        // Symbolic links (cpu -> cpu,cpuacct) name a hierarchy that is listed anyway.
        foreach (var directory in new DirectoryInfo(root).EnumerateDirectories().Where(d => d.LinkTarget is null))
        {
            yield return directory.FullName;
        }
    }
}
