using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>A pod's row in <c>kubectl get pods</c>.</summary>
internal static class PodPrinter
{
    public static IReadOnlyList<object?> Cells(V1Pod pod, DateTimeOffset now)
    {
        var summary = Summarize(pod);
        var restarts = summary.Restarts.ToString(CultureInfo.InvariantCulture);
        if (summary is { Restarts: > 0, LastRestart: { } last })
        {
            restarts = $"{restarts} ({HumanDuration.Since(last, now)} ago)";
        }

        return
        [
            pod.Metadata.Name,
            string.Create(CultureInfo.InvariantCulture, $"{summary.Ready}/{summary.Total}"),
            summary.Status,
            restarts,
            HumanDuration.Since(pod.Metadata.CreationTimestamp, now),
            Tables.OrNone(pod.Status?.PodIPs is { Count: > 0 } ips ? ips[0].Ip : pod.Status?.PodIP),
            Tables.OrNone(pod.Spec?.NodeName),
            Tables.OrNone(pod.Status?.NominatedNodeName),
            Gates(pod),
        ];
    }

    /// <summary>What happens to the pod in one word: the last container that has something to tell, or the init container it waits for.</summary>
    public static string Status(V1Pod pod) => Summarize(pod).Status;

    private static (string Status, int Ready, int Total, int Restarts, DateTime? LastRestart) Summarize(V1Pod pod)
    {
        var status = pod.Status ?? new V1PodStatus();
        var reason = string.IsNullOrEmpty(status.Reason) ? status.Phase ?? "" : status.Reason;
        if (Condition(status, "PodScheduled")?.Reason == "SchedulingGated")
        {
            reason = "SchedulingGated";
        }

        var sidecars = (pod.Spec?.InitContainers ?? []).Where(c => c.RestartPolicy == "Always").Select(c => c.Name).ToHashSet(StringComparer.Ordinal);
        var total = (pod.Spec?.Containers?.Count ?? 0) + sidecars.Count;
        var (ready, all, ofSidecars) = (0, new Restarts(), new Restarts());
        var initializing = false;
        var index = 0;
        foreach (var container in status.InitContainerStatuses ?? [])
        {
            all.Count(container);
            if (sidecars.Contains(container.Name))
            {
                ofSidecars.Count(container);
            }

            if (container.State?.Terminated is { ExitCode: 0 })
            {
                index++;
                continue;
            }

            if (sidecars.Contains(container.Name) && container.Started is true)
            {
                ready += container.Ready ? 1 : 0;
                index++;
                continue;
            }

            reason = "Init:" + container.State switch
            {
                { Terminated: { } ended } => Ended(ended),
                { Waiting.Reason: { Length: > 0 } waiting } when waiting != "PodInitializing" => waiting,
                _ => string.Create(CultureInfo.InvariantCulture, $"{index}/{pod.Spec?.InitContainers?.Count ?? 0}"),
            };
            initializing = true;
            break;
        }

        if (!initializing || Condition(status, "Initialized")?.Status == "True")
        {
            // Init containers that did their work no longer count; sidecars do.
            all = ofSidecars;
            var running = false;
            foreach (var container in (status.ContainerStatuses ?? []).Reverse())
            {
                all.Count(container);
                if (container.State?.Waiting?.Reason is { Length: > 0 } waiting)
                {
                    reason = waiting;
                }
                else if (container.State?.Terminated is { } ended)
                {
                    reason = Ended(ended);
                }
                else if (container.Ready && container.State?.Running is not null)
                {
                    running = true;
                    ready++;
                }
            }

            if (reason == "Completed" && running)
            {
                reason = Condition(status, "Ready")?.Status == "True" ? "Running" : "NotReady";
            }
        }

        if (pod.Metadata.DeletionTimestamp is not null)
        {
            reason = status.Reason == "NodeLost" ? "Unknown" : status.Phase is "Failed" or "Succeeded" ? reason : "Terminating";
        }

        return (reason, ready, total, all.Total, all.Last);
    }

    private static string Ended(V1ContainerStateTerminated ended) => !string.IsNullOrEmpty(ended.Reason)
        ? ended.Reason
        : ended.Signal is { } signal and not 0
            ? string.Create(CultureInfo.InvariantCulture, $"Signal:{signal}")
            : string.Create(CultureInfo.InvariantCulture, $"ExitCode:{ended.ExitCode}");

    private static V1PodCondition? Condition(V1PodStatus status, string type) => status.Conditions?.FirstOrDefault(c => c.Type == type);

    private static string Gates(V1Pod pod)
    {
        if (pod.Spec?.ReadinessGates is not { Count: > 0 } gates)
        {
            return Tables.None;
        }

        var open = gates.Count(g => pod.Status is not null && Condition(pod.Status, g.ConditionType)?.Status == "True");
        return string.Create(CultureInfo.InvariantCulture, $"{open}/{gates.Count}");
    }

    private struct Restarts
    {
        public int Total;
        public DateTime? Last;

        public void Count(V1ContainerStatus container)
        {
            Total += container.RestartCount;
            if (container.LastState?.Terminated?.FinishedAt is { } finished && (Last is null || finished > Last))
            {
                Last = finished;
            }
        }
    }
}
