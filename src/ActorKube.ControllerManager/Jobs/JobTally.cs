using k8s.Models;

namespace ActorKube.ControllerManager.Jobs;

/// <summary>
/// Counts a Job's ended pods, each exactly once. A pod's end is first noted in <c>status.uncountedTerminatedPods</c>, then the pod is let go, then its end moves into the
/// number: whatever is interrupted in between is taken up where it was left.
/// </summary>
internal sealed class JobTally
{
    private readonly V1Job _job;

    public JobTally(V1Job job, IReadOnlyList<V1Pod> pods)
    {
        _job = job;
        var status = job.Status ?? new V1JobStatus();
        var noted = status.UncountedTerminatedPods;
        var tracked = pods.Where(JobPods.IsTracked).ToDictionary(p => p.Metadata.Uid);
        // A noted pod that is let go is in the number from now on.
        UncountedSucceeded = [.. (noted?.Succeeded ?? []).Where(tracked.ContainsKey)];
        UncountedFailed = [.. (noted?.Failed ?? []).Where(tracked.ContainsKey)];
        Succeeded = (status.Succeeded ?? 0) + (noted?.Succeeded?.Count ?? 0) - UncountedSucceeded.Count;
        Failed = (status.Failed ?? 0) + (noted?.Failed?.Count ?? 0) - UncountedFailed.Count;
        var limit = job.Spec.Completions ?? 0;
        CompletedIndexes = Indexes.Parse(status.CompletedIndexes, limit);
        FailedIndexes = Indexes.Parse(status.FailedIndexes, limit);
        foreach (var pod in pods.Where(JobPods.IsTracked).OrderBy(p => p.Metadata.Uid, StringComparer.Ordinal))
        {
            var known = UncountedSucceeded.Contains(pod.Metadata.Uid) || UncountedFailed.Contains(pod.Metadata.Uid);
            if (JobPods.HasSucceeded(pod))
                Note(pod, known, succeeded: true);
            else if (JobPods.HasFailed(job, pod))
                Note(pod, known, succeeded: false);
        }
    }

    /// <summary>Pods that succeeded, but for those still noted.</summary>
    public int Succeeded { get; }

    /// <summary>Pods that failed, but for those still noted.</summary>
    public int Failed { get; }

    /// <summary>Uids noted as succeeded.</summary>
    public List<string> UncountedSucceeded { get; }

    /// <summary>Uids noted as failed.</summary>
    public List<string> UncountedFailed { get; }

    /// <summary>All that succeeded.</summary>
    public int AllSucceeded => JobPods.IsIndexed(_job) ? CompletedIndexes.Count : Succeeded + UncountedSucceeded.Count;

    /// <summary>All that failed.</summary>
    public int AllFailed => Failed + UncountedFailed.Count;

    /// <summary>Indexes done.</summary>
    public SortedSet<int> CompletedIndexes { get; }

    /// <summary>Indexes given up, where failures count for each index.</summary>
    public SortedSet<int> FailedIndexes { get; }

    /// <summary>Pods whose note this plan makes durable, or that have one: they may go.</summary>
    public List<V1Pod> ToRelease { get; } = [];

    /// <summary>Why the Job must fail by its pod failure policy; null when it need not.</summary>
    public string? PolicyFailure { get; private set; }

    private void Note(V1Pod pod, bool known, bool succeeded)
    {
        ToRelease.Add(pod);
        var index = JobPods.IndexOf(pod);
        if (succeeded)
        {
            // Indexes are a set, in which nothing counts twice: they need no note.
            if (JobPods.IsIndexed(_job) && index >= 0 && index < _job.Spec.Completions)
                CompletedIndexes.Add(index);
            else if (!JobPods.IsIndexed(_job) && !known)
                UncountedSucceeded.Add(pod.Metadata.Uid);
            return;
        }

        var (action, message) = PodFailurePolicy.Decide(_job.Spec.PodFailurePolicy, pod);
        if (action == "FailJob")
            PolicyFailure ??= message;
        if (action == "FailIndex" && index >= 0)
            FailedIndexes.Add(index);
        if (!known && action != "Ignore")
            UncountedFailed.Add(pod.Metadata.Uid);
    }
}
