using ActorKube.Api.Kinds;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Admission;

/// <summary>
/// Claims that name no storage class get the one that is marked as default.
/// Source: https://kubernetes.io/docs/concepts/storage/storage-classes/#default-storageclass
/// </summary>
internal sealed class DefaultStorageClass(ResourceRegistry registry) : IAdmissionPlugin
{
    private const string Mark = "storageclass.kubernetes.io/is-default-class";
    private const string OldMark = "storageclass.beta.kubernetes.io/is-default-class";
    private const string OldName = "volume.beta.kubernetes.io/storage-class";

    /// <inheritdoc/>
    public string Name => "DefaultStorageClass";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => operation == "CREATE" && kind.ClrType == typeof(V1PersistentVolumeClaim);

    /// <inheritdoc/>
    public async ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Subresource: "", Object: V1PersistentVolumeClaim { Spec: { StorageClassName: null } spec } claim } && claim.Metadata.Annotations?.ContainsKey(OldName) is not true)
        {
            var state = await Freshness.AnyAsync(registry.Of<V1StorageClass>(), cancellationToken).ConfigureAwait(false);
            spec.StorageClassName = DefaultClass.Of(state.Objects.Range("").Select(o => o.Object.As<V1StorageClass>()), Mark, OldMark)?.Metadata.Name;
        }
    }
}

/// <summary>
/// Ingresses that name no class get the one that is marked as default.
/// Source: https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class
/// </summary>
internal sealed class DefaultIngressClass(ResourceRegistry registry) : IAdmissionPlugin
{
    private const string Mark = "ingressclass.kubernetes.io/is-default-class";
    private const string OldName = "kubernetes.io/ingress.class";

    /// <inheritdoc/>
    public string Name => "DefaultIngressClass";

    /// <inheritdoc/>
    public bool Handles(string operation, ResourceKind kind) => operation == "CREATE" && kind.ClrType == typeof(V1Ingress);

    /// <inheritdoc/>
    public async ValueTask MutateAsync(AdmissionRequest request, CancellationToken cancellationToken)
    {
        if (request is { Subresource: "", Object: V1Ingress { Spec: { IngressClassName: null } spec } ingress } && ingress.Metadata.Annotations?.ContainsKey(OldName) is not true)
        {
            var state = await Freshness.AnyAsync(registry.Of<V1IngressClass>(), cancellationToken).ConfigureAwait(false);
            spec.IngressClassName = DefaultClass.Of(state.Objects.Range("").Select(o => o.Object.As<V1IngressClass>()), Mark)?.Metadata.Name;
        }
    }
}

/// <summary>Finds the class that an annotation marks as default: of several the newest, of equally new ones the first by name. Pure.</summary>
internal static class DefaultClass
{
    /// <summary>The class; null when none is marked.</summary>
    public static T? Of<T>(IEnumerable<T> classes, params string[] marks) where T : class, IKubernetesObject<V1ObjectMeta> => classes
        .Where(c => marks.Any(m => c.Metadata.Annotations is { } annotations && annotations.TryGetValue(m, out var value) && value == "true"))
        .OrderByDescending(c => c.Metadata.CreationTimestamp)
        .ThenBy(c => c.Metadata.Name, StringComparer.Ordinal)
        .FirstOrDefault();
}
