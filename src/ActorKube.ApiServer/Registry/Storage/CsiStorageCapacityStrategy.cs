using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Storage;

/// <summary>The strategy of storage capacities. Source: https://kubernetes.io/docs/concepts/storage/storage-capacity/</summary>
internal sealed class CsiStorageCapacityStrategy : Strategy<V1CSIStorageCapacity>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("csiStorageCapacityColumnDefinitions");

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1CSIStorageCapacity value)
    {
        var errors = new FieldErrors();
        ObjectMetaRules.ValidateLabelSelector(value.NodeTopology, FieldPath.Of("nodeTopology"), errors);
        errors.Invalid(FieldPath.Of("storageClassName"), value.StorageClassName ?? "", NameRules.Dns1123Subdomain(value.StorageClassName ?? ""));
        if (value.Capacity is not null && value.Capacity.ToString().StartsWith('-'))
        {
            errors.Invalid(FieldPath.Of("capacity"), value.Capacity.ToString(), "must be greater than or equal to 0");
        }

        if (value.MaximumVolumeSize is not null && value.MaximumVolumeSize.ToString().StartsWith('-'))
        {
            errors.Invalid(FieldPath.Of("maximumVolumeSize"), value.MaximumVolumeSize.ToString(), "must be greater than or equal to 0");
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1CSIStorageCapacity value, V1CSIStorageCapacity old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Of("nodeTopology"), value.NodeTopology, old.NodeTopology);
        errors.Unchanged(FieldPath.Of("storageClassName"), value.StorageClassName, old.StorageClassName);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1CSIStorageCapacity value, DateTimeOffset now) =>
        [value.Metadata.Name, value.StorageClassName ?? "", value.Capacity?.ToString() ?? "<unset>"];
}
