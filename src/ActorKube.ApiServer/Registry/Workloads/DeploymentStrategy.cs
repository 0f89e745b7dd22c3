using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>The strategy of deployments. Source: https://kubernetes.io/docs/concepts/workloads/controllers/deployment/</summary>
internal sealed class DeploymentStrategy : Strategy<V1Deployment>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("deploymentColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1Deployment value)
    {
        var spec = value.Spec ??= new V1DeploymentSpec();
        value.Status ??= new V1DeploymentStatus();
        spec.Template = PodSpecDefaults.Apply(spec.Template);
        spec.Replicas ??= 1;
        spec.RevisionHistoryLimit ??= 10;
        spec.ProgressDeadlineSeconds ??= 600;
        spec.Paused = PodSpecDefaults.TrueOrNull(spec.Paused);
        spec.MinReadySeconds = spec.MinReadySeconds is 0 ? null : spec.MinReadySeconds;
        var strategy = spec.Strategy ??= new V1DeploymentStrategy();
        strategy.Type = PodSpecDefaults.Or(strategy.Type, "RollingUpdate");
        if (strategy.Type == "RollingUpdate")
        {
            strategy.RollingUpdate ??= new V1RollingUpdateDeployment();
            strategy.RollingUpdate.MaxUnavailable ??= "25%";
            strategy.RollingUpdate.MaxSurge ??= "25%";
        }
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1Deployment value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1DeploymentStatus();
    }

    /// <inheritdoc/>
    protected override void PrepareForStatusUpdate(V1Deployment value, V1Deployment old)
    {
        base.PrepareForStatusUpdate(value, old);
        value.Metadata.Labels = old.Metadata.Labels;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1Deployment value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        errors.NonNegative(path.Child("replicas"), spec.Replicas);
        WorkloadRules.ValidateSelector(spec.Selector, "deployment", path.Child("selector"), errors);
        WorkloadRules.ValidateTemplate(spec.Template, spec.Selector, "ReplicaSet", path.Child("template"), errors);
        ValidateStrategy(spec.Strategy, path.Child("strategy"), errors);
        errors.NonNegative(path.Child("minReadySeconds"), spec.MinReadySeconds);
        errors.NonNegative(path.Child("revisionHistoryLimit"), spec.RevisionHistoryLimit);
        errors.NonNegative(path.Child("progressDeadlineSeconds"), spec.ProgressDeadlineSeconds);
        if (spec.ProgressDeadlineSeconds <= (spec.MinReadySeconds ?? 0))
        {
            errors.Invalid(path.Child("progressDeadlineSeconds"), spec.ProgressDeadlineSeconds, "must be greater than minReadySeconds");
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1Deployment value, V1Deployment old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Spec.Child("selector"), value.Spec.Selector, old.Spec.Selector);
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V1Deployment value, V1Deployment old)
    {
        var (status, errors) = (value.Status ?? new V1DeploymentStatus(), new FieldErrors());
        errors.NonNegative(FieldPath.Status.Child("observedGeneration"), status.ObservedGeneration);
        errors.NonNegative(FieldPath.Status.Child("unavailableReplicas"), status.UnavailableReplicas);
        WorkloadRules.ValidateStatusCounts(
            errors,
            status.Replicas ?? 0,
            ("updatedReplicas", status.UpdatedReplicas), ("readyReplicas", status.ReadyReplicas), ("availableReplicas", status.AvailableReplicas));
        if ((status.AvailableReplicas ?? 0) > (status.ReadyReplicas ?? 0))
        {
            errors.Invalid(FieldPath.Status.Child("availableReplicas"), status.AvailableReplicas, "cannot be greater than readyReplicas");
        }

        WorkloadRules.ValidateNotDecremented(status.CollisionCount, old.Status?.CollisionCount, "collisionCount", errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override IEnumerable<string> Warnings(V1Deployment value, V1Deployment? old) => PodWarnings.Of(value.Spec?.Template?.Spec, "spec.template.spec", null, old is null);

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1Deployment value, DateTimeOffset now) =>
    [
        value.Metadata.Name,
        string.Create(CultureInfo.InvariantCulture, $"{value.Status?.ReadyReplicas ?? 0}/{value.Spec?.Replicas ?? 0}"),
        value.Status?.UpdatedReplicas ?? 0,
        value.Status?.AvailableReplicas ?? 0,
        Age(value.Metadata, now),
        Tables.Names(value.Spec?.Template),
        Tables.Images(value.Spec?.Template),
        LabelSelector.TryFrom(value.Spec?.Selector, out var selector, out _) ? selector.ToString() : "",
    ];

    private static void ValidateStrategy(V1DeploymentStrategy strategy, FieldPath path, FieldErrors errors)
    {
        var rolling = path.Child("rollingUpdate");
        switch (strategy.Type)
        {
            case "Recreate":
                if (strategy.RollingUpdate is not null)
                {
                    errors.Forbidden(rolling, "may not be specified when strategy `type` is 'Recreate'");
                }

                break;
            case "RollingUpdate" when strategy.RollingUpdate is { } update:
                WorkloadRules.ValidateCount(update.MaxUnavailable, rolling.Child("maxUnavailable"), errors);
                WorkloadRules.ValidateCount(update.MaxSurge, rolling.Child("maxSurge"), errors);
                if (WorkloadRules.NumberOf(update.MaxUnavailable) == 0 && WorkloadRules.NumberOf(update.MaxSurge) == 0)
                {
                    errors.Invalid(rolling.Child("maxUnavailable"), Shown(update.MaxUnavailable), "may not be 0 when `maxSurge` is 0");
                }

                WorkloadRules.ValidateNotOverAll(update.MaxUnavailable, rolling.Child("maxUnavailable"), errors);
                break;
            case "RollingUpdate":
                errors.Required(rolling, "this should be defaulted and never be nil");
                break;
            default:
                errors.NotSupported(path.Child("type"), strategy.Type ?? "", "Recreate", "RollingUpdate");
                break;
        }
    }

    private static object Shown(IntOrString? value) => int.TryParse(value?.Value ?? "0", out var number) ? number : value!.Value;
}
