using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Claims grow only where their storage class lets them.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#persistentvolumeclaimresize
/// </summary>
internal sealed class PersistentVolumeClaimResize(ResourceRegistry registry) : IAdmissionPlugin
{
    /// <inheritdoc/>
    public string Name => "PersistentVolumeClaimResize";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => operation == "UPDATE" && kind.ClrType == typeof(V1PersistentVolumeClaim);

    /// <inheritdoc/>
    public async ValueTask ValidateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is not { Subresource: "", Object: V1PersistentVolumeClaim claim, Old: V1PersistentVolumeClaim old } || Size(claim) <= Size(old))
        {
            return;
        }

        if (old.Status?.Phase != "Bound")
        {
            throw request.Forbidden("Only bound persistent volume claims can be expanded");
        }

        var name = claim.Metadata.Annotations is { } annotations && annotations.TryGetValue("volume.beta.kubernetes.io/storage-class", out var byAnnotation) ? byAnnotation : claim.Spec.StorageClassName;
        var state = await Freshness.AnyAsync(registry.Of<V1StorageClass>(), cancellationToken).ConfigureAwait(false);
        if (string.IsNullOrEmpty(name) || state.Objects.Find(name)?.Object.As<V1StorageClass>().AllowVolumeExpansion is not true)
        {
            throw request.Forbidden("only dynamically provisioned pvc can be resized and the storageclass that provisions the pvc must support resize");
        }
    }

    private static Quantity Size(V1PersistentVolumeClaim claim) => Quantity.From(claim.Spec?.Resources?.Requests, "storage");
}
