using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Scheduling;

/// <summary>
/// Which volume a claim gets. Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#binding
/// </summary>
public static class VolumeMatch
{
    /// <summary>The class a claim or volume names; empty for none.</summary>
    public static string ClassOf(V1PersistentVolumeClaim claim) =>
        claim.Spec.StorageClassName ?? (claim.Metadata.Annotations is { } annotations && annotations.TryGetValue("volume.beta.kubernetes.io/storage-class", out var old) ? old : "");

    /// <summary>Whether the volume is reserved for this very claim, by somebody who named it or because it is bound.</summary>
    public static bool IsFor(V1PersistentVolume volume, V1PersistentVolumeClaim claim) =>
        volume.Spec.ClaimRef is { } of && of.Name == claim.Metadata.Name && of.NamespaceProperty == claim.Metadata.NamespaceProperty
        && (string.IsNullOrEmpty(of.Uid) || of.Uid == claim.Metadata.Uid);

    /// <summary>
    /// The volume that was reserved for the claim, else the smallest that has all it asks for; null for none. Of equally large ones the
    /// first by name.
    /// </summary>
    public static V1PersistentVolume? Find(V1PersistentVolumeClaim claim, IEnumerable<V1PersistentVolume> volumes)
    {
        var fitting = volumes.Where(v => v.Metadata.DeletionTimestamp is null && Suits(claim, v)).ToList();
        return fitting.FirstOrDefault(v => IsFor(v, claim))
            ?? fitting.Where(v => v.Spec.ClaimRef is null && v.Status?.Phase is not ("Released" or "Failed"))
                .OrderBy(VolumeFacts.SizeOf).ThenBy(v => v.Metadata.Name, StringComparer.Ordinal).FirstOrDefault();
    }

    /// <summary>Whether the volume has what the claim asks for: size, access, mode, class and labels.</summary>
    public static bool Suits(V1PersistentVolumeClaim claim, V1PersistentVolume volume) =>
        (volume.Spec.StorageClassName ?? "") == ClassOf(claim)
        && (volume.Spec.VolumeMode ?? "Filesystem") == (claim.Spec.VolumeMode ?? "Filesystem")
        && (claim.Spec.AccessModes ?? []).All(m => volume.Spec.AccessModes?.Contains(m) == true)
        && VolumeFacts.SizeOf(volume) >= VolumeFacts.SizeOf(claim)
        && (claim.Spec.VolumeAttributesClassName ?? "") == (volume.Spec.VolumeAttributesClassName ?? "")
        && (claim.Spec.Selector is null || (LabelSelector.TryFrom(claim.Spec.Selector, out var selector, out _) && selector.Matches(volume.Metadata.Labels)));

    /// <summary>Whether the volume can be had on the node; on any where no node is given.</summary>
    public static bool IsReachable(V1PersistentVolume volume, V1Node? node) =>
        node is null || VolumeFacts.IsReachable(volume, node.Metadata.Labels ?? new Dictionary<string, string>(), node.Metadata.Name);
}
