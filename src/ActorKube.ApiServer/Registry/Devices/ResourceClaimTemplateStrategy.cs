using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Devices;

/// <summary>The strategy of templates of claims to devices.</summary>
internal sealed class ResourceClaimTemplateStrategy : Strategy<V1ResourceClaimTemplate>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("resourceClaimTemplateColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1ResourceClaimTemplate value)
    {
        value.Spec ??= new V1ResourceClaimTemplateSpec();
        value.Spec.Spec ??= new V1ResourceClaimSpec();
        DeviceRules.Default(value.Spec.Spec);
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1ResourceClaimTemplate value)
    {
        var errors = new FieldErrors();
        DeviceRules.Validate(value.Spec.Spec, FieldPath.Spec.Child("spec"), errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1ResourceClaimTemplate value, V1ResourceClaimTemplate old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Spec, value.Spec, old.Spec);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ResourceClaimTemplate value, DateTimeOffset now) =>
        [value.Metadata.Name, Age(value.Metadata, now)];
}
