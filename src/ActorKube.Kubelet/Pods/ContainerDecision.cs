using ActorKube.ContainerRuntime.Cri;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>What should happen to one container now.</summary>
internal abstract record ContainerDecision
{
    /// <summary>It runs as it should.</summary>
    public sealed record Keep : ContainerDecision;

    /// <summary>It ended and stays ended.</summary>
    public sealed record Done : ContainerDecision;

    /// <summary>It is to be started; <paramref name="AfterExit"/> is the run it follows, null for the first.</summary>
    public sealed record Start(ContainerInstance? AfterExit) : ContainerDecision;

    /// <summary>It is to be started, but not before this long.</summary>
    public sealed record HoldBack(TimeSpan Remaining, ContainerInstance? AfterExit) : ContainerDecision;

    /// <summary>It runs and must be stopped.</summary>
    public sealed record Kill(ContainerInstance Instance, string Message, TimeSpan? Grace, bool MustRestart) : ContainerDecision;

    /// <summary>It runs, and gets other amounts of CPU and memory.</summary>
    public sealed record Resize(ContainerInstance Instance, ContainerResize Change) : ContainerDecision;

    /// <summary>Decides, looking only at this container.</summary>
    /// <param name="state">What is known of the pod.</param>
    /// <param name="container">The container.</param>
    /// <param name="kind">What it is in the pod.</param>
    /// <param name="sandboxId">The sandbox in which it should run; null when there is none yet.</param>
    /// <param name="now">The time.</param>
    public static ContainerDecision For(PodState state, V1Container container, ContainerKind kind, string? sandboxId, DateTimeOffset now)
    {
        var memory = state.Memory(container.Name);
        var latest = state.Runtime!.Latest(container.Name);
        if (latest is null)
            return TryAgain(memory, now) ?? new Start(null);
        var current = latest.SandboxId == sandboxId;
        if (latest.IsRunning && current)
            return ForRunning(state, container, kind, latest, memory);

        // Init containers prepare the sandbox, so a new sandbox needs them again, whatever became of them in the old one.
        if (!current && kind == ContainerKind.Init)
            return TryAgain(memory, now) ?? new Start(latest);
        if (latest.State == ContainerState.ContainerUnknown && current)
            return new Kill(latest, "", null, MustRestart: true);
        if (latest.IsRunning)
            return TryAgain(memory, now) ?? new Start(latest);
        if (!latest.HasExited)
            return kind == ContainerKind.Ephemeral ? new Done() : TryAgain(memory, now) ?? new Start(latest);
        return Restarts(state.Pod, container, kind, latest, memory) ? AfterExitOf(state, latest, memory, now) : new Done();
    }

    private static bool Restarts(V1Pod pod, V1Container container, ContainerKind kind, ContainerInstance latest, ContainerMemory memory) =>
        memory.MustRestart || RestartPolicy.Restarts(pod, container, kind, latest.ExitCode);

    private static ContainerDecision AfterExitOf(PodState state, ContainerInstance latest, ContainerMemory memory, DateTimeOffset now)
    {
        var held = state.CrashLoopBackOff.Remaining(memory.Restart, latest.FinishedAt ?? latest.CreatedAt, now);
        return held > TimeSpan.Zero ? new HoldBack(held, latest) : TryAgain(memory, now) ?? new Start(latest);
    }

    private static ContainerDecision ForRunning(PodState state, V1Container container, ContainerKind kind, ContainerInstance running, ContainerMemory memory)
    {
        if (kind != ContainerKind.Ephemeral && running.Hash.Length > 0 && running.Hash != ContainerSpecs.Hash(container))
            return new Kill(running, $"Container {container.Name} definition changed, will be restarted", null, MustRestart: true);
        if (kind is ContainerKind.Regular or ContainerKind.Sidecar && ContainerResize.Of(state.Pod, container, running) is { } resize && memory.ResizedTo != resize.Key
            && ContainerResize.Infeasible(state.Pod, state.Allocatable) is null)
        {
            return resize.NeedsRestart
                ? new Kill(running, $"Container {container.Name} resize requires restart", null, MustRestart: true)
                : new Resize(running, resize);
        }

        if (memory.ProbedId != running.Id)
            return new Keep();
        var restarts = RestartPolicy.Of(state.Pod, container, kind) == "Never" ? "" : ", will be restarted";
        if (memory.LivenessFailed)
            return new Kill(running, $"Container {container.Name} failed liveness probe{restarts}", GraceOf(container.LivenessProbe), MustRestart: false);
        if (memory.StartupPassed == false)
            return new Kill(running, $"Container {container.Name} failed startup probe{restarts}", GraceOf(container.StartupProbe), MustRestart: false);
        return new Keep();
    }

    // After a failed attempt to start, the next comes a little later; null when it may come now.
    private static ContainerDecision? TryAgain(ContainerMemory memory, DateTimeOffset now) =>
        memory.RetryAt is { } at && at > now ? new HoldBack(at - now, null) : null;

    private static TimeSpan? GraceOf(V1Probe? probe) => probe?.TerminationGracePeriodSeconds is { } s ? TimeSpan.FromSeconds(s) : null;
}
