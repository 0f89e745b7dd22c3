using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>The strategy of autoscalers. Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/</summary>
internal sealed class HorizontalPodAutoscalerStrategy : Strategy<V2HorizontalPodAutoscaler>
{
    private const int ShownMetrics = 2;

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("horizontalPodAutoscalerColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V2HorizontalPodAutoscaler value)
    {
        value.Status ??= new V2HorizontalPodAutoscalerStatus();
        AutoscalerRules.Default(value.Spec ??= new V2HorizontalPodAutoscalerSpec());
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V2HorizontalPodAutoscaler value)
    {
        base.PrepareForCreate(value);
        value.Status = new V2HorizontalPodAutoscalerStatus();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V2HorizontalPodAutoscaler value) => Validate(value.Spec, 1);

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V2HorizontalPodAutoscaler value, V2HorizontalPodAutoscaler old) => Validate(value.Spec, old.Spec?.MinReplicas == 0 ? 0 : 1);

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V2HorizontalPodAutoscaler value, V2HorizontalPodAutoscaler old)
    {
        var errors = new FieldErrors();
        errors.NonNegative(FieldPath.Status.Child("currentReplicas"), value.Status?.CurrentReplicas);
        errors.NonNegative(FieldPath.Status.Child("desiredReplicas"), value.Status?.DesiredReplicas);
        return errors;
    }

    // Scaling to nothing is a feature that Kubernetes has off; what has it already keeps it.
    private static FieldErrors Validate(V2HorizontalPodAutoscalerSpec spec, int lowestMinimum)
    {
        var (path, errors) = (FieldPath.Spec, new FieldErrors());
        if (spec.MinReplicas < lowestMinimum)
        {
            errors.Invalid(path.Child("minReplicas"), spec.MinReplicas, $"must be greater than or equal to {lowestMinimum}");
        }

        if (spec.MaxReplicas < 1)
        {
            errors.Invalid(path.Child("maxReplicas"), spec.MaxReplicas, "must be greater than 0");
        }

        if (spec.MaxReplicas < spec.MinReplicas)
        {
            errors.Invalid(path.Child("maxReplicas"), spec.MaxReplicas, "must be greater than or equal to `minReplicas`");
        }

        AutoscalerRules.ValidateReference(spec.ScaleTargetRef, path.Child("scaleTargetRef"), errors);
        AutoscalerRules.ValidateMetrics(spec, path.Child("metrics"), errors);
        AutoscalerRules.ValidateBehavior(spec.Behavior, path.Child("behavior"), errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V2HorizontalPodAutoscaler value, DateTimeOffset now) =>
    [
        value.Metadata.Name,
        $"{value.Spec?.ScaleTargetRef?.Kind}/{value.Spec?.ScaleTargetRef?.Name}",
        Targets(value),
        value.Spec?.MinReplicas is { } min ? min.ToString(CultureInfo.InvariantCulture) : "<unset>",
        (long)(value.Spec?.MaxReplicas ?? 0),
        (long)(value.Status?.CurrentReplicas ?? 0),
        Age(value.Metadata, now),
    ];

    private static string Targets(V2HorizontalPodAutoscaler value)
    {
        var metrics = value.Spec?.Metrics ?? [];
        if (metrics.Count == 0)
        {
            return Tables.None;
        }

        var shown = metrics.Select((m, i) => Target(m, value.Status?.CurrentMetrics is { } current && i < current.Count ? current[i] : null)).ToList();
        var text = string.Join(", ", shown.Take(ShownMetrics));
        return shown.Count > ShownMetrics ? string.Create(CultureInfo.InvariantCulture, $"{text} + {shown.Count - ShownMetrics} more...") : text;
    }

    private static string Target(V2MetricSpec metric, V2MetricStatus? status)
    {
        var (target, current, name) = metric.Type switch
        {
            "Resource" => (metric.Resource?.Target, status?.Resource?.Current, metric.Resource?.Name),
            "ContainerResource" => (metric.ContainerResource?.Target, status?.ContainerResource?.Current, metric.ContainerResource?.Name),
            "Pods" => (metric.Pods?.Target, status?.Pods?.Current, null),
            "Object" => (metric.ObjectProperty?.Target, status?.ObjectProperty?.Current, null),
            "External" => (metric.External?.Target, status?.External?.Current, null),
            _ => (null, null, null),
        };
        if (target is null)
        {
            return "<unknown type>";
        }

        var prefix = name is null ? "" : name + ": ";
        if (target.AverageUtilization is { } utilization)
        {
            var now = current?.AverageUtilization is { } used ? string.Create(CultureInfo.InvariantCulture, $"{used}%") : Tables.Unknown;
            return string.Create(CultureInfo.InvariantCulture, $"{prefix}{now}/{utilization}%");
        }

        if (target.AverageValue is { } average)
        {
            return $"{prefix}{current?.AverageValue?.ToString() ?? Tables.Unknown}/{average}{(metric.Type == "Pods" || name is not null ? "" : " (avg)")}";
        }

        return $"{prefix}{current?.Value?.ToString() ?? Tables.Unknown}/{target.Value}";
    }
}
