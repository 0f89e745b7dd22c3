using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>The strategy of replication controllers. Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicationcontroller/</summary>
internal sealed class ReplicationControllerStrategy : Strategy<V1ReplicationController>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("replicationControllerColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1ReplicationController value)
    {
        value.Spec ??= new V1ReplicationControllerSpec();
        value.Status ??= new V1ReplicationControllerStatus();
        value.Spec.Replicas ??= 1;
        if (value.Spec.Template is null)
        {
            return;
        }

        value.Spec.Template = PodSpecDefaults.Apply(value.Spec.Template);
        if (value.Spec.Template.Metadata.Labels is { Count: > 0 } labels)
        {
            value.Spec.Selector = value.Spec.Selector is { Count: > 0 } ? value.Spec.Selector : new Dictionary<string, string>(labels);
            value.Metadata.Labels = value.Metadata.Labels is { Count: > 0 } ? value.Metadata.Labels : new Dictionary<string, string>(labels);
        }
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1ReplicationController value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1ReplicationControllerStatus();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1ReplicationController value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        errors.NonNegative(path.Child("minReadySeconds"), spec.MinReadySeconds);
        if (spec.Selector is null or { Count: 0 })
        {
            errors.Required(path.Child("selector"));
        }

        errors.NonNegative(path.Child("replicas"), spec.Replicas);
        var selector = spec.Selector is { Count: > 0 } ? new V1LabelSelector { MatchLabels = spec.Selector } : null;
        WorkloadRules.ValidateTemplate(spec.Template, selector, "ReplicationController", path.Child("template"), errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ReplicationController value, DateTimeOffset now) =>
    [
        value.Metadata.Name,
        value.Spec?.Replicas ?? 0,
        value.Status?.Replicas ?? 0,
        value.Status?.ReadyReplicas ?? 0,
        Age(value.Metadata, now),
        Tables.Names(value.Spec?.Template),
        Tables.Images(value.Spec?.Template),
        Tables.Labels(value.Spec?.Selector),
    ];
}
