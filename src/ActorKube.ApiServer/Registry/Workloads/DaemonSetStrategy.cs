using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>The strategy of daemon sets. Source: https://kubernetes.io/docs/concepts/workloads/controllers/daemonset/</summary>
internal sealed class DaemonSetStrategy : Strategy<V1DaemonSet>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("daemonSetColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1DaemonSet value)
    {
        var spec = value.Spec ??= new V1DaemonSetSpec();
        value.Status ??= new V1DaemonSetStatus();
        spec.Template = PodSpecDefaults.Apply(spec.Template);
        spec.RevisionHistoryLimit ??= 10;
        spec.UpdateStrategy ??= new V1DaemonSetUpdateStrategy();
        spec.UpdateStrategy.Type = PodSpecDefaults.Or(spec.UpdateStrategy.Type, "RollingUpdate");
        if (spec.UpdateStrategy.Type == "RollingUpdate")
        {
            spec.UpdateStrategy.RollingUpdate ??= new V1RollingUpdateDaemonSet();
            spec.UpdateStrategy.RollingUpdate.MaxUnavailable ??= 1;
            spec.UpdateStrategy.RollingUpdate.MaxSurge ??= 0;
        }
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1DaemonSet value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1DaemonSetStatus();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1DaemonSet value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        WorkloadRules.ValidateSelector(spec.Selector, "daemonset", path.Child("selector"), errors);
        WorkloadRules.ValidateTemplate(spec.Template, spec.Selector, "DaemonSet", path.Child("template"), errors);
        errors.NonNegative(path.Child("minReadySeconds"), spec.MinReadySeconds);
        errors.NonNegative(path.Child("revisionHistoryLimit"), spec.RevisionHistoryLimit);
        var rolling = path.Child("updateStrategy").Child("rollingUpdate");
        switch (spec.UpdateStrategy.Type)
        {
            case "OnDelete":
                break;
            case "RollingUpdate" when spec.UpdateStrategy.RollingUpdate is { } update:
                WorkloadRules.ValidateCount(update.MaxUnavailable, rolling.Child("maxUnavailable"), errors);
                WorkloadRules.ValidateCount(update.MaxSurge, rolling.Child("maxSurge"), errors);
                var (gone, more) = (WorkloadRules.NumberOf(update.MaxUnavailable), WorkloadRules.NumberOf(update.MaxSurge));
                if (gone != 0 && more != 0)
                {
                    errors.Invalid(rolling.Child("maxSurge"), update.MaxSurge!.Value, "may not be set when maxUnavailable is non-zero");
                }
                else if (gone == 0 && more == 0)
                {
                    errors.Required(rolling.Child("maxUnavailable"), "cannot be 0 when maxSurge is 0");
                }

                WorkloadRules.ValidateNotOverAll(update.MaxUnavailable, rolling.Child("maxUnavailable"), errors);
                WorkloadRules.ValidateNotOverAll(update.MaxSurge, rolling.Child("maxSurge"), errors);
                break;
            default:
                errors.NotSupported(path.Child("updateStrategy"), spec.UpdateStrategy.Type, "OnDelete", "RollingUpdate");
                break;
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1DaemonSet value, V1DaemonSet old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Spec.Child("selector"), value.Spec.Selector, old.Spec.Selector);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V1DaemonSet value, V1DaemonSet old)
    {
        var (status, errors) = (value.Status ?? new V1DaemonSetStatus(), new FieldErrors());
        foreach (var (field, count) in new (string, int?)[]
        {
            ("currentNumberScheduled", status.CurrentNumberScheduled), ("numberMisscheduled", status.NumberMisscheduled), ("desiredNumberScheduled", status.DesiredNumberScheduled),
            ("numberReady", status.NumberReady), ("updatedNumberScheduled", status.UpdatedNumberScheduled), ("numberAvailable", status.NumberAvailable), ("numberUnavailable", status.NumberUnavailable),
        })
        {
            errors.NonNegative(FieldPath.Status.Child(field), count);
        }

        WorkloadRules.ValidateNotDecremented(status.CollisionCount, old.Status?.CollisionCount, "collisionCount", errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1DaemonSet value, DateTimeOffset now) =>
    [
        value.Metadata.Name,
        value.Status?.DesiredNumberScheduled ?? 0,
        value.Status?.CurrentNumberScheduled ?? 0,
        value.Status?.NumberReady ?? 0,
        value.Status?.UpdatedNumberScheduled ?? 0,
        value.Status?.NumberAvailable ?? 0,
        Tables.Labels(value.Spec?.Template?.Spec?.NodeSelector),
        Age(value.Metadata, now),
        Tables.Names(value.Spec?.Template),
        Tables.Images(value.Spec?.Template),
        LabelSelector.Format(value.Spec?.Selector),
    ];
}
