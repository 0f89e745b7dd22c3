using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Api.Quota;

/// <summary>PersistentVolumeClaims: their number and size, altogether and by storage class.</summary>
internal sealed class ClaimQuota() : QuotaEvaluator("persistentvolumeclaims")
{
    private const string Claims = "persistentvolumeclaims";
    private const string Storage = "requests.storage";
    private const string OfClass = ".storageclass.storage.k8s.io/";

    /// <summary>The one instance.</summary>
    public static ClaimQuota Instance { get; } = new();

    /// <inheritdoc/>
    public override bool Handles(string operation, string subresource, object value, object? old) => subresource switch
    {
        "" => operation is "CREATE" or "UPDATE",
        "status" => value is V1PersistentVolumeClaim claim && old is V1PersistentVolumeClaim was
            && (Allocated(claim) != Allocated(was) || !AttributeClasses(claim).SetEquals(AttributeClasses(was))),
        _ => false,
    };

    /// <inheritdoc/>
    public override bool Counts(string name) =>
        name is "count/persistentvolumeclaims" or Claims or Storage
        || name.EndsWith(OfClass + Claims, StringComparison.Ordinal) || name.EndsWith(OfClass + Storage, StringComparison.Ordinal);

    /// <inheritdoc/>
    public override Dictionary<string, Quantity> Usage(object value, DateTimeOffset now)
    {
        var claim = (V1PersistentVolumeClaim)value;
        var usage = new Dictionary<string, Quantity>(StringComparer.Ordinal) { [CountName] = Quantity.Of(1), [Claims] = Quantity.Of(1) };
        var storageClass = StorageClass(claim);
        if (storageClass.Length > 0)
        {
            usage[storageClass + OfClass + Claims] = Quantity.Of(1);
        }

        if (claim.Spec?.Resources?.Requests?.ContainsKey("storage") is true)
        {
            // Whole bytes: a fraction counts as one more.
            var size = Quantity.Max(Quantity.From(claim.Spec.Resources.Requests, "storage"), Allocated(claim));
            size = size.IsWhole ? size : Quantity.Of(size.Value, size.Format);
            usage[Storage] = size;
            if (storageClass.Length > 0)
            {
                usage[storageClass + OfClass + Storage] = size;
            }
        }

        return usage;
    }

    /// <inheritdoc/>
    public override bool IsIn(V1ScopedResourceSelectorRequirement scope, object value) =>
        scope.ScopeName == "VolumeAttributesClass" && Selects(scope, AttributeClasses((V1PersistentVolumeClaim)value));

    private static string StorageClass(V1PersistentVolumeClaim claim) =>
        claim.Metadata.Annotations is { } annotations && annotations.TryGetValue("volume.beta.kubernetes.io/storage-class", out var old) ? old : claim.Spec?.StorageClassName ?? "";

    private static Quantity Allocated(V1PersistentVolumeClaim claim) => Quantity.From(claim.Status?.AllocatedResources, "storage");

    private static HashSet<string> AttributeClasses(V1PersistentVolumeClaim claim)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in (string?[])[claim.Spec?.VolumeAttributesClassName, claim.Status?.CurrentVolumeAttributesClassName, claim.Status?.ModifyVolumeStatus?.TargetVolumeAttributesClassName])
        {
            if (!string.IsNullOrEmpty(name))
            {
                names.Add(name);
            }
        }

        return names;
    }
}
