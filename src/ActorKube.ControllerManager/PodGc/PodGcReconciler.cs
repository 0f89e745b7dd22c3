using ActorKube.Api.Scheduling;
using System.Text.Json.Nodes;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Nodes;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.PodGc;

/// <summary>
/// Clears away pods that nobody else clears away. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-garbage-collection
/// </summary>
public static class PodGcReconciler
{
    /// <summary>Deletions.</summary>
    /// <param name="pods">All pods, in any order.</param>
    /// <param name="nodes">All nodes by name.</param>
    /// <param name="missingSince">When each node that pods name but that does not exist was first missed.</param>
    /// <param name="quarantine">How long a node must be missing before its pods go: it might only not be seen yet.</param>
    /// <param name="threshold">How many finished pods may stay; 0 or less for all.</param>
    /// <param name="now">The time.</param>
    public static Plan Reconcile(
        IReadOnlyCollection<V1Pod> pods, IReadOnlyDictionary<string, V1Node> nodes, IReadOnlyDictionary<string, DateTimeOffset> missingSince,
        TimeSpan quarantine, int threshold, DateTimeOffset now)
    {
        var actions = new List<PlannedAction>();
        foreach (var pod in pods.OrderBy(p => p.Metadata.NamespaceProperty, StringComparer.Ordinal).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal))
        {
            var node = pod.Spec.NodeName ?? "";
            if (node.Length > 0 && !nodes.ContainsKey(node))
            {
                // Nobody will ever say how it ended: it counts as failed, and goes without waiting for a kubelet.
                if (missingSince.TryGetValue(node, out var since) && now - since >= quarantine)
                    actions.AddRange(FailAndDelete(pod, "PodGC: node no longer exists", now));
            }
            else if (node.Length > 0 && pod.Metadata.DeletionTimestamp is not null && IsOutOfService(nodes[node]))
                actions.AddRange(FailAndDelete(pod, "PodGC: node is out-of-service", now));
            else if (node.Length == 0 && pod.Metadata.DeletionTimestamp is not null)
                actions.Add(new Delete(pod, GracePeriodSeconds: 0));
        }

        if (threshold > 0)
        {
            var finished = pods.Where(p => PodFacts.IsTerminal(p) && p.Metadata.DeletionTimestamp is null).ToList();
            actions.AddRange(finished
                .OrderBy(p => p.Metadata.CreationTimestamp).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal)
                .Take(Math.Max(0, finished.Count - threshold))
                .Where(p => !actions.OfType<Delete>().Any(d => ReferenceEquals(d.Target, p)))
                .Select(p => new Delete(p, GracePeriodSeconds: 0)));
        }

        return new Plan(actions.Count == 0 ? [] : [new Together(actions)]);
    }

    private static IEnumerable<PlannedAction> FailAndDelete(V1Pod pod, string message, DateTimeOffset now)
    {
        if (PodFacts.IsTerminal(pod))
        {
            yield return new Delete(pod, GracePeriodSeconds: 0);
            yield break;
        }

        var conditions = DisruptionTarget.AddTo(pod, "DeletionByPodGC", message, now.UtcDateTime);
        // Deleted by the next pass, once the failure is on record.
        var body = MergeBody.Metadata(pod.Metadata);
        body["status"] = new JsonObject { ["phase"] = "Failed", ["conditions"] = MergeBody.List(conditions) };
        yield return new Merge(pod, body, "status");
    }

    private static bool IsOutOfService(V1Node node) =>
        !NodeHealth.IsReady(node) && node.Spec?.Taints?.Any(t => t.Key == NodeTaints.OutOfService) == true;
}
