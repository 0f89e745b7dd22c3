using System.Collections.Immutable;
using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>Why a pod's containers are stopped for good.</summary>
internal enum PodEndReason
{
    /// <summary>Somebody deleted it, or it vanished from the API.</summary>
    Deleted,

    /// <summary>Its containers ended and its restart policy does not start them again.</summary>
    Finished,

    /// <summary>It ran longer than <c>activeDeadlineSeconds</c>.</summary>
    DeadlineExceeded,

    /// <summary>The node would not take it.</summary>
    Rejected,
}

/// <summary>That a pod ends, since when and why.</summary>
/// <param name="Reason">Why.</param>
/// <param name="Since">When this was decided.</param>
/// <param name="StatusReason"><c>status.reason</c>, such as <c>DeadlineExceeded</c>.</param>
/// <param name="StatusMessage"><c>status.message</c>.</param>
internal sealed record PodEnd(PodEndReason Reason, DateTimeOffset Since, string? StatusReason = null, string? StatusMessage = null);

/// <summary>What the kubelet remembers of one container besides what the runtime knows.</summary>
internal sealed record ContainerMemory
{
    public static ContainerMemory Empty { get; } = new();

    /// <summary>Holds restarts back (CrashLoopBackOff).</summary>
    public BackOff? Restart { get; init; }

    /// <summary>The last exit that <see cref="Restart"/> took into account.</summary>
    public string? CountedExit { get; init; }

    /// <summary>Holds pulls back (ImagePullBackOff).</summary>
    public BackOff? Pull { get; init; }

    /// <summary>Why it does not run, such as <c>ErrImagePull</c>; null when there is nothing to say.</summary>
    public string? WaitingReason { get; init; }

    /// <summary>The sentence that belongs to <see cref="WaitingReason"/>.</summary>
    public string? WaitingMessage { get; init; }

    /// <summary>No new attempt before this time.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>The instance that the probe results are about.</summary>
    public string ProbedId { get; init; } = "";

    /// <summary>Result of the readiness probe; null before the first.</summary>
    public bool? ReadinessPassed { get; init; }

    /// <summary>Result of the startup probe; null before the first.</summary>
    public bool? StartupPassed { get; init; }

    /// <summary>The liveness probe failed as often as it may.</summary>
    public bool LivenessFailed { get; init; }

    /// <summary>The amounts of CPU and memory it was last given while it ran; null for none.</summary>
    public string? ResizedTo { get; init; }

    /// <summary>The kubelet killed it in order to start it anew, so the restart policy is not asked.</summary>
    public bool MustRestart { get; init; }
}

/// <summary>Everything the pod worker knows; the input of <see cref="PodLifecycle"/> and <c>PodStatusCalculator</c>.</summary>
internal sealed record PodState
{
    /// <summary>The pod as the API last had it.</summary>
    public required V1Pod Pod { get; init; }

    /// <summary>What the runtime has; null before the first look.</summary>
    public PodRuntimeStatus? Runtime { get; init; }

    /// <summary>What the node offers pods.</summary>
    public IReadOnlyDictionary<string, ResourceQuantity> Allocatable { get; init; } = ImmutableDictionary<string, ResourceQuantity>.Empty;

    /// <summary>Why the amounts of CPU and memory that the pod asks for now cannot be given; null when they can, or were already.</summary>
    public string? ResizeRefusal =>
        Runtime is not null && ContainerSpecs.All(Pod).Any(c => Runtime.Latest(c.Container.Name) is { IsRunning: true } running && ContainerResize.Of(Pod, c.Container, running) is not null)
            ? ContainerResize.Infeasible(Pod, Allocatable)
            : null;

    /// <summary>When this kubelet first saw the pod.</summary>
    public required DateTimeOffset SeenAt { get; init; }

    /// <summary>How failures are held back.</summary>
    public BackOffPolicy CrashLoopBackOff { get; init; } = BackOffPolicy.Default;

    /// <summary>How failed pulls are held back.</summary>
    public BackOffPolicy ImagePullBackOff { get; init; } = BackOffPolicy.Default;

    /// <summary>Whether all volumes are in place.</summary>
    public bool VolumesReady { get; init; }

    /// <summary>Something a volume is made from changed.</summary>
    public bool VolumesStale { get; init; }

    /// <summary>When the volumes are looked at again, for tokens and missed changes.</summary>
    public DateTimeOffset? RefreshVolumesAt { get; init; }

    /// <summary>Holds another attempt at the volumes back.</summary>
    public BackOff? VolumeBackOff { get; init; }

    /// <summary>Holds another attempt at the sandbox, or at ending the pod, back.</summary>
    public BackOff? WorkBackOff { get; init; }

    /// <summary>By container name.</summary>
    public ImmutableDictionary<string, ContainerMemory> Containers { get; init; } = ImmutableDictionary<string, ContainerMemory>.Empty;

    /// <summary>Set once the pod ends; it never runs again.</summary>
    public PodEnd? End { get; init; }

    /// <summary>When stopping each container began, by container id.</summary>
    public ImmutableDictionary<string, DateTimeOffset> KillsBegun { get; init; } = ImmutableDictionary<string, DateTimeOffset>.Empty;

    /// <summary>All volumes are unmounted and removed.</summary>
    public bool VolumesGone { get; init; }

    /// <summary>The last status is on its way, and with it the deletion from the API.</summary>
    public bool FinalReported { get; init; }

    /// <summary>The pod is no longer in the API.</summary>
    public bool Removed { get; init; }

    /// <summary>Nothing of the pod is left on the node.</summary>
    public bool Gone { get; init; }

    /// <summary>What is known of a pod that was just seen.</summary>
    public static PodState Of(V1Pod pod, Rejection? rejection, KubeletSettings settings, DateTimeOffset now) => new()
    {
        Pod = pod,
        SeenAt = now,
        CrashLoopBackOff = settings.CrashLoopBackOff,
        ImagePullBackOff = settings.ImagePullBackOff,
        End = rejection is null ? null : new PodEnd(PodEndReason.Rejected, now, rejection.Reason, $"Pod was rejected: {rejection.Message}"),
    };

    public string Uid => Pod.Metadata.Uid;

    public bool IsDeleting => Removed || Pod.Metadata.DeletionTimestamp is not null;

    public ContainerMemory Memory(string name) => Containers.GetValueOrDefault(name, ContainerMemory.Empty);

    public PodState Remember(string name, Func<ContainerMemory, ContainerMemory> change) =>
        this with { Containers = Containers.SetItem(name, change(Memory(name))) };

    /// <summary>What the last status in the API said of a container, or null.</summary>
    public V1ContainerStatus? Reported(string name) =>
        (Pod.Status?.ContainerStatuses ?? []).Concat(Pod.Status?.InitContainerStatuses ?? []).Concat(Pod.Status?.EphemeralContainerStatuses ?? [])
        .FirstOrDefault(s => s.Name == name);

    /// <summary>Whether the container runs and, where it has one, its startup probe passed.</summary>
    public bool IsStarted(V1Container container)
    {
        if (Runtime?.Latest(container.Name) is not { IsRunning: true } running)
            return false;
        return container.StartupProbe is null || Probed(container, running).StartupPassed == true;
    }

    /// <summary>Whether the container runs, is started and its readiness probe, where it has one, passed.</summary>
    public bool IsReady(V1Container container) =>
        IsStarted(container) && (container.ReadinessProbe is null || Probed(container, Runtime!.Latest(container.Name)!).ReadinessPassed == true);

    private ContainerMemory Probed(V1Container container, ContainerInstance running) =>
        Memory(container.Name) is var memory && memory.ProbedId == running.Id ? memory : ContainerMemory.Empty;
}
