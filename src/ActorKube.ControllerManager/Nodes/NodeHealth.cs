using k8s.Models;

namespace ActorKube.ControllerManager.Nodes;

/// <summary>Judges a node by how long it has been silent.</summary>
internal static class NodeHealth
{
    private static readonly string[] Judged = ["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"];

    /// <summary>How long this node may be silent: its Lease may say longer than the setting, as Kubernetes' own kubelets do (40 s).</summary>
    /// <param name="lease">The node's Lease.</param>
    /// <param name="signs">What was heard of the node.</param>
    /// <param name="settings">The settings.</param>
    public static TimeSpan GraceOf(V1Lease? lease, SignsOfLife signs, NodeLifecycleSettings settings)
    {
        if (signs == SignsOfLife.Never)
            return settings.StartupGracePeriod;
        var grace = TimeSpan.FromSeconds(lease?.Spec?.LeaseDurationSeconds ?? 0);
        if (grace < settings.GracePeriod)
            grace = settings.GracePeriod;
        return signs == SignsOfLife.BeforeThisController && grace < settings.ReconnectGracePeriod ? settings.ReconnectGracePeriod : grace;
    }

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

/// <summary>What was heard of a node.</summary>
internal enum SignsOfLife
{
    /// <summary>Nothing ever: it is new.</summary>
    Never,

    /// <summary>Something, but not since this controller watches.</summary>
    BeforeThisController,

    /// <summary>Something, while this controller watched.</summary>
    Here,
}
