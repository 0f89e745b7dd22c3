using k8s.Models;

namespace ActorKube.Api.Scheduling;

/// <summary>What claims and persistent volumes say, as whoever brings them together reads it.</summary>
public static class VolumeFacts
{
    /// <summary>Whether the volume can be used on a node.</summary>
    public static bool IsReachable(V1PersistentVolume volume, IDictionary<string, string> labels, string node) =>
        volume.Spec.NodeAffinity?.Required is not { } required || NodeSelector.Matches(required, labels, node);

    /// <summary>How many bytes the volume has; 0 when it does not say.</summary>
    public static decimal SizeOf(V1PersistentVolume volume) => Storage(volume.Spec.Capacity);

    /// <summary>How many bytes the claim asks for; 0 when it does not say.</summary>
    public static decimal SizeOf(V1PersistentVolumeClaim claim) => Storage(claim.Spec.Resources?.Requests);

    private static decimal Storage(IDictionary<string, ResourceQuantity>? amounts) => amounts is not null && amounts.TryGetValue("storage", out var size) ? size.ToDecimal() : 0;
}
