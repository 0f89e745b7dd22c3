using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Cluster;

/// <summary>The strategy of leases. Source: https://kubernetes.io/docs/concepts/architecture/leases/</summary>
internal sealed class LeaseStrategy : Strategy<V1Lease>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("leaseColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1Lease value) => value.Spec ??= new V1LeaseSpec();

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1Lease value)
    {
        var errors = new FieldErrors();
        if (value.Spec.LeaseDurationSeconds is <= 0)
        {
            errors.Invalid(FieldPath.Spec.Child("leaseDurationSeconds"), value.Spec.LeaseDurationSeconds, "must be greater than 0");
        }

        errors.NonNegative(FieldPath.Spec.Child("leaseTransitions"), value.Spec.LeaseTransitions);
        if (value.Spec.Strategy is not null)
        {
            errors.Invalid(FieldPath.Spec.Child("strategy"), value.Spec.Strategy, NameRules.QualifiedName(value.Spec.Strategy));
        }

        if (!string.IsNullOrEmpty(value.Spec.PreferredHolder) && string.IsNullOrEmpty(value.Spec.Strategy))
        {
            errors.Forbidden(FieldPath.Spec.Child("preferredHolder"), "may only be specified when `strategy` is defined");
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1Lease value, DateTimeOffset now) => [value.Metadata.Name, value.Spec?.HolderIdentity ?? "", Age(value.Metadata, now)];
}
