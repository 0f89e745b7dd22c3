using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Storage;

/// <summary>The strategy of what CSI drivers say of a node.</summary>
internal sealed class CsiNodeStrategy : Strategy<V1CSINode>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("csiNodeColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1CSINode value)
    {
        value.Spec ??= new V1CSINodeSpec();
        value.Spec.Drivers ??= [];
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1CSINode value)
    {
        var errors = new FieldErrors();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < value.Spec.Drivers.Count; i++)
        {
            var (driver, at) = (value.Spec.Drivers[i], FieldPath.Spec.Child("drivers").Index(i));
            CsiRules.ValidateDriverName(driver.Name, at.Child("name"), errors);
            if (string.IsNullOrEmpty(driver.NodeID))
            {
                errors.Required(at.Child("nodeID"));
            }
            else if (driver.NodeID.Length > 256)
            {
                errors.Invalid(at.Child("nodeID"), driver.NodeID, "must be 256 characters or less");
            }

            if (driver.Allocatable?.Count is < 0)
            {
                errors.NonNegative(at.Child("allocatable").Child("count"), driver.Allocatable.Count);
            }

            for (var n = 0; n < (driver.TopologyKeys?.Count ?? 0); n++)
            {
                errors.Invalid(at.Child("topologyKeys").Index(n), driver.TopologyKeys![n], NameRules.QualifiedName(driver.TopologyKeys[n]));
            }

            if (!names.Add(driver.Name ?? ""))
            {
                errors.Duplicate(at.Child("name"), driver.Name);
            }
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1CSINode value, V1CSINode old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        // A driver may come and go, but not change; but for how many volumes it takes.
        for (var i = 0; i < value.Spec.Drivers.Count; i++)
        {
            var driver = value.Spec.Drivers[i];
            if (old.Spec?.Drivers?.FirstOrDefault(d => d.Name == driver.Name) is { } before && (before.NodeID != driver.NodeID || !SemanticEquality.Equal(before.TopologyKeys, driver.TopologyKeys)))
            {
                errors.Invalid(FieldPath.Spec.Child("drivers").Index(i), driver, FieldErrors.Immutable);
            }
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1CSINode value, DateTimeOffset now) =>
        [value.Metadata.Name, value.Spec?.Drivers?.Count ?? 0, Age(value.Metadata, now)];
}
