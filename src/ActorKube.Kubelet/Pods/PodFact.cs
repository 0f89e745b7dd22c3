using System.Collections.Immutable;

namespace ActorKube.Kubelet.Pods;

/// <summary>What came of an action. Facts are folded into <see cref="PodState"/> by <see cref="PodFacts"/>.</summary>
internal abstract record PodFact;

internal sealed record VolumesSetUp(DateTimeOffset? RefreshAt) : PodFact;

internal sealed record VolumesFailed : PodFact;

internal sealed record SandboxCreated(string SandboxId) : PodFact;

internal sealed record SandboxFailed : PodFact;

internal sealed record ContainerStarted(string Name, string ContainerId) : PodFact;

/// <summary>The container could not be started.</summary>
/// <param name="Name">Container.</param>
/// <param name="Reason">Waiting reason, such as <c>CreateContainerConfigError</c>.</param>
/// <param name="Message">Sentence for people.</param>
/// <param name="PullFailed">Whether a pull was tried and failed, so that the next is held back.</param>
internal sealed record ContainerStartFailed(string Name, string Reason, string Message, bool PullFailed) : PodFact;

/// <summary>The container has the amounts that <paramref name="Key"/> names.</summary>
internal sealed record ContainerResized(string Name, string Key) : PodFact;

internal sealed record VolumesRemoved : PodFact;

internal sealed record FinalReportSent : PodFact;

internal sealed record DirectoriesRemoved : PodFact;

/// <summary>An action without an outcome of its own did what it should.</summary>
internal sealed record WorkDone : PodFact;

/// <summary>An action without an outcome of its own failed; everything is tried again later.</summary>
internal sealed record WorkFailed(string What) : PodFact;

/// <summary>Folds facts into the state.</summary>
internal static class PodFacts
{
    private static readonly BackOffPolicy VolumePolicy = new(TimeSpan.FromMilliseconds(500), TimeSpan.FromMinutes(2));
    private static readonly BackOffPolicy WorkPolicy = new(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10));
    private static readonly TimeSpan StartRetry = TimeSpan.FromSeconds(10);

    public static PodState Fold(PodState state, ImmutableArray<PodFact> facts, DateTimeOffset now) =>
        facts.Aggregate(state, (s, fact) => Fold(s, fact, now));

    public static PodState Fold(PodState state, PodFact fact, DateTimeOffset now) => fact switch
    {
        VolumesSetUp f => state with { VolumesReady = true, VolumeBackOff = null, RefreshVolumesAt = f.RefreshAt },
        VolumesFailed => state with { VolumeBackOff = VolumePolicy.Next(state.VolumeBackOff, now, now) },
        SandboxCreated => state with { WorkBackOff = null },
        SandboxFailed => state with { WorkBackOff = WorkPolicy.Next(state.WorkBackOff, now, now) },
        ContainerStarted f => state.Remember(f.Name, m => m with
        {
            WaitingReason = null,
            WaitingMessage = null,
            RetryAt = null,
            Pull = null,
            MustRestart = false,
        }),
        ContainerStartFailed f => state.Remember(f.Name, m => m with
        {
            WaitingReason = f.Reason,
            WaitingMessage = f.Message,
            RetryAt = now + StartRetry,
            Pull = f.PullFailed ? state.ImagePullBackOff.Next(m.Pull, now, now) : m.Pull,
        }),
        ContainerResized f => state.Remember(f.Name, m => m with { ResizedTo = f.Key }),
        VolumesRemoved => state with { VolumesGone = true, VolumesReady = false },
        FinalReportSent => state with { FinalReported = true },
        DirectoriesRemoved => state with { Gone = true },
        WorkDone => state,
        WorkFailed => state with { WorkBackOff = WorkPolicy.Next(state.WorkBackOff, now, now) },
        _ => throw new ArgumentException($"unknown fact {fact}"),
    };

    /// <summary>When the volumes may be tried again.</summary>
    public static TimeSpan VolumesHeldBack(PodState state, DateTimeOffset now) => Remaining(state.VolumeBackOff, now);

    /// <summary>When the sandbox, or ending the pod, may be tried again.</summary>
    public static TimeSpan WorkHeldBack(PodState state, DateTimeOffset now) => Remaining(state.WorkBackOff, now);

    private static TimeSpan Remaining(BackOff? entry, DateTimeOffset now) =>
        entry is null || entry.Since + entry.Delay <= now ? TimeSpan.Zero : entry.Since + entry.Delay - now;
}
