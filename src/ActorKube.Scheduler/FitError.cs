namespace ActorKube.Scheduler;

/// <summary>Why no node fits, summed up over all nodes.</summary>
/// <param name="NodeCount">All nodes there are.</param>
/// <param name="Reasons">How many nodes gave each reason.</param>
/// <param name="HelpedBy">Changes after which it is worth trying again.</param>
public sealed record FitError(int NodeCount, IReadOnlyDictionary<string, int> Reasons, ClusterChange HelpedBy)
{
    /// <summary>What speaks against every node alike; null when each has reasons of its own.</summary>
    public string? Whole { get; init; }

    /// <summary>Why no pod of lower priority could make room; empty when one does, or when nobody looked.</summary>
    public string Preemption { get; init; } = "";

    /// <summary>
    /// The text people know: <c>0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient cpu.</c>
    /// Reasons are sorted as text together with their counts, as Kubernetes does.
    /// </summary>
    public string Message
    {
        get
        {
            if (NodeCount == 0)
            {
                return "no nodes available to schedule pods";
            }

            var behind = Preemption.Length == 0 ? "" : $" no new claims to deallocate, preemption: {Preemption}";
            if (Whole is not null)
            {
                return $"0/{NodeCount} nodes are available: {Whole}.{behind}";
            }

            var reasons = Reasons.Select(r => $"{r.Value} {r.Key}").Order(StringComparer.Ordinal);
            return $"0/{NodeCount} nodes are available: {string.Join(", ", reasons)}.{behind}";
        }
    }
}
