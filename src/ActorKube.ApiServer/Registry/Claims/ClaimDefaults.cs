using ActorKube.ApiServer.Registry.Pods;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Claims;

/// <summary>What Kubernetes fills into a claim.</summary>
internal static class ClaimDefaults
{
    /// <summary>Fills a claim; one inside a template also says what it is.</summary>
    public static void Apply(V1PersistentVolumeClaim claim, string? apiVersion = null)
    {
        claim.Spec ??= new V1PersistentVolumeClaimSpec();
        claim.Status ??= new V1PersistentVolumeClaimStatus();
        claim.Spec.VolumeMode = PodSpecDefaults.Or(claim.Spec.VolumeMode, "Filesystem");
        claim.Spec.Resources ??= new V1VolumeResourceRequirements();
        claim.Status.Phase = PodSpecDefaults.Or(claim.Status.Phase, "Pending");

        // The older name of the source and the newer one say the same.
        if (claim.Spec.DataSource is { } source && claim.Spec.DataSourceRef is null)
        {
            claim.Spec.DataSourceRef = new V1TypedObjectReference { ApiGroup = source.ApiGroup, Kind = source.Kind, Name = source.Name };
        }

        if (apiVersion is not null)
        {
            claim.ApiVersion = apiVersion;
            claim.Kind = "PersistentVolumeClaim";
        }
    }
}
