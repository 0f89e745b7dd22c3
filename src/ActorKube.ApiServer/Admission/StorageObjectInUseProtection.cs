using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Claims and volumes get the finalizer that keeps them while somebody uses them.
/// Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection
/// </summary>
internal sealed class StorageObjectInUseProtection : IAdmissionPlugin
{
    /// <inheritdoc/>
    public string Name => "StorageObjectInUseProtection";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) =>
        operation == "CREATE" && (kind.ClrType == typeof(V1PersistentVolumeClaim) || kind.ClrType == typeof(V1PersistentVolume));

    /// <inheritdoc/>
    public ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        switch (request)
        {
            case { Subresource: "", Object: V1PersistentVolumeClaim claim }:
                Protect(claim.Metadata, "kubernetes.io/pvc-protection");
                break;
            case { Subresource: "", Object: V1PersistentVolume volume }:
                Protect(volume.Metadata, "kubernetes.io/pv-protection");
                break;
        }

        return ValueTask.CompletedTask;
    }

    private static void Protect(V1ObjectMeta metadata, string finalizer)
    {
        if (metadata.Finalizers?.Contains(finalizer) is not true)
        {
            metadata.Finalizers = [.. metadata.Finalizers ?? [], finalizer];
        }
    }
}
