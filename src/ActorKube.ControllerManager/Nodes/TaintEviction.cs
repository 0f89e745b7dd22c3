using k8s.Models;

namespace ActorKube.ControllerManager.Nodes;

/// <summary>
/// When a pod must leave a node for its NoExecute taints. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/taint-and-toleration/#taint-based-evictions
/// </summary>
internal static class TaintEviction
{
    /// <summary>
    /// The moment the pod must go: at once when a taint is not tolerated; after the shortest tolerationSeconds, counted from the youngest taint
    /// or from the pod's own beginning where that is later, when all are; null for never.
    /// </summary>
    /// <param name="pod">The pod.</param>
    /// <param name="taints">The node's taints.</param>
    /// <param name="since">Since when the node has borne each.</param>
    /// <param name="now">The time.</param>
    public static DateTimeOffset? LeavesAt(V1Pod pod, IEnumerable<V1Taint> taints, Func<V1Taint, DateTimeOffset> since, DateTimeOffset now)
    {
        var noExecute = taints.Where(t => t.Effect == "NoExecute").ToList();
        if (noExecute.Count == 0)
            return null;
        long? seconds = null;
        foreach (var taint in noExecute)
        {
            var covering = (pod.Spec.Tolerations ?? []).Where(t => Covers(t, taint)).ToList();
            if (covering.Count == 0)
                return now;
            var shortest = covering.Min(t => t.TolerationSeconds);
            if (shortest is { } s && (seconds is null || s < seconds))
                seconds = Math.Max(0, s);
        }

        if (seconds is null)
            return null;
        var counted = noExecute.Max(since);
        var began = pod.Metadata.CreationTimestamp is { } created ? new DateTimeOffset(created, TimeSpan.Zero) : counted;
        return (began > counted ? began : counted).AddSeconds(seconds.Value);
    }

    private static bool Covers(V1Toleration toleration, V1Taint taint) =>
        (string.IsNullOrEmpty(toleration.Effect) || toleration.Effect == taint.Effect)
        && (string.IsNullOrEmpty(toleration.Key) || toleration.Key == taint.Key)
        && (toleration.OperatorProperty == "Exists" || (toleration.OperatorProperty is null or "" or "Equal" && (toleration.Value ?? "") == (taint.Value ?? "")));
}
