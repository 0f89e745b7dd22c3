using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Claims;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>The strategy of stateful sets. Source: https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/</summary>
internal sealed class StatefulSetStrategy : Strategy<V1StatefulSet>
{
    private const string MayChange =
        "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', 'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden";

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("statefulSetColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1StatefulSet value)
    {
        var spec = value.Spec ??= new V1StatefulSetSpec();
        value.Status ??= new V1StatefulSetStatus();
        spec.Template = PodSpecDefaults.Apply(spec.Template);
        spec.PodManagementPolicy = PodSpecDefaults.Or(spec.PodManagementPolicy, "OrderedReady");
        spec.UpdateStrategy ??= new V1StatefulSetUpdateStrategy();
        spec.UpdateStrategy.Type = PodSpecDefaults.Or(spec.UpdateStrategy.Type, "RollingUpdate");
        if (spec.UpdateStrategy.Type == "RollingUpdate")
        {
            spec.UpdateStrategy.RollingUpdate ??= new V1RollingUpdateStatefulSetStrategy();
            spec.UpdateStrategy.RollingUpdate.Partition ??= 0;
        }

        spec.PersistentVolumeClaimRetentionPolicy ??= new V1StatefulSetPersistentVolumeClaimRetentionPolicy();
        spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted = PodSpecDefaults.Or(spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted, "Retain");
        spec.PersistentVolumeClaimRetentionPolicy.WhenScaled = PodSpecDefaults.Or(spec.PersistentVolumeClaimRetentionPolicy.WhenScaled, "Retain");
        spec.Replicas ??= 1;
        spec.RevisionHistoryLimit ??= 10;
        spec.ServiceName ??= "";
        foreach (var claim in spec.VolumeClaimTemplates ?? [])
        {
            ClaimDefaults.Apply(claim, "v1");
        }
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1StatefulSet value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1StatefulSetStatus();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1StatefulSet value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        errors.OneOf(path.Child("podManagementPolicy"), spec.PodManagementPolicy, "OrderedReady", "Parallel");
        var update = path.Child("updateStrategy");
        switch (spec.UpdateStrategy.Type)
        {
            case "OnDelete" when spec.UpdateStrategy.RollingUpdate is not null:
                errors.Invalid(update.Child("rollingUpdate"), spec.UpdateStrategy.RollingUpdate, "only allowed for updateStrategy 'RollingUpdate'");
                break;
            case "OnDelete":
                break;
            case "RollingUpdate":
                errors.NonNegative(update.Child("rollingUpdate").Child("partition"), spec.UpdateStrategy.RollingUpdate?.Partition);
                break;
            default:
                errors.Invalid(update, spec.UpdateStrategy, "must be 'RollingUpdate' or 'OnDelete'");
                break;
        }

        foreach (var (field, policy) in new[] { ("whenDeleted", spec.PersistentVolumeClaimRetentionPolicy.WhenDeleted), ("whenScaled", spec.PersistentVolumeClaimRetentionPolicy.WhenScaled) })
        {
            errors.OneOf(path.Child("persistentVolumeClaimRetentionPolicy").Child(field), policy, "Delete", "Retain");
        }

        errors.NonNegative(path.Child("replicas"), spec.Replicas);
        errors.NonNegative(path.Child("minReadySeconds"), spec.MinReadySeconds);
        errors.NonNegative(path.Child("ordinals").Child("start"), spec.Ordinals?.Start);
        WorkloadRules.ValidateSelector(spec.Selector, "statefulset", path.Child("selector"), errors);
        WorkloadRules.ValidateTemplate(WithClaims(spec), spec.Selector, "StatefulSet", path.Child("template"), errors);
        if (!string.IsNullOrEmpty(spec.ServiceName))
        {
            errors.Invalid(path.Child("serviceName"), spec.ServiceName, NameRules.Dns1123Subdomain(spec.ServiceName));
        }

        return errors;
    }

    // Each claim template becomes a volume of the pods, which their containers may mount.
    private static V1PodTemplateSpec? WithClaims(V1StatefulSetSpec spec)
    {
        if (spec.Template is null || spec.VolumeClaimTemplates is null or { Count: 0 })
        {
            return spec.Template;
        }

        var template = ApiJson.Copy(spec.Template);
        var names = spec.VolumeClaimTemplates.Select(c => c.Metadata?.Name ?? "").ToHashSet(StringComparer.Ordinal);
        template.Spec.Volumes =
        [
            .. (template.Spec.Volumes ?? []).Where(v => !names.Contains(v.Name)),
            .. names.Select(name => new V1Volume { Name = name, PersistentVolumeClaim = new V1PersistentVolumeClaimVolumeSource { ClaimName = name } }),
        ];
        return template;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1StatefulSet value, V1StatefulSet old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        var rest = ApiJson.Copy(value.Spec);
        rest.Replicas = old.Spec.Replicas;
        rest.Ordinals = old.Spec.Ordinals;
        rest.Template = old.Spec.Template;
        rest.UpdateStrategy = old.Spec.UpdateStrategy;
        rest.RevisionHistoryLimit = old.Spec.RevisionHistoryLimit;
        rest.PersistentVolumeClaimRetentionPolicy = old.Spec.PersistentVolumeClaimRetentionPolicy;
        rest.MinReadySeconds = old.Spec.MinReadySeconds;
        if (!SemanticEquality.Equal(rest, old.Spec))
        {
            errors.Forbidden(FieldPath.Spec, MayChange);
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateStatusUpdate(V1StatefulSet value, V1StatefulSet old)
    {
        var (status, errors) = (value.Status ?? new V1StatefulSetStatus(), new FieldErrors());
        WorkloadRules.ValidateStatusCounts(
            errors,
            status.Replicas,
            ("readyReplicas", status.ReadyReplicas), ("currentReplicas", status.CurrentReplicas), ("updatedReplicas", status.UpdatedReplicas), ("availableReplicas", status.AvailableReplicas));
        WorkloadRules.ValidateNotDecremented(status.CollisionCount, old.Status?.CollisionCount, "collisionCount", errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1StatefulSet value, DateTimeOffset now) =>
    [
        value.Metadata.Name,
        string.Create(CultureInfo.InvariantCulture, $"{value.Status?.ReadyReplicas ?? 0}/{value.Spec?.Replicas ?? 0}"),
        Age(value.Metadata, now),
        Tables.Names(value.Spec?.Template),
        Tables.Images(value.Spec?.Template),
    ];
}
