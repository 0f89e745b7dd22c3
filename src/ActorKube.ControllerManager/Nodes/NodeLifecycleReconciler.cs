using ActorKube.Api.Machinery;
using ActorKube.Api.Scheduling;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Nodes;

/// <summary>
/// What follows from a node's silence or conditions: its conditions become Unknown, taints keep new pods off and drive running ones away, and its pods no longer count as ready.
/// Source: https://kubernetes.io/docs/concepts/architecture/nodes/
/// </summary>
public static class NodeLifecycleReconciler
{
    /// <summary>The writes, and when to look again.</summary>
    /// <param name="node">The node.</param>
    /// <param name="lastHeard">When it was last heard of, by this process' clock.</param>
    /// <param name="grace">How long it may be silent.</param>
    /// <param name="permit">Whether its pods may be driven away now.</param>
    /// <param name="pods">The pods on it, in any order.</param>
    /// <param name="now">The time.</param>
    /// <param name="since">Since when it has borne each of its taints.</param>
    public static Plan Reconcile(
        V1Node node, DateTimeOffset lastHeard, TimeSpan grace, EvictionPermit permit, IEnumerable<V1Pod> pods, DateTimeOffset now, Func<V1Taint, DateTimeOffset> since)
    {
        if (node.Metadata.DeletionTimestamp is not null)
            return Plan.Nothing;
        var actions = new List<PlannedAction>();
        var silent = now >= lastHeard + grace;
        var conditions = NodeHealth.Judge(node, silent, now);
        var ready = conditions.FirstOrDefault(c => c.Type == "Ready")?.Status;
        if (!SemanticEquality.Equal(conditions, node.Status?.Conditions ?? []))
        {
            var changed = ApiJson.Copy(node);
            changed.Status ??= new V1NodeStatus();
            changed.Status.Conditions = [.. conditions];
            actions.Add(new UpdateStatus(changed)
            {
                Announce = NodeHealth.IsReady(node) ? new Announcement(node, "NodeNotReady", $"Node {node.Metadata.Name} status is now: NodeNotReady") : null,
            });
        }

        var all = pods.OrderBy(p => p.Metadata.NamespaceProperty, StringComparer.Ordinal).ThenBy(p => p.Metadata.Name, StringComparer.Ordinal).ToList();
        // A node that has no Ready condition yet is about to post its first; nothing is known of it.
        if (ready is "False" or "Unknown")
            actions.AddRange(NotReady(node, all, now));

        // A taint is set on the condition that the node did not change meanwhile, so it comes after the status, with the next plan.
        var taints = NodeTaints.Of(node, conditions, permit, now);
        if (actions is not [UpdateStatus { Object: V1Node }, ..] && !SemanticEquality.Equal(taints, node.Spec?.Taints ?? []))
            actions.Add(new Merge(node, MergeBody.Spec(node, "taints", MergeBody.List(taints))));

        TimeSpan? next = silent ? null : lastHeard + grace - now;
        foreach (var pod in all.Where(p => p.Metadata.DeletionTimestamp is null))
        {
            if (TaintEviction.LeavesAt(pod, node.Spec?.Taints ?? [], since, now) is not { } leaves)
                continue;
            if (leaves <= now)
                actions.AddRange(Evict(pod, now));
            else if (next is null || leaves - now < next)
                next = leaves - now;
        }

        return new Plan(actions, next);
    }

    // Endpoints must not send requests to pods that nobody can vouch for.
    private static IEnumerable<PlannedAction> NotReady(V1Node node, List<V1Pod> pods, DateTimeOffset now)
    {
        foreach (var pod in pods.Where(p => PodFacts.IsReady(p) && !PodFacts.IsTerminal(p)))
        {
            var changed = ApiJson.Copy(pod);
            var ready = PodFacts.ReadyCondition(changed)!;
            ready.Status = "False";
            ready.LastTransitionTime = now.UtcDateTime;
            yield return new UpdateStatus(changed) { Announce = new Announcement(pod, "NodeNotReady", $"Node {node.Metadata.Name} is not ready", Type: "Warning") };
        }
    }

    private static IEnumerable<PlannedAction> Evict(V1Pod pod, DateTimeOffset now)
    {
        if (!PodFacts.IsTerminal(pod) && !DisruptionTarget.IsIn(pod))
        {
            var changed = ApiJson.Copy(pod);
            changed.Status ??= new V1PodStatus();
            changed.Status.Conditions = DisruptionTarget.AddTo(pod, "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint", now.UtcDateTime);
            yield return new UpdateStatus(changed);
        }

        yield return new Delete(pod)
        {
            Announce = new Announcement(pod, "TaintManagerEviction", $"Marking for deletion Pod {pod.Metadata.NamespaceProperty}/{pod.Metadata.Name}"),
        };
    }
}
