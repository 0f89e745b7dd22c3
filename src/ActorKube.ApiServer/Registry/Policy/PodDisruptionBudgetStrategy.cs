using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using ActorKube.ApiServer.Registry.Workloads;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Policy;

/// <summary>The strategy of disruption budgets. Source: https://kubernetes.io/docs/tasks/run-application/configure-pdb/</summary>
internal sealed class PodDisruptionBudgetStrategy : Strategy<V1PodDisruptionBudget>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("podDisruptionBudgetColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1PodDisruptionBudget value)
    {
        value.Spec ??= new V1PodDisruptionBudgetSpec();
        value.Status ??= new V1PodDisruptionBudgetStatus();
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1PodDisruptionBudget value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1PodDisruptionBudgetStatus();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1PodDisruptionBudget value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        if (spec.MinAvailable is not null && spec.MaxUnavailable is not null)
        {
            errors.Invalid(path, spec, "minAvailable and maxUnavailable cannot be both set");
        }

        foreach (var (field, count) in new[] { ("minAvailable", spec.MinAvailable), ("maxUnavailable", spec.MaxUnavailable) })
        {
            if (count is not null)
            {
                WorkloadRules.ValidateCount(count, path.Child(field), errors);
                WorkloadRules.ValidateNotOverAll(count, path.Child(field), errors);
            }
        }

        ObjectMetaRules.ValidateLabelSelector(spec.Selector, path.Child("selector"), errors);
        if (spec.UnhealthyPodEvictionPolicy is not null)
        {
            errors.OneOf(path.Child("unhealthyPodEvictionPolicy"), spec.UnhealthyPodEvictionPolicy, "AlwaysAllow", "IfHealthyBudget");
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1PodDisruptionBudget value, DateTimeOffset now) =>
    [
        value.Metadata.Name,
        value.Spec?.MinAvailable?.Value ?? "N/A",
        value.Spec?.MaxUnavailable?.Value ?? "N/A",
        value.Status?.DisruptionsAllowed ?? 0,
        Age(value.Metadata, now),
    ];
}
