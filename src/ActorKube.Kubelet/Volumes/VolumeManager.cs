using ActorKube.Kubelet.Pods;
using k8s.Models;

namespace ActorKube.Kubelet.Volumes;

/// <summary>Puts a pod's volumes in place, keeps the written ones current, and takes them away again.</summary>
internal sealed class VolumeManager(PodDirectories directories, VolumeContents contents, PersistentVolumes persistent, IMounter mounter, TimeProvider time)
{
    private readonly AtomicWriter _writer = new(time, mounter);

    /// <summary>Sets up every volume a container mounts. Repeating it brings written volumes up to date and leaves the others alone.</summary>
    /// <returns>When a token has to be made anew; null when there is none.</returns>
    /// <exception cref="VolumeException">A volume cannot be set up yet, or not at all.</exception>
    public async Task<DateTimeOffset?> SetUpAsync(V1Pod pod, CancellationToken cancellationToken)
    {
        DateTimeOffset? refreshAt = null;
        foreach (var volume in VolumePaths.Used(pod))
        {
            try
            {
                var due = await SetUpAsync(pod, volume, cancellationToken).ConfigureAwait(false);
                refreshAt = due is not null && (refreshAt is null || due < refreshAt) ? due : refreshAt;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                throw new VolumeException(volume.Name, e.Message, e);
            }
        }

        return refreshAt;
    }

    /// <summary>Unmounts and removes all volumes of a pod. Idempotent.</summary>
    public void Remove(string podUid)
    {
        contents.Forget(podUid);
        var path = directories.Volumes(podUid);
        if (!Directory.Exists(path))
            return;
        mounter.UnmountBelow(path);
        Directory.Delete(path, recursive: true);
    }

    private async Task<DateTimeOffset?> SetUpAsync(V1Pod pod, V1Volume volume, CancellationToken cancellationToken)
    {
        if (volume.PersistentVolumeClaim is not null)
        {
            PersistentVolumes.Link(VolumePaths.Of(directories, pod, volume), await persistent.ResolveAsync(pod, volume, cancellationToken).ConfigureAwait(false));
            return null;
        }

        if (VolumePaths.Plugin(volume) is null)
            throw new VolumeException(volume.Name, "this kind of volume is not supported yet");
        if (volume.HostPath is { } hostPath)
        {
            HostPathVolume.Check(volume.Name, hostPath);
            return null;
        }

        var path = VolumePaths.Of(directories, pod, volume);
        var group = pod.Spec.SecurityContext?.FsGroup;
        if (volume.EmptyDir is { } emptyDir)
        {
            CreateDirectory(path, emptyDir.Medium == "Memory", emptyDir.SizeLimit?.ToInt64(), group, (UnixFileMode?)emptyDir.Mode);
            return null;
        }

        // First the content: a volume whose ConfigMap is missing leaves nothing behind.
        var content = await contents.OfAsync(pod, volume, cancellationToken).ConfigureAwait(false);
        CreateDirectory(path, InMemory(volume), null, group);
        var files = group is null ? content.Files : content.Files.ToDictionary(f => f.Key, f => f.Value with { Mode = f.Value.Mode | Modes.GroupRead });
        _writer.Write(path, files, group);
        return content.RefreshAt;
    }

    private void CreateDirectory(string path, bool inMemory, long? size, long? group, UnixFileMode? mode = null)
    {
        var permissions = mode ?? Modes.Everyone;
        if (!Directory.Exists(path))
        {
            // Made beside its place and moved there whole, so that a half-made directory is never taken for a volume.
            var making = path + "~";
            if (Directory.Exists(making))
                Directory.Delete(making, recursive: true);
            Directory.CreateDirectory(making);
            Finish(making, permissions, group);
            Directory.Move(making, path);
        }

        // The mount is missing the first time, and after a reboot.
        if (inMemory && !mounter.IsMountPoint(path) && mounter.TryMountTmpfs(path, size, permissions))
            Finish(path, permissions, group);
    }

    // With a group of its own the directory hands that group on to whatever is created in it.
    private void Finish(string path, UnixFileMode permissions, long? group)
    {
        if (group is { } gid)
            mounter.Own(path, -1, gid);
        Modes.Set(path, group is null ? permissions : permissions | UnixFileMode.SetGroup);
    }

    // Secrets and tokens are never written to disk.
    private static bool InMemory(V1Volume volume) =>
        volume.Secret is not null || (volume.Projected?.Sources ?? []).Any(s => s.Secret is not null || s.ServiceAccountToken is not null);
}
