using k8s.Models;

namespace ActorKube.Kubelet.Probes;

/// <summary>
/// What a probe has seen of one running container. A result counts once it came as often in a row as the threshold says.
/// Source: https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/
/// </summary>
/// <param name="Passed">The verdict: null before the first.</param>
/// <param name="Last">The last outcome.</param>
/// <param name="Run">How often it came in a row.</param>
internal sealed record ProbeState(bool? Passed, ProbeOutcome? Last, int Run)
{
    /// <summary>Before any probe: a container is taken to be alive, not ready, and not started.</summary>
    public static ProbeState Initial(ProbeKind kind) => new(kind == ProbeKind.Liveness ? true : null, null, 0);

    /// <summary>The state after one more outcome.</summary>
    public ProbeState Next(ProbeOutcome outcome, V1Probe probe)
    {
        if (outcome == ProbeOutcome.Unknown)
            return this;
        var run = outcome == Last ? Run + 1 : 1;
        var threshold = outcome == ProbeOutcome.Success ? probe.SuccessThreshold ?? 1 : probe.FailureThreshold ?? 3;
        return new ProbeState(run >= threshold ? outcome == ProbeOutcome.Success : Passed, outcome, Math.Min(run, threshold));
    }

    /// <summary>Whether probing ends: a started container needs no startup probe, a dead one no more probes until it runs anew.</summary>
    public bool IsDecided(ProbeKind kind) => kind switch
    {
        ProbeKind.Startup => Passed is not null,
        ProbeKind.Liveness => Passed == false,
        _ => false,
    };

    public static TimeSpan InitialDelay(V1Probe probe) => TimeSpan.FromSeconds(probe.InitialDelaySeconds ?? 0);

    public static TimeSpan Period(V1Probe probe) => TimeSpan.FromSeconds(Math.Max(probe.PeriodSeconds ?? 10, 1));

    public static TimeSpan Timeout(V1Probe probe) => TimeSpan.FromSeconds(Math.Max(probe.TimeoutSeconds ?? 1, 1));
}
