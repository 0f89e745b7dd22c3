using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Deployments;

/// <summary>A Deployment's status and conditions, in Kubernetes' words.</summary>
internal static class DeploymentStatusRules
{
    public const string Progressing = "Progressing";
    private const string NewReplicaSetAvailable = "NewReplicaSetAvailable";
    private const string CanaryHolds = "CanaryHolds";
    private const string DeadlineExceeded = "ProgressDeadlineExceeded";

    /// <summary>The status that the ReplicaSets make.</summary>
    public static V1DeploymentStatus Calculate(DeploymentView view, IReadOnlyList<V1DeploymentCondition> conditions, int? collisionCount, DateTimeOffset now)
    {
        var available = view.AvailablePods;
        conditions = available >= view.Replicas - view.MaxUnavailable
            ? DeploymentConditions.With(conditions, "Available", "True", "MinimumReplicasAvailable", "Deployment has minimum availability.", now)
            : DeploymentConditions.With(conditions, "Available", "False", "MinimumReplicasUnavailable", "Deployment does not have minimum availability.", now);
        return new V1DeploymentStatus
        {
            ObservedGeneration = view.Deployment.Metadata.Generation,
            Replicas = view.All.Sum(r => r.Status?.Replicas ?? 0),
            UpdatedReplicas = view.New?.Status?.Replicas ?? 0,
            ReadyReplicas = view.All.Sum(r => r.Status?.ReadyReplicas ?? 0),
            AvailableReplicas = available,
            UnavailableReplicas = Math.Max(0, view.TotalSize - available),
            TerminatingReplicas = view.All.Any(r => r.Status?.TerminatingReplicas is null) ? null : view.All.Sum(r => r.Status.TerminatingReplicas),
            CollisionCount = collisionCount,
            Conditions = [.. conditions],
        };
    }

    /// <summary>The status of a rollout under way: done, progressing, or stuck.</summary>
    public static V1DeploymentStatus OfRollout(DeploymentView view, IReadOnlyList<V1DeploymentCondition> conditions, int? collisionCount, PlanFailure? createFailure, DateTimeOffset now, string? holding = null)
    {
        var status = Calculate(view, conditions, collisionCount, now);
        conditions = [.. status.Conditions];
        if (view.ProgressDeadline is not { } deadline)
            conditions = DeploymentConditions.Without(conditions, Progressing);
        else if (createFailure is not null)
            conditions = DeploymentConditions.With(conditions, Progressing, "False", "ReplicaSetCreateError", createFailure.Message, now);
        else
            conditions = holding is null ? Progress(view, status, conditions, deadline, now) : DeploymentConditions.With(conditions, Progressing, "True", CanaryHolds, holding, now);
        status.Conditions = [.. WithReplicaFailure(view, conditions)];
        return status;
    }

    /// <summary>When the progress deadline passes, while a rollout is under way; null otherwise.</summary>
    public static TimeSpan? UntilDeadline(DeploymentView view, V1DeploymentStatus status, DateTimeOffset now)
    {
        if (view.ProgressDeadline is not { } deadline
            || DeploymentConditions.Find(status.Conditions, Progressing) is not { LastUpdateTime: { } since } condition
            || condition.Reason is DeadlineExceeded or CanaryHolds
            || IsComplete(view, status))
            return null;
        // One second more, for timestamps have no fractions.
        var left = since + deadline - now.UtcDateTime + TimeSpan.FromSeconds(1);
        return left > TimeSpan.FromSeconds(1) ? left : TimeSpan.FromSeconds(1);
    }

    /// <summary>Whether all pods are of the current template, and available.</summary>
    public static bool IsComplete(DeploymentView view, V1DeploymentStatus? status) =>
        status is not null
        && status.UpdatedReplicas.GetValueOrDefault() == view.Replicas
        && status.Replicas.GetValueOrDefault() == view.Replicas
        && status.AvailableReplicas.GetValueOrDefault() == view.Replicas
        && status.ObservedGeneration >= (view.Deployment.Metadata.Generation ?? 0);

    /// <summary>Whether the progress deadline has passed.</summary>
    public static bool IsOverdue(V1DeploymentStatus? status) => DeploymentConditions.Find(status?.Conditions, Progressing)?.Reason == DeadlineExceeded;

    private static IReadOnlyList<V1DeploymentCondition> Progress(
        DeploymentView view, V1DeploymentStatus status, IReadOnlyList<V1DeploymentCondition> conditions, TimeSpan deadline, DateTimeOffset now)
    {
        var current = DeploymentConditions.Find(conditions, Progressing);
        if (status.Replicas == status.UpdatedReplicas && current?.Reason == NewReplicaSetAvailable)
            return conditions;
        var subject = view.New is { } replicaSet ? $"ReplicaSet \"{replicaSet.Metadata.Name}\"" : $"Deployment \"{view.Deployment.Metadata.Name}\"";
        if (IsComplete(view, status))
            return DeploymentConditions.With(conditions, Progressing, "True", NewReplicaSetAvailable, $"{subject} has successfully progressed.", now);
        if (HasProgressed(view.Deployment.Status, status))
            return DeploymentConditions.With(conditions, Progressing, "True", "ReplicaSetUpdated", $"{subject} is progressing.", now, renew: true);
        if (current?.Reason == CanaryHolds)
            return DeploymentConditions.With(conditions, Progressing, "True", "ReplicaSetUpdated", $"{subject} is progressing.", now);
        return TimedOut(current, deadline, now)
            ? DeploymentConditions.With(conditions, Progressing, "False", DeadlineExceeded, $"{subject} has timed out progressing.", now)
            : conditions;
    }

    private static bool HasProgressed(V1DeploymentStatus? before, V1DeploymentStatus now)
    {
        var (oldUpdated, newUpdated) = (before?.UpdatedReplicas ?? 0, now.UpdatedReplicas ?? 0);
        return newUpdated > oldUpdated
            || (now.Replicas ?? 0) - newUpdated < (before?.Replicas ?? 0) - oldUpdated
            || (now.ReadyReplicas ?? 0) > (before?.ReadyReplicas ?? 0)
            || (now.AvailableReplicas ?? 0) > (before?.AvailableReplicas ?? 0);
    }

    private static bool TimedOut(V1DeploymentCondition? condition, TimeSpan deadline, DateTimeOffset now) => condition switch
    {
        null or { Reason: NewReplicaSetAvailable } => false,
        { Reason: DeadlineExceeded } => true,
        _ => condition.LastUpdateTime + deadline < now.UtcDateTime,
    };

    private static IReadOnlyList<V1DeploymentCondition> WithReplicaFailure(DeploymentView view, IReadOnlyList<V1DeploymentCondition> conditions)
    {
        var failure = (view.New is null ? view.All : [view.New, .. view.Old])
            .SelectMany(r => r.Status?.Conditions ?? [])
            .FirstOrDefault(c => c is { Type: "ReplicaFailure", Status: "True" });
        return failure is null
            ? DeploymentConditions.Without(conditions, "ReplicaFailure")
            : DeploymentConditions.With(conditions, "ReplicaFailure", failure.Status, failure.Reason, failure.Message, new DateTimeOffset(failure.LastTransitionTime ?? default, TimeSpan.Zero));
    }
}
