using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Devices;

/// <summary>The strategy of device classes. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/</summary>
internal sealed class DeviceClassStrategy : Strategy<V1DeviceClass>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("deviceClassColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1DeviceClass value)
    {
        value.Spec ??= new V1DeviceClassSpec();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1DeviceClass value)
    {
        var errors = new FieldErrors();
        DeviceRules.ValidateSelectors(value.Spec.Selectors, FieldPath.Spec.Child("selectors"), errors);
        if (value.Spec.Config?.Count > 32)
        {
            errors.TooMany(FieldPath.Spec.Child("config"), value.Spec.Config.Count, 32);
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1DeviceClass value, DateTimeOffset now) =>
        [value.Metadata.Name, Age(value.Metadata, now)];
}
