using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Pods;
using k8s.Models;

namespace ActorKube.Kubelet.Status;

/// <summary>The <c>containerStatuses</c> of a pod: what each container does, what it did before, and why it waits.</summary>
internal static class ContainerStatusCalculator
{
    /// <summary>Init containers, in the order they run.</summary>
    public static List<V1ContainerStatus> ForInit(PodState state, NodeFacts node, bool terminal) =>
        [.. Of(state, node, terminal, k => k is ContainerKind.Init or ContainerKind.Sidecar)];

    /// <summary>Regular containers, by name, as Kubernetes sorts them.</summary>
    public static List<V1ContainerStatus> ForRegular(PodState state, NodeFacts node, bool terminal) =>
        [.. Of(state, node, terminal, k => k == ContainerKind.Regular).OrderBy(s => s.Name, StringComparer.Ordinal)];

    /// <summary>Ephemeral containers, by name.</summary>
    public static List<V1ContainerStatus> ForEphemeral(PodState state, NodeFacts node, bool terminal) =>
        [.. Of(state, node, terminal, k => k == ContainerKind.Ephemeral).OrderBy(s => s.Name, StringComparer.Ordinal)];

    private static IEnumerable<V1ContainerStatus> Of(PodState state, NodeFacts node, bool terminal, Func<ContainerKind, bool> wanted) =>
        ContainerSpecs.All(state.Pod).Where(c => wanted(c.Kind)).Select(c => One(state, node, terminal, c.Container, c.Kind));

    private static V1ContainerStatus One(PodState state, NodeFacts node, bool terminal, V1Container container, ContainerKind kind)
    {
        var reported = state.Reported(container.Name);
        var instances = state.Runtime?.Of(container.Name).ToList() ?? [];
        var status = instances.Count > 0
            ? FromRuntime(node, container, instances)
            : Unseen(state, container, reported);
        if (!terminal)
            ApplyWaiting(state, container, kind, status, instances.FirstOrDefault());
        else if (status.State.Terminated is null && WasInitialized(state))
            status.State = Lost("The container could not be located when the pod was terminated");
        Complete(state, container, kind, status);
        return status;
    }

    private static V1ContainerStatus FromRuntime(NodeFacts node, V1Container container, List<ContainerInstance> instances)
    {
        var newest = instances[0];
        return new V1ContainerStatus
        {
            Name = container.Name,
            RestartCount = newest.RestartCount,
            ContainerID = $"{node.RuntimeName}://{newest.Id}",
            // People want the name they wrote, not the id it stands for.
            Image = newest.Image.Length > 0 && !newest.Image.StartsWith("sha256:", StringComparison.Ordinal) ? newest.Image : container.Image,
            ImageID = newest.ImageId,
            State = StateOf(node, newest),
            LastState = instances.Count > 1 && instances[1].HasExited ? StateOf(node, instances[1]) : new V1ContainerState(),
        };
    }

    private static V1ContainerState StateOf(NodeFacts node, ContainerInstance instance) => instance.State switch
    {
        ContainerState.ContainerRunning => new() { Running = new V1ContainerStateRunning { StartedAt = ApiTime.Of(instance.StartedAt ?? instance.CreatedAt) } },
        ContainerState.ContainerExited => new()
        {
            Terminated = new V1ContainerStateTerminated
            {
                ContainerID = $"{node.RuntimeName}://{instance.Id}",
                ExitCode = instance.ExitCode,
                Reason = instance.Reason.Length > 0 ? instance.Reason : instance.ExitCode == 0 ? "Completed" : "Error",
                Message = instance.Message.Length > 0 ? instance.Message : null,
                StartedAt = ApiTime.Of(instance.StartedAt ?? instance.CreatedAt),
                FinishedAt = ApiTime.Of(instance.FinishedAt ?? instance.CreatedAt),
            },
        },
        ContainerState.ContainerUnknown => Lost("The container could not be located when the pod was terminated"),
        _ => Waiting("ContainerCreating"),
    };

    // Nothing in the runtime: the container never ran, or the runtime forgot it.
    private static V1ContainerStatus Unseen(PodState state, V1Container container, V1ContainerStatus? reported)
    {
        var status = new V1ContainerStatus
        {
            Name = container.Name,
            Image = container.Image,
            ImageID = "",
            State = Waiting(state.Pod.Spec.InitContainers is { Count: > 0 } ? "PodInitializing" : "ContainerCreating"),
            LastState = new V1ContainerState(),
        };
        if (reported is null)
            return status;
        status.RestartCount = reported.RestartCount;
        status.LastState = reported.LastState ?? status.LastState;
        if (reported.State?.Terminated is not null || reported.ContainerID is not { Length: > 0 })
        {
            status.State = reported.State?.Terminated is null ? status.State : reported.State;
            status.ContainerID = reported.ContainerID;
            status.Image = reported.Image ?? status.Image;
            status.ImageID = reported.ImageID ?? status.ImageID;
            return status;
        }

        // It ran when the kubelet last looked, and is gone: after a reboot of the machine, for example.
        status.LastState = Lost("The container could not be located when the pod was deleted.  The container used to be Running");
        status.RestartCount++;
        return status;
    }

    // A container that is to be started and cannot be shows why; what it was before moves to lastState.
    private static void ApplyWaiting(PodState state, V1Container container, ContainerKind kind, V1ContainerStatus status, ContainerInstance? newest)
    {
        var memory = state.Memory(container.Name);
        if (memory.WaitingReason is null || newest is { IsRunning: true } || state.End is not null)
            return;
        if (newest is { HasExited: true } && !memory.MustRestart && !RestartPolicy.Restarts(state.Pod, container, kind, newest.ExitCode))
            return;
        if (status.State.Terminated is not null)
            status.LastState = status.State;
        status.State = Waiting(memory.WaitingReason, memory.WaitingMessage);
    }

    private static void Complete(PodState state, V1Container container, ContainerKind kind, V1ContainerStatus status)
    {
        status.Started = kind == ContainerKind.Ephemeral ? null : state.IsStarted(container);
        status.Ready = kind switch
        {
            ContainerKind.Init => status.State.Terminated is { ExitCode: 0 },
            ContainerKind.Ephemeral => false,
            _ => state.IsReady(container),
        };
        if (container.Resources is { Limits.Count: > 0 } or { Requests.Count: > 0 })
        {
            status.AllocatedResources = state.ResizeRefusal is null ? container.Resources.Requests : state.Reported(container.Name)?.AllocatedResources ?? container.Resources.Requests;

            // While it does not have yet what is asked for, the status says what it has.
            status.Resources = HasAsked(state, container) ? container.Resources : state.Reported(container.Name)?.Resources ?? container.Resources;
        }

        if (container.VolumeMounts is { Count: > 0 } mounts)
        {
            status.VolumeMounts =
            [
                .. mounts.Select(m => new V1VolumeMountStatus
                {
                    Name = m.Name,
                    MountPath = m.MountPath,
                    ReadOnlyProperty = m.ReadOnlyProperty,
                    RecursiveReadOnly = m.ReadOnlyProperty == true ? m.RecursiveReadOnly is "Enabled" ? "Enabled" : "Disabled" : null,
                }),
            ];
        }
    }

    private static bool HasAsked(PodState state, V1Container container) =>
        state.Runtime?.Latest(container.Name) is not { IsRunning: true } running
        || ContainerResize.Of(state.Pod, container, running) is not { } missing
        || state.Memory(container.Name).ResizedTo == missing.Key;

    private static bool WasInitialized(PodState state) =>
        state.Runtime!.Containers.Any(c => state.Pod.Spec.Containers.Any(r => r.Name == c.Name))
        || state.Pod.Spec.Containers.Any(c => state.Reported(c.Name) is { ContainerID.Length: > 0 });

    private static V1ContainerState Waiting(string reason, string? message = null) =>
        new() { Waiting = new V1ContainerStateWaiting { Reason = reason, Message = string.IsNullOrEmpty(message) ? null : message } };

    private static V1ContainerState Lost(string message) =>
        new() { Terminated = new V1ContainerStateTerminated { ExitCode = 137, Reason = "ContainerStatusUnknown", Message = message } };
}
