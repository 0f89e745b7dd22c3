using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Shell;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Storage;

/// <summary>
/// Keeps a claim or volume from going while somebody uses it.
/// Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/#storage-object-in-use-protection
/// </summary>
internal static class ProtectionFinalizer
{
    /// <summary>Adds the finalizer to what stays, takes it from what goes and is used no longer.</summary>
    public static Plan Reconcile<T>(T? value, string finalizer, Func<bool> isUsed) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        if (value is null)
            return Plan.Nothing;
        var finalizers = value.Metadata.Finalizers ?? [];
        var (goes, has) = (value.Metadata.DeletionTimestamp is not null, finalizers.Contains(finalizer));
        if (goes && has && !isUsed())
            return Set(value, finalizers.Where(f => f != finalizer));
        return goes || has ? Plan.Nothing : Set(value, finalizers.Append(finalizer));
    }

    // The controllers' roles let them replace what they protect, and not patch it.
    private static Plan Set<T>(T value, IEnumerable<string> finalizers) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var changed = ApiJson.Copy(value);
        changed.Metadata.Finalizers = finalizers.ToList() is { Count: > 0 } left ? left : null;
        return Plan.Of(new Update(changed));
    }
}
