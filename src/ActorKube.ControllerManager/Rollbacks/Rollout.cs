using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>A revision of a workload's pod template: a ReplicaSet or a ControllerRevision.</summary>
/// <param name="Object">The object that keeps it.</param>
/// <param name="Number">Its number; going back to a template gives it a new one.</param>
public sealed record RolloutRevision(IKubernetesObject<V1ObjectMeta> Object, long Number)
{
    /// <summary>The object's name.</summary>
    public string Name => Object.Metadata.Name;
}

/// <summary>What a Deployment, StatefulSet and DaemonSet have in common while a new template is rolled out.</summary>
public sealed record Rollout
{
    /// <summary>The workload.</summary>
    public required IKubernetesObject<V1ObjectMeta> Workload { get; init; }

    /// <summary>The revision of its template now.</summary>
    public required RolloutRevision Current { get; init; }

    /// <summary>All other revisions.</summary>
    public required IReadOnlyList<RolloutRevision> Others { get; init; }

    /// <summary>The pods of a revision.</summary>
    public required Func<RolloutRevision, IEnumerable<V1Pod>> PodsOf { get; init; }

    /// <summary>Whether all its pods are of the current revision and available.</summary>
    public required bool IsComplete { get; init; }

    /// <summary>Whether nobody rolls anything out for now.</summary>
    public bool IsPaused { get; init; }

    /// <summary>Whether the workload's own deadline has passed; null where it has none, and the rules' is asked.</summary>
    public bool? IsOverdue { get; init; }

    /// <summary>Whether a pod that never served has to be taken away before another revision's can take its place.</summary>
    public bool BlockedByBrokenPods { get; init; }

    /// <summary>The workload with the template of a revision, a copy to be written.</summary>
    public required Func<RolloutRevision, IKubernetesObject<V1ObjectMeta>> WithTemplateOf { get; init; }

    /// <summary>The workload with a condition <c>RolledBack</c> of a reason and message, or without one for null: a copy to be written; null when it is so already.</summary>
    public required Func<(string Reason, string Message)?, IKubernetesObject<V1ObjectMeta>?> WithCondition { get; init; }
}
