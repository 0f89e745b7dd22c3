using ActorKube.Kubelet.Pods;
using k8s.Models;

namespace ActorKube.Kubelet.Status;

/// <summary>
/// The pod conditions the kubelet owns. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-conditions
/// </summary>
internal static class PodConditions
{
    private const string Pending = "PodResizePending";

    /// <summary>The conditions that only the kubelet writes.</summary>
    internal static readonly string[] OfKubelet = ["PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", Pending];

    private static readonly string[] Owned = [.. OfKubelet, "PodScheduled"];

    public static List<V1PodCondition> Calculate(
        PodState state, string phase, IReadOnlyList<V1ContainerStatus> initStatuses, IReadOnlyList<V1ContainerStatus> statuses, DateTimeOffset now)
    {
        var pod = state.Pod;
        var before = pod.Status?.Conditions ?? [];
        var sandboxReady = state.Runtime?.Sandbox is { Ready: true } sandbox && (pod.Spec.HostNetwork == true || !sandbox.Addresses.IsEmpty || sandbox.Ready);
        var containersReady = ContainersReady(pod, phase, initStatuses, statuses);
        List<V1PodCondition> own =
        [
            new() { Type = "PodReadyToStartContainers", Status = sandboxReady ? "True" : "False" },
            Initialized(pod, phase, initStatuses, statuses),
            Ready(pod, containersReady, before),
            containersReady,
            before.FirstOrDefault(c => c.Type == "PodScheduled") is { } scheduled
                ? scheduled with { }
                : new() { Type = "PodScheduled", Status = "True" },
        ];
        if (state.ResizeRefusal is { } refusal)
            own.Add(Condition(Pending, true, "Infeasible", refusal));
        foreach (var condition in own)
        {
            if (condition.Type == "PodScheduled" && condition.LastTransitionTime is not null)
                continue;
            var old = before.FirstOrDefault(c => c.Type == condition.Type);
            condition.LastTransitionTime = old is not null && old.Status == condition.Status && old.LastTransitionTime is not null
                ? old.LastTransitionTime
                : ApiTime.Of(now);
            condition.LastProbeTime = old?.LastProbeTime;
            condition.ObservedGeneration = pod.Metadata.Generation;
        }

        return [.. own, .. before.Where(c => !Owned.Contains(c.Type))];
    }

    private static V1PodCondition Initialized(V1Pod pod, string phase, IReadOnlyList<V1ContainerStatus> initStatuses, IReadOnlyList<V1ContainerStatus> statuses)
    {
        if (phase == "Succeeded")
            return Condition("Initialized", true, "PodCompleted");
        // Once a regular container ran, initialization is over, whatever becomes of a sidecar.
        if (statuses.Any(s => s.State?.Running is not null || s.State?.Terminated is not null || s.LastState?.Terminated is not null))
            return Condition("Initialized", true);
        var incomplete = (pod.Spec.InitContainers ?? [])
            .Where(c => initStatuses.FirstOrDefault(s => s.Name == c.Name) is not { } s || (ContainerSpecs.IsSidecar(c) ? s.Started != true : !s.Ready))
            .Select(c => c.Name).ToList();
        return incomplete.Count == 0
            ? Condition("Initialized", true)
            : Condition("Initialized", false, "ContainersNotInitialized", $"containers with incomplete status: [{string.Join(' ', incomplete)}]");
    }

    private static V1PodCondition ContainersReady(V1Pod pod, string phase, IReadOnlyList<V1ContainerStatus> initStatuses, IReadOnlyList<V1ContainerStatus> statuses)
    {
        if (phase == "Succeeded")
            return Condition("ContainersReady", false, "PodCompleted");
        if (phase == "Failed" && statuses.All(s => s.State?.Terminated is not null))
            return Condition("ContainersReady", false, "PodFailed");
        var watched = (pod.Spec.InitContainers ?? []).Where(ContainerSpecs.IsSidecar).Select(c => (c.Name, Statuses: initStatuses))
            .Concat(pod.Spec.Containers.Select(c => (c.Name, Statuses: statuses)));
        var unready = watched.Where(w => w.Statuses.FirstOrDefault(s => s.Name == w.Name)?.Ready != true).Select(w => w.Name).ToList();
        return unready.Count == 0
            ? Condition("ContainersReady", true)
            : Condition("ContainersReady", false, "ContainersNotReady", $"containers with unready status: [{string.Join(' ', unready)}]");
    }

    private static V1PodCondition Ready(V1Pod pod, V1PodCondition containersReady, IList<V1PodCondition> conditions)
    {
        if (containersReady.Status != "True")
            return Condition("Ready", false, containersReady.Reason, containersReady.Message);
        var closed = new List<string>();
        foreach (var gate in pod.Spec.ReadinessGates ?? [])
        {
            var condition = conditions.FirstOrDefault(c => c.Type == gate.ConditionType);
            if (condition is null)
                closed.Add($"corresponding condition of pod readiness gate \"{gate.ConditionType}\" does not exist.");
            else if (condition.Status != "True")
                closed.Add($"the status of pod readiness gate \"{gate.ConditionType}\" is not \"True\", but {condition.Status}");
        }

        return closed.Count == 0 ? Condition("Ready", true) : Condition("Ready", false, "ReadinessGatesNotReady", string.Join(", ", closed));
    }

    private static V1PodCondition Condition(string type, bool holds, string? reason = null, string? message = null) =>
        new() { Type = type, Status = holds ? "True" : "False", Reason = reason, Message = message };
}
