using k8s.Models;

namespace ActorKube.Kubelet.Volumes;

/// <summary>
/// What is behind a claim that a pod mounts: a directory or file of this machine. Volumes that have to be attached or mounted over the
/// network are somebody else's.
/// </summary>
internal sealed class PersistentVolumes(IObjectSource objects)
{
    /// <summary>The place on this machine.</summary>
    /// <exception cref="VolumeException">The claim is not bound yet, or its volume is of a kind that this node does not know.</exception>
    public async Task<string> ResolveAsync(V1Pod pod, V1Volume mounted, CancellationToken cancellationToken)
    {
        var name = mounted.PersistentVolumeClaim.ClaimName;
        var claim = await objects.ClaimAsync(pod.Metadata.NamespaceProperty, name, cancellationToken).ConfigureAwait(false)
            ?? throw new VolumeException(mounted.Name, $"persistentvolumeclaim \"{name}\" not found");
        if (claim.Metadata.DeletionTimestamp is not null)
            throw new VolumeException(mounted.Name, $"can't start pod because PVC {claim.Metadata.NamespaceProperty}/{name} is being deleted");
        if (string.IsNullOrEmpty(claim.Spec.VolumeName) || claim.Status?.Phase != "Bound")
            throw new VolumeException(mounted.Name, $"persistentvolumeclaim \"{name}\" is not bound");
        var volume = await objects.VolumeAsync(claim.Spec.VolumeName, cancellationToken).ConfigureAwait(false)
            ?? throw new VolumeException(mounted.Name, $"persistentvolume \"{claim.Spec.VolumeName}\" not found");
        if (volume.Spec.ClaimRef is null || volume.Spec.ClaimRef.Uid != claim.Metadata.Uid)
            throw new VolumeException(mounted.Name, $"PV {volume.Metadata.Name} spec.claimRef.uid {volume.Spec.ClaimRef?.Uid} does not match pvc.UID {claim.Metadata.Uid}");
        if (volume.Spec.VolumeMode == "Block")
            throw new VolumeException(mounted.Name, $"volume {volume.Metadata.Name} has volumeMode Block, but is specified in volumeMounts");
        if (volume.Spec.HostPath is { } hostPath)
        {
            HostPathVolume.Check(mounted.Name, hostPath);
            if (!Path.Exists(hostPath.Path))
                Directory.CreateDirectory(hostPath.Path);
            return hostPath.Path;
        }

        if (volume.Spec.Local is { } local)
            return Path.Exists(local.Path) ? local.Path : throw new VolumeException(mounted.Name, $"path \"{local.Path}\" does not exist");
        throw new VolumeException(mounted.Name, $"no volume plugin matched for PersistentVolume \"{volume.Metadata.Name}\"");
    }

    /// <summary>Puts a link to the place where the pod's volumes are. A link, and no mount: whatever becomes of the pod's directory, the data stays.</summary>
    public static void Link(string path, string target)
    {
        var link = new FileInfo(path);
        if (link.LinkTarget == target)
            return;
        if (link.LinkTarget is not null)
            File.Delete(path);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.CreateSymbolicLink(path, target);
    }
}
