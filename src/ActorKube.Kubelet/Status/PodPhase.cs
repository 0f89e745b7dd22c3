using ActorKube.Kubelet.Pods;
using k8s.Models;

namespace ActorKube.Kubelet.Status;

/// <summary>The pod's phase from its containers' states. Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#pod-phase</summary>
internal static class PodPhase
{
    /// <param name="pod">The pod.</param>
    /// <param name="initStatuses">States of its init containers, in their order.</param>
    /// <param name="statuses">States of its containers.</param>
    /// <param name="terminal">Whether everything is stopped for good.</param>
    public static string Of(V1Pod pod, IReadOnlyList<V1ContainerStatus> initStatuses, IReadOnlyList<V1ContainerStatus> statuses, bool terminal)
    {
        var started = statuses.Any(s => s.State?.Running is not null || s.State?.Terminated is not null || s.LastState?.Terminated is not null);
        if (!started && Initializing(pod, initStatuses) is { } initializing)
            return initializing;

        int running = 0, waiting = 0, stopped = 0, succeeded = 0, restartable = 0;
        foreach (var container in pod.Spec.Containers)
        {
            var status = statuses.FirstOrDefault(s => s.Name == container.Name);
            if (status?.State?.Running is not null)
            {
                running++;
            }
            else if (status?.State?.Terminated is { } ended)
            {
                stopped++;
                succeeded += ended.ExitCode == 0 ? 1 : 0;
                restartable += RestartPolicy.Restarts(pod, container, ContainerKind.Regular, ended.ExitCode) ? 1 : 0;
            }
            else if (status?.LastState?.Terminated is not null)
            {
                stopped++;
                restartable++;
            }
            else
            {
                waiting++;
            }
        }

        if (waiting > 0)
            return "Pending";
        if (running > 0)
            return "Running";
        if (!terminal && restartable > 0)
            return "Running";
        return succeeded == stopped ? "Succeeded" : "Failed";
    }

    // Pending while init containers still have something to do, Failed when one failed for good; null when they are through.
    private static string? Initializing(V1Pod pod, IReadOnlyList<V1ContainerStatus> initStatuses)
    {
        foreach (var init in pod.Spec.InitContainers ?? [])
        {
            var status = initStatuses.FirstOrDefault(s => s.Name == init.Name);
            if (ContainerSpecs.IsSidecar(init))
            {
                if (status?.Started != true)
                    return "Pending";
                continue;
            }

            var ended = status?.State?.Terminated;
            if (ended is null)
                return "Pending";
            if (ended.ExitCode != 0)
                return RestartPolicy.Restarts(pod, init, ContainerKind.Init, ended.ExitCode) ? "Pending" : "Failed";
        }

        return null;
    }
}
