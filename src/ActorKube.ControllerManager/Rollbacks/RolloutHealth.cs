using ActorKube.ControllerManager.Common;
using k8s.Models;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>Whether a roll-out has failed by its rules.</summary>
internal static class RolloutHealth
{
    /// <summary>So many checks in a row must go wrong.</summary>
    public const int ChecksInARow = 3;

    /// <summary>Why it failed; null when it did not.</summary>
    public static (string Reason, string Message)? Failure(Rollout rollout, RollbackRules rules, RolloutMarks marks, DateTimeOffset now)
    {
        if (rollout.IsOverdue ?? (!rollout.IsComplete && marks.Complete is null && now.UtcDateTime >= marks.Began + rules.Deadline))
            return ("ProgressDeadlineExceeded", "it did not complete within its progress deadline");
        if (marks.ChecksFailed >= ChecksInARow)
            return ("CheckFailed", $"{ChecksInARow} HTTP checks in a row failed, the last one so: {marks.LastCheck}");
        foreach (var pod in Living(rollout).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal))
        {
            if (rules.Restarts > 0 && Restarts(pod) >= rules.Restarts)
                return ("ContainersRestarted", $"pod {pod.Metadata.Name} restarted {Restarts(pod)} times{LastEnd(pod)}");
            if (rules.Unready is { } limit && UnreadySince(pod) is { } since && now.UtcDateTime >= since + limit)
                return ("PodsNotReady", $"pod {pod.Metadata.Name} has not been ready for {(int)(now.UtcDateTime - since).TotalSeconds} seconds");
        }

        return null;
    }

    /// <summary>When time alone may make it fail; null when it will not.</summary>
    public static DateTime? MayFailAt(Rollout rollout, RollbackRules rules, RolloutMarks marks)
    {
        var moments = new List<DateTime>();
        if (rollout.IsOverdue is null && !rollout.IsComplete && marks.Complete is null)
            moments.Add(marks.Began + rules.Deadline);
        if (rules.Unready is { } limit)
            moments.AddRange(Living(rollout).Select(UnreadySince).OfType<DateTime>().Select(since => since + limit));
        return moments.Count == 0 ? null : moments.Min();
    }

    /// <summary>Pods of the current revision that are there to stay.</summary>
    public static IEnumerable<V1Pod> Living(Rollout rollout) => rollout.PodsOf(rollout.Current).Where(p => p.Metadata.DeletionTimestamp is null);

    private static int Restarts(V1Pod pod) => (pod.Status?.ContainerStatuses ?? []).Sum(c => c.RestartCount);

    private static DateTime? UnreadySince(V1Pod pod) =>
        PodFacts.IsReady(pod) ? null : PodFacts.ReadyCondition(pod)?.LastTransitionTime ?? pod.Metadata.CreationTimestamp;

    private static string LastEnd(V1Pod pod)
    {
        var ended = (pod.Status?.ContainerStatuses ?? []).FirstOrDefault(c => c.LastState?.Terminated is not null);
        return ended is null ? "" : $"; container {ended.Name} ended last with exit code {ended.LastState.Terminated.ExitCode} ({ended.LastState.Terminated.Reason ?? "Error"})";
    }
}
