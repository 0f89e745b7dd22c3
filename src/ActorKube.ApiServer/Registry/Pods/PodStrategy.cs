using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>The strategy of pods. Source: https://kubernetes.io/docs/concepts/workloads/pods/</summary>
internal sealed class PodStrategy : Strategy<V1Pod>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("podColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1Pod value) => PodDefaults.Apply(value);

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1Pod value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1PodStatus { Phase = "Pending", QosClass = PodQos.Of(value.Spec) };
        if (value.Spec.SchedulingGates is { Count: > 0 })
        {
            value.Status.Conditions =
            [
                new V1PodCondition { Type = "PodScheduled", Status = "False", Reason = "SchedulingGated", Message = "Scheduling is blocked due to non-empty scheduling gates" },
            ];
        }
    }

    /// <inheritdoc/>
    protected override void PrepareForStatusUpdate(V1Pod value, V1Pod old)
    {
        base.PrepareForStatusUpdate(value, old);
        value.Metadata.DeletionTimestamp = old.Metadata.DeletionTimestamp;
        value.Metadata.OwnerReferences = old.Metadata.OwnerReferences;
        value.Status ??= new V1PodStatus();
        value.Status.QosClass = string.IsNullOrEmpty(value.Status.QosClass) ? old.Status?.QosClass : value.Status.QosClass;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1Pod value)
    {
        var errors = new FieldErrors();
        PodSpecValidation.ValidatePod(value, errors);
        if (value.Spec.EphemeralContainers is { Count: > 0 })
        {
            errors.Forbidden(FieldPath.Spec.Child("ephemeralContainers"), "cannot be set on create");
        }

        if (!string.IsNullOrEmpty(value.Spec.NodeName) && value.Spec.SchedulingGates is { Count: > 0 })
        {
            errors.Forbidden(FieldPath.Spec.Child("nodeName"), "cannot be set until all schedulingGates have been cleared");
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1Pod value, V1Pod old)
    {
        var errors = new FieldErrors();
        PodSpecValidation.ValidatePod(value, errors);
        PodUpdateValidation.Validate(value, old, errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V1Pod value, V1Pod old)
    {
        var errors = new FieldErrors();
        PodUpdateValidation.ValidateStatus(value, old, errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override IEnumerable<string> Warnings(V1Pod value, V1Pod? old) => PodWarnings.Of(value.Spec, "spec", value.Metadata.Name, old is null);

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1Pod value, DateTimeOffset now) => PodPrinter.Cells(value, now);
}
