using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Policy;

/// <summary>The strategy of priority classes. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/pod-priority-preemption/</summary>
internal sealed class PriorityClassStrategy : Strategy<V1PriorityClass>
{
    private const int HighestForUsers = 1_000_000_000;

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("priorityClassColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1PriorityClass value)
    {
        value.PreemptionPolicy = PodSpecDefaults.Or(value.PreemptionPolicy, "PreemptLowerPriority");
        value.GlobalDefault = PodSpecDefaults.TrueOrNull(value.GlobalDefault);
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1PriorityClass value)
    {
        var errors = new FieldErrors();
        var system = value.Metadata.Name?.StartsWith("system-", StringComparison.Ordinal) is true;
        if (system && value.Metadata.Name is not ("system-node-critical" or "system-cluster-critical"))
        {
            errors.Forbidden(FieldPath.Metadata.Child("name"), "priority class names with 'system-' prefix are reserved for system use only. error: " + value.Metadata.Name + " is not a known system priority class");
        }
        else if (!system && value.Value > HighestForUsers)
        {
            errors.Forbidden(FieldPath.Of("value"), $"maximum allowed value of a user defined priority is {HighestForUsers}");
        }

        errors.OneOf(FieldPath.Of("preemptionPolicy"), value.PreemptionPolicy, "PreemptLowerPriority", "Never");
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1PriorityClass value, V1PriorityClass old)
    {
        var errors = new FieldErrors();
        if (value.Value != old.Value)
        {
            errors.Forbidden(FieldPath.Of("value"), "may not be changed in an update.");
        }

        errors.Unchanged(FieldPath.Of("preemptionPolicy"), value.PreemptionPolicy, old.PreemptionPolicy);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1PriorityClass value, DateTimeOffset now) =>
        [value.Metadata.Name, value.Value ?? 0, value.GlobalDefault is true, Age(value.Metadata, now), value.PreemptionPolicy ?? ""];
}
