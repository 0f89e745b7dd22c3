using System.Globalization;
using ActorKube.ControllerManager.Common;
using k8s.Models;

namespace ActorKube.ControllerManager.ReplicaSets;

/// <summary>
/// Which pods go first when there are too many: the ones that would be missed least.
/// Source: https://kubernetes.io/docs/concepts/workloads/controllers/replicaset/#scaling-a-replicaset
/// </summary>
internal static class PodRanking
{
    private const string DeletionCost = "controller.kubernetes.io/pod-deletion-cost";

    /// <summary>The pods to delete, <paramref name="count"/> of them.</summary>
    /// <param name="pods">The owner's active pods.</param>
    /// <param name="related">Active pods of the owner's siblings too (all ReplicaSets of a Deployment): of two pods, the one on the more crowded node goes.</param>
    /// <param name="count">How many.</param>
    /// <param name="now">The time.</param>
    public static IEnumerable<V1Pod> Victims(IReadOnlyList<V1Pod> pods, IEnumerable<V1Pod> related, int count, DateTimeOffset now)
    {
        if (count >= pods.Count)
            return pods;
        var crowd = related.Where(p => !string.IsNullOrEmpty(p.Spec.NodeName)).GroupBy(p => p.Spec.NodeName).ToDictionary(g => g.Key, g => g.Count());
        return pods
            .OrderBy(p => string.IsNullOrEmpty(p.Spec.NodeName) ? 0 : 1)
            .ThenBy(p => p.Status?.Phase switch { "Running" => 2, "Unknown" => 1, _ => 0 })
            .ThenBy(p => PodFacts.IsReady(p) ? 1 : 0)
            .ThenBy(Cost)
            .ThenByDescending(p => crowd.GetValueOrDefault(p.Spec.NodeName ?? ""))
            // Ages count by orders of magnitude, so that among pods of about one age chance (the uid) decides and not the rollout's order.
            .ThenBy(p => PodFacts.IsReady(p) ? Magnitude(PodFacts.ReadyCondition(p)?.LastTransitionTime, now) : 0)
            .ThenByDescending(Restarts)
            .ThenBy(p => Magnitude(p.Metadata.CreationTimestamp, now))
            .ThenBy(p => p.Metadata.Uid, StringComparer.Ordinal)
            .Take(count);
    }

    private static int Cost(V1Pod pod) =>
        pod.Metadata.Annotations is { } annotations && annotations.TryGetValue(DeletionCost, out var text)
        && int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var cost) ? cost : 0;

    // 0–1 s: 0, 1–2 s: 1, 2–4 s: 2, … A pod that does not say since when counts as new.
    private static int Magnitude(DateTime? since, DateTimeOffset now) =>
        since is { } time && now.UtcDateTime - time is { TotalSeconds: >= 1 } age ? 1 + (int)Math.Log2(age.TotalSeconds) : 0;

    private static int Restarts(V1Pod pod) => pod.Status?.ContainerStatuses?.Select(c => c.RestartCount).DefaultIfEmpty().Max() ?? 0;
}
