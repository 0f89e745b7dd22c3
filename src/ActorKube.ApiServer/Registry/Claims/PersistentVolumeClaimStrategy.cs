using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Claims;

/// <summary>The strategy of volume claims. Source: https://kubernetes.io/docs/concepts/storage/persistent-volumes/</summary>
internal sealed class PersistentVolumeClaimStrategy : Strategy<V1PersistentVolumeClaim>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("persistentVolumeClaimColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1PersistentVolumeClaim value) => ClaimDefaults.Apply(value);

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1PersistentVolumeClaim value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1PersistentVolumeClaimStatus { Phase = "Pending" };
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1PersistentVolumeClaim value)
    {
        var errors = new FieldErrors();
        ClaimValidation.ValidateSpec(value.Spec, FieldPath.Spec, errors);
        return errors;
    }

    /// <summary>A claim's spec stays, but for the volume it gets, its growth once it is bound, and its attributes class.</summary>
    protected override List<FieldError> ValidateUpdate(V1PersistentVolumeClaim value, V1PersistentVolumeClaim old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        var rest = ApiJson.Copy(value.Spec);
        rest.VolumeName = string.IsNullOrEmpty(old.Spec.VolumeName) ? old.Spec.VolumeName : rest.VolumeName;
        rest.StorageClassName = old.Spec.StorageClassName is null ? null : rest.StorageClassName;
        if (old.Status?.Phase == "Bound")
        {
            if (rest.Resources?.Requests is not null)
            {
                rest.Resources.Requests = old.Spec.Resources?.Requests;
            }

            rest.VolumeAttributesClassName = old.Spec.VolumeAttributesClassName;
        }

        if (!SemanticEquality.Equal(rest, old.Spec))
        {
            errors.Forbidden(FieldPath.Spec, $"spec is immutable after creation except resources.requests and volumeAttributesClassName for bound claims\n{SpecDiff.Describe(old.Spec, rest)}");
        }

        var (size, before) = (Quantity.From(value.Spec.Resources?.Requests, "storage"), Quantity.From(old.Spec.Resources?.Requests, "storage"));
        if (size < before && size <= Quantity.From(old.Status?.Capacity, "storage"))
        {
            errors.Forbidden(FieldPath.Spec.Child("resources").Child("requests").Child("storage"), "field can not be less than status.capacity");
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1PersistentVolumeClaim value, DateTimeOffset now)
    {
        var bound = !string.IsNullOrEmpty(value.Spec?.VolumeName);
        return
        [
            value.Metadata.Name,
            value.Metadata.DeletionTimestamp is null ? value.Status?.Phase ?? "" : "Terminating",
            value.Spec?.VolumeName ?? "",
            bound ? Quantity.From(value.Status?.Capacity, "storage").ToString() : "",
            bound ? AccessModes.Short(value.Status?.AccessModes) : "",
            value.Spec?.StorageClassName ?? "",
            string.IsNullOrEmpty(value.Spec?.VolumeAttributesClassName) ? "<unset>" : value.Spec.VolumeAttributesClassName,
            Age(value.Metadata, now),
            value.Spec?.VolumeMode ?? "<unset>",
        ];
    }
}
