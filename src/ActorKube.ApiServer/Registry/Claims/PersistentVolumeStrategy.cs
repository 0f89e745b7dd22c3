using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Claims;

/// <summary>The strategy of volumes. Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/</summary>
internal sealed class PersistentVolumeStrategy : Strategy<V1PersistentVolume>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("persistentVolumeColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1PersistentVolume value)
    {
        value.Spec ??= new V1PersistentVolumeSpec();
        value.Status ??= new V1PersistentVolumeStatus();
        value.Status.Phase = PodSpecDefaults.Or(value.Status.Phase, "Pending");
        value.Spec.PersistentVolumeReclaimPolicy = PodSpecDefaults.Or(value.Spec.PersistentVolumeReclaimPolicy, "Retain");
        value.Spec.VolumeMode = PodSpecDefaults.Or(value.Spec.VolumeMode, "Filesystem");
        if (value.Spec.HostPath is { } host)
        {
            host.Type ??= "";
        }
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1PersistentVolume value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1PersistentVolumeStatus { Phase = "Pending" };
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1PersistentVolume value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        if (spec.AccessModes is null or { Count: 0 })
        {
            errors.Required(path.Child("accessModes"));
        }

        if (spec.Capacity is null or { Count: 0 })
        {
            errors.Required(path.Child("capacity"));
        }
        else if (!spec.Capacity.ContainsKey("storage") || spec.Capacity.Count > 1)
        {
            errors.NotSupported(path.Child("capacity"), spec.Capacity, "storage");
        }

        foreach (var (name, amount) in spec.Capacity ?? new Dictionary<string, ResourceQuantity>())
        {
            if (Quantity.From(amount).Sign <= 0)
            {
                errors.Invalid(path.Child("capacity").Key(name), amount.ToString(), "must be greater than zero");
            }
        }

        errors.OneOf(path.Child("persistentVolumeReclaimPolicy"), spec.PersistentVolumeReclaimPolicy, "Delete", "Recycle", "Retain");
        if (spec.NodeAffinity?.Required is { } required)
        {
            AffinityValidation.ValidateNodeSelector(required, path.Child("nodeAffinity").Child("required"), errors);
        }
        else if (spec.Local is not null)
        {
            errors.Required(path.Child("nodeAffinity"), "Local volume requires node affinity");
        }

        if (!string.IsNullOrEmpty(spec.StorageClassName))
        {
            errors.Invalid(path.Child("storageClassName"), spec.StorageClassName, NameRules.Dns1123Subdomain(spec.StorageClassName));
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1PersistentVolume value, DateTimeOffset now) =>
    [
        value.Metadata.Name,
        Quantity.From(value.Spec?.Capacity, "storage").ToString(),
        AccessModes.Short(value.Spec?.AccessModes),
        value.Spec?.PersistentVolumeReclaimPolicy ?? "",
        value.Metadata.DeletionTimestamp is null ? value.Status?.Phase ?? "" : "Terminating",
        value.Spec?.ClaimRef is { } claim ? $"{claim.NamespaceProperty}/{claim.Name}" : "",
        value.Spec?.StorageClassName ?? "",
        string.IsNullOrEmpty(value.Spec?.VolumeAttributesClassName) ? "<unset>" : value.Spec.VolumeAttributesClassName,
        value.Status?.Reason ?? "",
        Age(value.Metadata, now),
        value.Spec?.VolumeMode ?? "<unset>",
    ];
}
