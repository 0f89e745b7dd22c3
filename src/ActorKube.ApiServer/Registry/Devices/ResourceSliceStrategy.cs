using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Devices;

/// <summary>The strategy of what devices a driver offers.</summary>
internal sealed class ResourceSliceStrategy : Strategy<V1ResourceSlice>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("nodeResourceSliceColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1ResourceSlice value)
    {
        value.Spec ??= new V1ResourceSliceSpec();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1ResourceSlice value)
    {
        var errors = new FieldErrors();
        var (spec, path) = (value.Spec, FieldPath.Spec);
        DeviceRules.ValidateDriver(spec.Driver, path.Child("driver"), errors);
        if (string.IsNullOrEmpty(spec.Pool?.Name))
        {
            errors.Required(path.Child("pool").Child("name"));
        }

        var ways = (string.IsNullOrEmpty(spec.NodeName) ? 0 : 1) + (spec.NodeSelector is null ? 0 : 1) + (spec.AllNodes is true ? 1 : 0) + (spec.PerDeviceNodeSelection is true ? 1 : 0);
        const string needs = "exactly one of `nodeName`, `nodeSelector`, `allNodes`, `perDeviceNodeSelection` is required";
        if (ways == 0)
        {
            errors.Required(path, needs);
        }
        else if (ways > 1)
        {
            errors.Invalid(path, "{}", needs);
        }

        if (spec.Devices?.Count > 128)
        {
            errors.TooMany(path.Child("devices"), spec.Devices.Count, 128);
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (spec.Devices?.Count ?? 0); i++)
        {
            var (device, at) = (spec.Devices![i], path.Child("devices").Index(i));
            errors.Invalid(at.Child("name"), device.Name ?? "", NameRules.Dns1123Label(device.Name ?? ""));
            if (!names.Add(device.Name ?? ""))
            {
                errors.Duplicate(at.Child("name"), device.Name);
            }
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1ResourceSlice value, V1ResourceSlice old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Spec.Child("driver"), value.Spec.Driver, old.Spec?.Driver);
        errors.Unchanged(FieldPath.Spec.Child("nodeName"), value.Spec.NodeName, old.Spec?.NodeName);
        errors.Unchanged(FieldPath.Spec.Child("pool").Child("name"), value.Spec.Pool?.Name, old.Spec?.Pool?.Name);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ResourceSlice value, DateTimeOffset now) =>
        [value.Metadata.Name, value.Spec?.NodeName ?? (value.Spec?.AllNodes is true ? "<all>" : "<unset>"), value.Spec?.Driver ?? "", value.Spec?.Pool?.Name ?? "", Age(value.Metadata, now)];
}
