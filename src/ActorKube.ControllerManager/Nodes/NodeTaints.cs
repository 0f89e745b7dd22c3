using k8s.Models;

namespace ActorKube.ControllerManager.Nodes;

/// <summary>
/// The taints that say what a node's conditions say. Source: https://kubernetes.io/docs/reference/labels-annotations-taints/
/// </summary>
internal static class NodeTaints
{
    public const string NotReady = "node.kubernetes.io/not-ready";
    public const string Unreachable = "node.kubernetes.io/unreachable";
    public const string OutOfService = "node.kubernetes.io/out-of-service";
    private const string Unschedulable = "node.kubernetes.io/unschedulable";

    // Condition, the status that taints, the taint.
    private static readonly (string Condition, string Status, string Key)[] ByCondition =
    [
        ("Ready", "False", NotReady),
        ("Ready", "Unknown", Unreachable),
        ("MemoryPressure", "True", "node.kubernetes.io/memory-pressure"),
        ("DiskPressure", "True", "node.kubernetes.io/disk-pressure"),
        ("PIDPressure", "True", "node.kubernetes.io/pid-pressure"),
        ("NetworkUnavailable", "True", "node.kubernetes.io/network-unavailable"),
    ];

    private static readonly HashSet<string> NoScheduleKeys = [.. ByCondition.Select(c => c.Key), Unschedulable];

    /// <summary>The taints a node must have; those that are not of this controller stay as they are, and a taint that stays keeps the time it was added.</summary>
    /// <param name="node">The node.</param>
    /// <param name="conditions">Its conditions, as they are after judging its silence.</param>
    /// <param name="permit">Whether a node that is not ready may get the taint that drives pods away.</param>
    /// <param name="now">The time.</param>
    public static List<V1Taint> Of(V1Node node, IReadOnlyList<V1NodeCondition> conditions, EvictionPermit permit, DateTimeOffset now)
    {
        var existing = node.Spec?.Taints ?? [];
        var wanted = new List<(string Key, string Effect)>();
        foreach (var (type, status, key) in ByCondition)
        {
            if (conditions.Any(c => c.Type == type && c.Status == status))
                wanted.Add((key, "NoSchedule"));
        }

        if (node.Spec?.Unschedulable == true)
            wanted.Add((Unschedulable, "NoSchedule"));
        var driving = conditions.FirstOrDefault(c => c.Type == "Ready")?.Status switch { "False" => NotReady, "Unknown" => Unreachable, _ => null };
        // Who waits for a permit keeps the taint that is there: it was permitted once.
        var driven = existing.Any(t => t.Key is NotReady or Unreachable && t.Effect == "NoExecute");
        if (driving is not null && (permit == EvictionPermit.Granted || (permit == EvictionPermit.Wait && driven)))
            wanted.Add((driving, "NoExecute"));

        var taints = existing.Where(t => !IsOurs(t)).ToList();
        foreach (var (key, effect) in wanted)
            taints.Add(existing.FirstOrDefault(t => t.Key == key && t.Effect == effect) ?? new V1Taint { Key = key, Effect = effect, TimeAdded = now.UtcDateTime });
        return taints;
    }

    private static bool IsOurs(V1Taint taint) => taint.Effect switch
    {
        "NoSchedule" => NoScheduleKeys.Contains(taint.Key),
        "NoExecute" => taint.Key is NotReady or Unreachable,
        _ => false,
    };
}
