using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Devices;

/// <summary>The strategy of claims to devices. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/dynamic-resource-allocation/</summary>
internal sealed class ResourceClaimStrategy : Strategy<Resourcev1ResourceClaim>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("resourceClaimColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(Resourcev1ResourceClaim value)
    {
        value.Spec ??= new V1ResourceClaimSpec();
        value.Status ??= new V1ResourceClaimStatus();
        DeviceRules.Default(value.Spec);
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(Resourcev1ResourceClaim value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1ResourceClaimStatus();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(Resourcev1ResourceClaim value)
    {
        var errors = new FieldErrors();
        DeviceRules.Validate(value.Spec, FieldPath.Spec, errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(Resourcev1ResourceClaim value, Resourcev1ResourceClaim old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Spec, value.Spec, old.Spec);
        return errors;
    }

    private static string State(Resourcev1ResourceClaim value)
    {
        string[] states =
        [
            .. value.Metadata.DeletionTimestamp is null ? Array.Empty<string>() : ["deleted"],
            .. value.Status?.Allocation is null ? Array.Empty<string>() : ["allocated"],
            .. value.Status?.ReservedFor is { Count: > 0 } ? ["reserved"] : Array.Empty<string>(),
        ];
        return states is [] or ["deleted"] ? string.Join(',', states.Append("pending")) : string.Join(',', states);
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(Resourcev1ResourceClaim value, DateTimeOffset now) =>
        [value.Metadata.Name, State(value), Age(value.Metadata, now)];
}
