using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>The strategy of replica sets. Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/</summary>
internal sealed class ReplicaSetStrategy : Strategy<V1ReplicaSet>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("replicaSetColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1ReplicaSet value)
    {
        value.Spec ??= new V1ReplicaSetSpec();
        value.Status ??= new V1ReplicaSetStatus();
        value.Spec.Template = PodSpecDefaults.Apply(value.Spec.Template);
        value.Spec.Replicas ??= 1;
        value.Spec.MinReadySeconds = value.Spec.MinReadySeconds is 0 ? null : value.Spec.MinReadySeconds;
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1ReplicaSet value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1ReplicaSetStatus();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1ReplicaSet value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        errors.NonNegative(path.Child("replicas"), spec.Replicas);
        errors.NonNegative(path.Child("minReadySeconds"), spec.MinReadySeconds);
        WorkloadRules.ValidateSelector(spec.Selector, "replicaset", path.Child("selector"), errors);
        WorkloadRules.ValidateTemplate(spec.Template, spec.Selector, "ReplicaSet", path.Child("template"), errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1ReplicaSet value, V1ReplicaSet old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Spec.Child("selector"), value.Spec.Selector, old.Spec.Selector);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V1ReplicaSet value, V1ReplicaSet old)
    {
        var (status, errors) = (value.Status ?? new V1ReplicaSetStatus(), new FieldErrors());
        errors.NonNegative(FieldPath.Status.Child("observedGeneration"), status.ObservedGeneration);
        WorkloadRules.ValidateStatusCounts(
            errors,
            status.Replicas,
            ("fullyLabeledReplicas", status.FullyLabeledReplicas), ("readyReplicas", status.ReadyReplicas), ("availableReplicas", status.AvailableReplicas));
        if ((status.AvailableReplicas ?? 0) > (status.ReadyReplicas ?? 0))
        {
            errors.Invalid(FieldPath.Status.Child("availableReplicas"), status.AvailableReplicas, "cannot be greater than readyReplicas");
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IEnumerable<string> Warnings(V1ReplicaSet value, V1ReplicaSet? old) => PodWarnings.Of(value.Spec?.Template?.Spec, "spec.template.spec", null, old is null);

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ReplicaSet value, DateTimeOffset now) =>
    [
        value.Metadata.Name,
        value.Spec?.Replicas ?? 0,
        value.Status?.Replicas ?? 0,
        value.Status?.ReadyReplicas ?? 0,
        Age(value.Metadata, now),
        Tables.Names(value.Spec?.Template),
        Tables.Images(value.Spec?.Template),
        LabelSelector.Format(value.Spec?.Selector),
    ];
}
