using k8s.Models;

namespace ActorKube.ControllerManager.Nodes;

/// <summary>Judges a node by how long it has been silent.</summary>
internal static class NodeHealth
{
    private static readonly string[] Judged = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

    /// <summary>How long this node may be silent: its Lease may say longer than the setting, as Kubernetes' own kubelets do (40 s).</summary>
    public static TimeSpan GraceOf(V1Lease? lease, NodeLifecycleSettings settings) =>
        lease?.Spec?.LeaseDurationSeconds is { } seconds && TimeSpan.FromSeconds(seconds) > settings.GracePeriod ? TimeSpan.FromSeconds(seconds) : settings.GracePeriod;

    /// <summary>The node's conditions after its silence: unchanged within the grace period, <c>Unknown</c> after it.</summary>
    public static IReadOnlyList<V1NodeCondition> Judge(V1Node node, bool silent, DateTimeOffset now)
    {
        IReadOnlyList<V1NodeCondition> conditions = [.. node.Status?.Conditions ?? []];
        if (!silent)
            return conditions;
        var judged = new List<V1NodeCondition>();
        foreach (var condition in conditions)
        {
            judged.Add(Judged.Contains(condition.Type) && condition.Status != "Unknown"
                ? condition with { Status = "Unknown", Reason = "NodeStatusUnknown", Message = "Kubelet stopped posting node status.", LastTransitionTime = now.UtcDateTime }
                : condition);
        }

        foreach (var type in Judged.Where(t => conditions.All(c => c.Type != t)))
        {
            judged.Add(new V1NodeCondition
            {
                Type = type,
                Status = "Unknown",
                Reason = "NodeStatusNeverUpdated",
                Message = "Kubelet never posted node status.",
                LastHeartbeatTime = node.Metadata.CreationTimestamp,
                LastTransitionTime = now.UtcDateTime,
            });
        }

        return judged;
    }

    /// <summary>Whether the node says it is ready.</summary>
    public static bool IsReady(V1Node node) => node.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;
}
