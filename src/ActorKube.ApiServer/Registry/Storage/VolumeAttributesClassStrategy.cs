using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Storage;

/// <summary>The strategy of classes of volume attributes. Source: https://kubernetes.io/docs/concepts/storage/volume-attributes-classes/</summary>
internal sealed class VolumeAttributesClassStrategy : Strategy<V1VolumeAttributesClass>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("volumeAttributesClassColumnDefinitions");

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1VolumeAttributesClass value)
    {
        var errors = new FieldErrors();
        if (string.IsNullOrEmpty(value.DriverName))
        {
            errors.Required(FieldPath.Of("driverName"), value.DriverName ?? "");
        }
        else
        {
            errors.Invalid(FieldPath.Of("driverName"), value.DriverName, NameRules.QualifiedName(value.DriverName.ToLowerInvariant()));
        }

        if (value.Parameters is null or { Count: 0 })
        {
            errors.Required(FieldPath.Of("parameters"), "must contain at least one key/value pair");
        }
        else if (value.Parameters.Count > 512)
        {
            errors.TooLong(FieldPath.Of("parameters"), 512);
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1VolumeAttributesClass value, V1VolumeAttributesClass old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Of("driverName"), value.DriverName, old.DriverName);
        errors.Unchanged(FieldPath.Of("parameters"), value.Parameters, old.Parameters);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1VolumeAttributesClass value, DateTimeOffset now) =>
        [value.Metadata.Name, value.DriverName ?? "", Age(value.Metadata, now)];
}
