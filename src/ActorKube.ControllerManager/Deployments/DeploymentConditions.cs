using k8s.Models;

namespace ActorKube.ControllerManager.Deployments;

/// <summary>A Deployment's conditions as an immutable list that knows Kubernetes' rules for changing one.</summary>
internal static class DeploymentConditions
{
    /// <summary>The condition of the type, or null.</summary>
    public static V1DeploymentCondition? Find(IEnumerable<V1DeploymentCondition>? conditions, string type) => conditions?.FirstOrDefault(c => c.Type == type);

    /// <summary>
    /// The conditions with this one set. One of the same status and reason stays as it is; one of the same status keeps its time of transition.
    /// </summary>
    public static IReadOnlyList<V1DeploymentCondition> With(IReadOnlyList<V1DeploymentCondition> conditions, string type, string status, string reason, string message, DateTimeOffset now, bool renew = false)
    {
        var current = Find(conditions, type);
        if (!renew && current is not null && current.Status == status && current.Reason == reason)
            return conditions;
        return [.. Without(conditions, type), new V1DeploymentCondition
        {
            Type = type,
            Status = status,
            Reason = reason,
            Message = message,
            LastUpdateTime = now.UtcDateTime,
            LastTransitionTime = current?.Status == status ? current.LastTransitionTime : now.UtcDateTime,
        }];
    }

    /// <summary>The conditions without that type.</summary>
    public static IReadOnlyList<V1DeploymentCondition> Without(IReadOnlyList<V1DeploymentCondition> conditions, string type) => [.. conditions.Where(c => c.Type != type)];
}
