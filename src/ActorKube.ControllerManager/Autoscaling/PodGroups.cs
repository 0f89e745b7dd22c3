using ActorKube.ControllerManager.Common;
using k8s.Models;

namespace ActorKube.ControllerManager.Autoscaling;

/// <summary>
/// How the pods of a target count. Source: https://kubernetes.io/docs/tasks/run-application/horizontal-pod-autoscale/#algorithm-details
/// </summary>
/// <param name="Ready">How many count with what they use.</param>
/// <param name="Unready">Those that count as using nothing when there is to be more, and not at all otherwise: they do not run yet, or their usage is that of their start.</param>
/// <param name="Missing">Those whose usage is not known.</param>
/// <param name="Ignored">Those that are on their way out or have ended.</param>
internal sealed record PodGroups(int Ready, IReadOnlySet<string> Unready, IReadOnlySet<string> Missing, IReadOnlySet<string> Ignored)
{
    /// <summary>Groups pods.</summary>
    /// <param name="pods">All pods of the target.</param>
    /// <param name="metrics">What is known of them.</param>
    /// <param name="isCpu">Whether the metric is CPU, of which a start takes more than what follows.</param>
    /// <param name="settings">The times of starting.</param>
    /// <param name="now">The time.</param>
    public static PodGroups Of(IEnumerable<V1Pod> pods, IReadOnlyDictionary<string, PodMetric> metrics, bool isCpu, AutoscalerSettings settings, DateTimeOffset now)
    {
        var (ready, unready, missing, ignored) = (0, new HashSet<string>(), new HashSet<string>(), new HashSet<string>());
        foreach (var pod in pods)
        {
            var name = pod.Metadata.Name;
            if (!PodFacts.IsActive(pod))
                ignored.Add(name);
            else if (pod.Status?.Phase is null or "" or "Pending")
                unready.Add(name);
            else if (!metrics.TryGetValue(name, out var metric))
                missing.Add(name);
            else if (isCpu && IsStarting(pod, metric, settings, now))
                unready.Add(name);
            else
                ready++;
        }

        return new PodGroups(ready, unready, missing, ignored);
    }

    private static bool IsStarting(V1Pod pod, PodMetric metric, AutoscalerSettings settings, DateTimeOffset now)
    {
        if (PodFacts.ReadyCondition(pod) is not { } condition || pod.Status.StartTime is not { } started)
            return true;
        var changed = condition.LastTransitionTime ?? DateTime.MinValue;
        return started + settings.CpuInitializationPeriod > now.UtcDateTime
            // Its start may still go on: it must be ready, and measured since then only.
            ? condition.Status == "False" || metric.Time.UtcDateTime < changed + metric.Window
            // It had its time: only one that never was ready is left out.
            : condition.Status == "False" && started + settings.InitialReadinessDelay > changed;
    }
}
