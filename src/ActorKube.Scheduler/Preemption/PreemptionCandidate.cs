namespace ActorKube.Scheduler.Preemption;

/// <summary>A node on which a pod fits once some pods of lower priority have gone.</summary>
/// <param name="Node">The node.</param>
/// <param name="Victims">Who has to go, the most important first.</param>
/// <param name="Violations">How many of them go although their disruption budget has no place left.</param>
public sealed record PreemptionCandidate(string Node, IReadOnlyList<PodInfo> Victims, int Violations);

/// <summary>What preemption found for a pod that fits nowhere.</summary>
/// <param name="Candidate">The node to be cleared; null for none.</param>
/// <param name="Message">Why there is none, in the words that people read behind those of the scheduler; empty when there is one.</param>
/// <param name="Displaced">Pods of lower priority that were to come to the same node and look for another.</param>
public sealed record PreemptionResult(PreemptionCandidate? Candidate, string Message, IReadOnlyList<PodInfo> Displaced)
{
    internal static PreemptionResult Nothing(string message) => new(null, message, []);
}
