using System.Collections.Immutable;
using ActorKube.Kubelet.Pods;

namespace ActorKube.Kubelet.Probes;

/// <summary>Which probes should be running now.</summary>
internal static class ProbePlan
{
    /// <summary>
    /// A running container's startup probe until it passed, then readiness and liveness. A pod that ends is only asked whether it
    /// is still ready, so that it goes on serving until it stops.
    /// </summary>
    public static ImmutableDictionary<(string Container, ProbeKind Kind), ProbeActor.Assignment> Wanted(PodState state, string nodeAddress)
    {
        var wanted = ImmutableDictionary.CreateBuilder<(string, ProbeKind), ProbeActor.Assignment>();
        if (state.Runtime?.Sandbox is not { } sandbox)
            return wanted.ToImmutable();
        var address = state.Pod.Spec.HostNetwork == true || sandbox.Addresses.IsEmpty ? nodeAddress : sandbox.Addresses[0];
        foreach (var (container, kind) in ContainerSpecs.All(state.Pod))
        {
            if (kind is ContainerKind.Init or ContainerKind.Ephemeral || state.Runtime.Latest(container.Name) is not { IsRunning: true } running)
                continue;
            var target = new ProbeTarget(container, running.Id, address);
            var startedAt = running.StartedAt ?? running.CreatedAt;
            var memory = state.Memory(container.Name) is var m && m.ProbedId == running.Id ? m : ContainerMemory.Empty;
            void Add(ProbeKind probe, k8s.Models.V1Probe? spec)
            {
                if (spec is not null)
                    wanted[(container.Name, probe)] = new ProbeActor.Assignment(probe, spec, target, startedAt);
            }

            if (state.IsStarted(container))
            {
                Add(ProbeKind.Readiness, container.ReadinessProbe);
                if (state.End is null && !memory.LivenessFailed)
                    Add(ProbeKind.Liveness, container.LivenessProbe);
            }
            else if (state.End is null && memory.StartupPassed is null)
            {
                Add(ProbeKind.Startup, container.StartupProbe);
            }
        }

        return wanted.ToImmutable();
    }

    /// <summary>The state with a probe's verdict.</summary>
    public static PodState Fold(PodState state, ProbeActor.Verdict verdict) => state.Remember(verdict.Container, memory =>
    {
        var own = memory.ProbedId == verdict.ContainerId
            ? memory
            : memory with { ProbedId = verdict.ContainerId, ReadinessPassed = null, StartupPassed = null, LivenessFailed = false };
        return verdict.Kind switch
        {
            ProbeKind.Startup => own with { StartupPassed = verdict.Passed },
            ProbeKind.Readiness => own with { ReadinessPassed = verdict.Passed },
            _ => own with { LivenessFailed = !verdict.Passed },
        };
    });

    /// <summary>
    /// A kubelet that restarts finds containers that were started and ready before: they stay so until a probe says otherwise.
    /// </summary>
    public static PodState Adopt(PodState state, string runtimeName)
    {
        foreach (var container in state.Runtime?.Containers.Where(c => c.IsRunning) ?? [])
        {
            if (state.Reported(container.Name) is { } reported && reported.ContainerID == $"{runtimeName}://{container.Id}")
            {
                state = state.Remember(container.Name, m => m with
                {
                    ProbedId = container.Id,
                    StartupPassed = reported.Started == true ? true : null,
                    ReadinessPassed = reported.Ready ? true : null,
                });
            }
        }

        return state;
    }
}
