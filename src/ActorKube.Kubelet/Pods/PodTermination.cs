using System.Collections.Immutable;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>
/// The end of a pod: whether it has come, and the steps from running containers to nothing left on the node.
/// Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-termination
/// </summary>
internal static class PodTermination
{
    private static readonly TimeSpan Minimum = TimeSpan.FromSeconds(2);

    /// <summary>Notes the pod's end when it has come. A deletion overrides every other reason, because it may change the grace period.</summary>
    public static PodState Decide(PodState state, DateTimeOffset now)
    {
        if (state.End?.Reason == PodEndReason.Deleted)
            return state;
        if (state.IsDeleting)
        {
            return state with
            {
                End = new PodEnd(PodEndReason.Deleted, now, state.End?.StatusReason, state.End?.StatusMessage),
                WorkBackOff = null,
            };
        }

        if (state.End is not null)
            return state;
        if (state.Pod.Status?.Phase is "Succeeded" or "Failed")
            return state with { End = new PodEnd(PodEndReason.Finished, now, state.Pod.Status.Reason, state.Pod.Status.Message) };
        if (UntilDeadline(state, now) <= TimeSpan.Zero)
        {
            return state with
            {
                End = new PodEnd(PodEndReason.DeadlineExceeded, now, "DeadlineExceeded", "Pod was active on the node longer than the specified deadline"),
            };
        }

        return HasFinished(state, now) ? state with { End = new PodEnd(PodEndReason.Finished, now) } : state;
    }

    /// <summary>The next step of an ending pod: containers, then sandboxes, then volumes, then the API object, then the files.</summary>
    public static PodStep Step(PodState state, DateTimeOffset now)
    {
        if (state.Gone)
            return new PodStep(state, [], null);
        var runtime = state.Runtime!;
        if (runtime.Alive.Any())
            return Kill(state, now);
        var ready = runtime.Sandboxes.Where(s => s.Ready).Select(s => (PodAction)new StopSandbox(s.Id)).ToImmutableArray();
        if (!ready.IsEmpty)
            return new PodStep(state, ready, null);
        if (!state.VolumesGone)
            return new PodStep(state, [new RemoveVolumes()], null);
        if (state.Removed)
            return new PodStep(state, [.. runtime.Sandboxes.Select(s => new RemoveSandbox(s.Id)), new RemoveDirectories()], null);
        return state.IsDeleting && !state.FinalReported ? new PodStep(state, [new ReportFinal(Delete: true)], null) : new PodStep(state, [], null);
    }

    /// <summary>
    /// How long the pod's containers get: what the deletion says, else what the spec says. Never less than a second: a forced
    /// deletion (0) still lets the process see its signal.
    /// </summary>
    public static TimeSpan Grace(PodState state)
    {
        var grace = state.Pod.Metadata.DeletionGracePeriodSeconds is { } asked ? TimeSpan.FromSeconds(asked) : SpecGrace(state.Pod);
        return grace < TimeSpan.FromSeconds(1) ? TimeSpan.FromSeconds(1) : grace;
    }

    public static TimeSpan SpecGrace(V1Pod pod) => TimeSpan.FromSeconds(pod.Spec.TerminationGracePeriodSeconds ?? 30);

    /// <summary>Time left until <c>activeDeadlineSeconds</c>; null when there is none.</summary>
    public static TimeSpan? UntilDeadline(PodState state, DateTimeOffset now) =>
        state.Pod.Spec.ActiveDeadlineSeconds is { } seconds ? StartTime(state) + TimeSpan.FromSeconds(seconds) - now : null;

    /// <summary>When the kubelet took the pod: as reported before, so that a restart of the kubelet does not move it.</summary>
    public static DateTimeOffset StartTime(PodState state) =>
        state.Pod.Status?.StartTime is { } start ? new DateTimeOffset(DateTime.SpecifyKind(start, DateTimeKind.Utc)) : state.SeenAt;

    /// <summary>Whether initialization is over in this sandbox: a regular container was created in it.</summary>
    public static bool IsInitialized(PodState state, string? sandboxId) =>
        state.Runtime!.Containers.Any(c => c.SandboxId == sandboxId && state.Pod.Spec.Containers.Any(r => r.Name == c.Name));

    // Finished: an init container failed for good, or every regular container ended for good.
    private static bool HasFinished(PodState state, DateTimeOffset now)
    {
        var sandboxId = state.Runtime!.Sandbox?.Id;
        if (!IsInitialized(state, sandboxId))
        {
            foreach (var init in (state.Pod.Spec.InitContainers ?? []).Where(c => !ContainerSpecs.IsSidecar(c)))
            {
                if (state.Runtime.Latest(init.Name) is { HasExited: true, ExitCode: not 0 } failed && failed.SandboxId == sandboxId
                    && ContainerDecision.For(state, init, ContainerKind.Init, sandboxId, now) is ContainerDecision.Done)
                    return true;
            }
        }

        return state.Pod.Spec.Containers.All(c => ContainerDecision.For(state, c, ContainerKind.Regular, sandboxId, now) is ContainerDecision.Done);
    }

    /// <summary>
    /// First all that are not sidecars, at the same time; then the sidecars one by one, the last started first. Hooks and signals
    /// share one grace period that began with the pod's end.
    /// </summary>
    private static PodStep Kill(PodState state, DateTimeOffset now)
    {
        var alive = state.Runtime!.Alive.Select(c => (Instance: c, Spec: ContainerSpecs.Find(state.Pod, c.Name))).ToList();
        var wave = alive.Where(c => c.Spec?.Kind != ContainerKind.Sidecar).ToList();
        if (wave.Count == 0)
        {
            var order = (state.Pod.Spec.InitContainers ?? []).Select(c => c.Name).ToList();
            wave = [alive.MaxBy(c => order.IndexOf(c.Instance.Name))];
        }

        var grace = Grace(state);
        var left = state.End!.Since + grace - now;
        // The whole period when it just began; at least two seconds for whoever's turn comes late.
        var mine = left > Minimum ? left : grace < Minimum ? grace : Minimum;
        var kills = wave.Select(c => new ContainerKill(
            c.Instance,
            c.Spec?.Container,
            c.Spec?.Kind ?? ContainerKind.Regular,
            $"Stopping container {c.Instance.Name}",
            mine,
            RunHook: !state.KillsBegun.ContainsKey(c.Instance.Id))).ToImmutableArray();
        var begun = state.KillsBegun;
        foreach (var kill in kills.Where(k => k.RunHook))
            begun = begun.Add(kill.Instance.Id, now);
        return new PodStep(state with { KillsBegun = begun }, [new KillContainers(kills)], null);
    }
}
