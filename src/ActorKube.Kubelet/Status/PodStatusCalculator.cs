using ActorKube.Kubelet.Pods;
using k8s.Models;

namespace ActorKube.Kubelet.Status;

/// <summary>What the status needs to know of the node.</summary>
/// <param name="RuntimeName">First part of container ids: <c>containerd://…</c>.</param>
/// <param name="Addresses">The node's addresses; the first is <c>hostIP</c>.</param>
internal sealed record NodeFacts(string RuntimeName, IReadOnlyList<string> Addresses);

/// <summary>
/// The status the kubelet reports for a pod, computed from what it knows. Conditions of others are kept, times only move when
/// a condition changes, and a phase once Succeeded or Failed stays.
/// Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/
/// </summary>
internal static class PodStatusCalculator
{
    public static V1PodStatus Calculate(PodState state, NodeFacts node, DateTimeOffset now)
    {
        var pod = state.Pod;
        var before = pod.Status ?? new V1PodStatus();
        var terminal = IsTerminal(state);
        var initStatuses = ContainerStatusCalculator.ForInit(state, node, terminal);
        var statuses = ContainerStatusCalculator.ForRegular(state, node, terminal);
        var ephemeral = ContainerStatusCalculator.ForEphemeral(state, node, terminal);
        var phase = Phase(state, initStatuses, statuses, terminal);
        var rejected = state.End?.Reason == PodEndReason.Rejected;
        var addresses = rejected ? [] : Addresses(state, node, before);
        return new V1PodStatus
        {
            Phase = phase,
            Reason = state.End?.StatusReason ?? (terminal ? before.Reason : null),
            Message = state.End?.StatusMessage ?? (terminal ? before.Message : null),
            Conditions = PodConditions.Calculate(state, phase, initStatuses, statuses, now),
            HostIP = node.Addresses.Count > 0 ? node.Addresses[0] : null,
            HostIPs = node.Addresses.Count > 0 ? [.. node.Addresses.Select(a => new V1HostIP { Ip = a })] : null,
            PodIP = addresses.Count > 0 ? addresses[0] : null,
            PodIPs = addresses.Count > 0 ? [.. addresses.Select(a => new V1PodIP { Ip = a })] : null,
            StartTime = ApiTime.Of(PodTermination.StartTime(state)),
            QosClass = before.QosClass ?? QosClass.Of(pod),
            InitContainerStatuses = rejected || initStatuses.Count == 0 ? null : initStatuses,
            ContainerStatuses = rejected ? null : statuses,
            EphemeralContainerStatuses = rejected || ephemeral.Count == 0 ? null : ephemeral,
            ObservedGeneration = pod.Metadata.Generation,
            NominatedNodeName = before.NominatedNodeName,
            ResourceClaimStatuses = before.ResourceClaimStatuses,
        };
    }

    /// <summary>Whether the pod ends and nothing of it runs any more.</summary>
    public static bool IsTerminal(PodState state) => state.End is not null && state.Runtime is { } runtime && !runtime.Alive.Any();

    private static string Phase(PodState state, IReadOnlyList<V1ContainerStatus> initStatuses, IReadOnlyList<V1ContainerStatus> statuses, bool terminal)
    {
        var before = state.Pod.Status?.Phase;
        if (before is "Succeeded" or "Failed")
            return before;
        if (state.End?.Reason is PodEndReason.DeadlineExceeded or PodEndReason.Rejected)
            return terminal || state.End.Reason == PodEndReason.Rejected ? "Failed" : PodPhase.Of(state.Pod, initStatuses, statuses, terminal: false);
        var phase = PodPhase.Of(state.Pod, initStatuses, statuses, terminal);
        return terminal && phase is not ("Succeeded" or "Failed") ? "Failed" : phase;
    }

    // The sandbox's addresses while there is one; afterwards those it last had.
    private static IReadOnlyList<string> Addresses(PodState state, NodeFacts node, V1PodStatus before)
    {
        if (state.Pod.Spec.HostNetwork == true)
            return state.Runtime?.Sandbox is null && before.PodIP is null ? [] : node.Addresses;
        if (state.Runtime?.Sandbox is { Addresses.IsEmpty: false } sandbox)
            return sandbox.Addresses;
        return [.. (before.PodIPs ?? []).Select(p => p.Ip)];
    }
}

/// <summary>Times in the API are whole seconds.</summary>
internal static class ApiTime
{
    public static DateTime Of(DateTimeOffset time) => new(time.UtcTicks - time.UtcTicks % TimeSpan.TicksPerSecond, DateTimeKind.Utc);

    public static DateTime? Of(DateTimeOffset? time) => time is { } t ? Of(t) : null;
}
