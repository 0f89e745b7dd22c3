using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Jobs;

/// <summary>How an unfinished Job stands: its pods, its counts, and the verdict when there is one.</summary>
internal sealed class JobRun
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan MaxBackOff = TimeSpan.FromMinutes(10);

    private readonly V1Job _job;
    private readonly DateTimeOffset _now;
    private readonly IReadOnlyList<V1Pod> _pods;

    public JobRun(V1Job job, IReadOnlyList<V1Pod> pods, DateTimeOffset now)
    {
        (_job, _now, _pods) = (job, now, pods);
        Tally = new JobTally(job, pods);
        Active = [.. pods.Where(PodFacts.IsActive)];
        Terminating = pods.Count(PodFacts.IsTerminating);
        if (job.Spec.BackoffLimitPerIndex is { } limit)
            GiveIndexesUp(limit);
        Verdict = Judge();
    }

    public JobTally Tally { get; }

    public IReadOnlyList<V1Pod> Active { get; }

    public int Terminating { get; }

    /// <summary>How the Job ends; null while it goes on.</summary>
    public (string Type, string Reason, string Message)? Verdict { get; }

    public bool IsSuspended => _job.Spec.Suspend == true;

    /// <summary>Pods to run now.</summary>
    public int Wanted
    {
        get
        {
            var parallelism = _job.Spec.Parallelism ?? 1;
            // Without a number to reach, the first success says that the work is done: those that run may end theirs.
            return _job.Spec.Completions is not { } completions
                ? Tally.AllSucceeded > 0 ? Math.Min(Active.Count, parallelism) : parallelism
                : Math.Min(parallelism, completions - Tally.AllSucceeded - Tally.FailedIndexes.Count);
        }
    }

    /// <summary>Pods that are to end for good before others take their place.</summary>
    public int Waiting => _job.Spec.PodReplacementPolicy == "Failed" ? Terminating : 0;

    /// <summary>How long after the last failure no pod is started yet; null when one may be.</summary>
    public TimeSpan? BackOff
    {
        get
        {
            var failures = _pods.Where(p => JobPods.HasFailed(_job, p)).Select(JobPods.EndOf).ToList();
            if (failures.Count == 0 || Tally.AllFailed == 0)
                return null;
            var sinceSuccess = _pods.Where(JobPods.HasSucceeded).Select(JobPods.EndOf).DefaultIfEmpty(DateTime.MinValue).Max();
            var streak = failures.Count(f => f >= sinceSuccess);
            if (streak == 0)
                return null;
            var wait = TimeSpan.FromTicks(Math.Min(MaxBackOff.Ticks, FirstBackOff.Ticks << Math.Min(streak - 1, 10)));
            var left = failures.Max() + wait - _now.UtcDateTime;
            return left > TimeSpan.Zero ? left : null;
        }
    }

    /// <summary>Time left until <c>activeDeadlineSeconds</c>; null when there is no such time or the Job does not run.</summary>
    public TimeSpan? UntilDeadline => Verdict is null && !IsSuspended && _job.Spec.ActiveDeadlineSeconds is { } seconds
        ? (_job.Status?.StartTime ?? _now.UtcDateTime).AddSeconds(seconds) - _now.UtcDateTime is var left && left > TimeSpan.Zero ? left : TimeSpan.FromMilliseconds(1)
        : null;

    /// <summary>The event of this step.</summary>
    public Announcement? Announcement { get; private set; }

    /// <summary>Indexes for new pods; nulls for a Job without them.</summary>
    public IEnumerable<int?> NextIndexes(int count)
    {
        if (!JobPods.IsIndexed(_job))
            return Enumerable.Repeat<int?>(null, count);
        var taken = _pods.Where(p => !PodFacts.IsTerminal(p) && (p.Metadata.DeletionTimestamp is null || _job.Spec.PodReplacementPolicy == "Failed")).Select(JobPods.IndexOf).ToHashSet();
        return Enumerable.Range(0, _job.Spec.Completions ?? 0).Where(i => !taken.Contains(i) && !Tally.CompletedIndexes.Contains(i) && !Tally.FailedIndexes.Contains(i)).Take(count).Select(i => (int?)i);
    }

    /// <summary>The status as it should be.</summary>
    public V1JobStatus Status()
    {
        var old = _job.Status ?? new V1JobStatus();
        var indexed = JobPods.IsIndexed(_job);
        var status = new V1JobStatus
        {
            Active = Shown(Verdict is null && !IsSuspended ? Active.Count : 0),
            Ready = Verdict is null ? Active.Count(PodFacts.IsReady) : 0,
            Terminating = Terminating,
            Succeeded = Shown(indexed ? Tally.CompletedIndexes.Count : Tally.Succeeded),
            Failed = Shown(Tally.Failed),
            StartTime = old.StartTime,
            CompletedIndexes = indexed && Tally.CompletedIndexes.Count > 0 ? Indexes.Format(Tally.CompletedIndexes) : null,
            FailedIndexes = _job.Spec.BackoffLimitPerIndex is null ? null : Indexes.Format(Tally.FailedIndexes),
            UncountedTerminatedPods = new V1UncountedTerminatedPods
            {
                Succeeded = Tally.UncountedSucceeded.Count == 0 ? null : Tally.UncountedSucceeded,
                Failed = Tally.UncountedFailed.Count == 0 ? null : Tally.UncountedFailed,
            },
        };
        var conditions = new List<V1JobCondition>(old.Conditions ?? []);
        if (IsSuspended)
        {
            if (Set(conditions, "Suspended", "True", "JobSuspended", "Job suspended"))
                Announcement = new Announcement(_job, "Suspended", "Job suspended");
            status.StartTime = null;
        }
        else
        {
            if (conditions.Any(c => c is { Type: "Suspended", Status: "True" }) && Set(conditions, "Suspended", "False", "JobResumed", "Job resumed"))
                Announcement = new Announcement(_job, "Resumed", "Job resumed");
            status.StartTime ??= _now.UtcDateTime;
        }

        if (Verdict is { } verdict)
            Conclude(status, conditions, verdict);
        status.Conditions = conditions.Count == 0 ? null : conditions;
        return status;
    }

    // First the decision, and once no pod runs and all are counted, the end.
    private void Conclude(V1JobStatus status, List<V1JobCondition> conditions, (string Type, string Reason, string Message) verdict)
    {
        var complete = verdict.Type == "Complete";
        Set(conditions, complete ? "SuccessCriteriaMet" : "FailureTarget", "True", verdict.Reason, verdict.Message);
        if (Active.Count > 0 || Terminating > 0 || Tally.UncountedFailed.Count > 0 || Tally.UncountedSucceeded.Count > 0)
            return;
        Set(conditions, verdict.Type, "True", verdict.Reason, verdict.Message);
        status.CompletionTime = complete ? _now.UtcDateTime : null;
        Announcement = complete
            ? new Announcement(_job, "Completed", "Job completed")
            : new Announcement(_job, verdict.Reason, verdict.Message, Type: "Warning");
    }

    private (string, string, string)? Judge()
    {
        if (JobReconciler.Condition(_job, "FailureTarget") is { } failing)
            return ("Failed", failing.Reason, failing.Message);
        if (JobReconciler.Condition(_job, "SuccessCriteriaMet") is { } succeeding)
            return ("Complete", succeeding.Reason, succeeding.Message);
        if (Tally.PolicyFailure is { } policy)
            return ("Failed", "PodFailurePolicy", policy);
        if (_job.Spec.ActiveDeadlineSeconds is { } seconds && !IsSuspended && _job.Status?.StartTime is { } start && start.AddSeconds(seconds) <= _now.UtcDateTime)
            return ("Failed", "DeadlineExceeded", "Job was active longer than specified deadline");
        if (IsPastBackOffLimit())
            return ("Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit");
        if (Tally.FailedIndexes.Count > (_job.Spec.MaxFailedIndexes ?? int.MaxValue))
            return ("Failed", "MaxFailedIndexesExceeded", "Job has exceeded the specified maximal number of failed indexes");
        if (SuccessPolicyMet() is { } message)
            return ("Complete", "SuccessPolicy", message);
        if (_job.Spec.Completions is not { } completions)
            return Tally.AllSucceeded > 0 && Active.Count == 0 ? ("Complete", "CompletionsReached", "Reached expected number of succeeded pods") : null;
        if (Tally.AllSucceeded >= completions && Active.Count == 0)
            return ("Complete", "CompletionsReached", "Reached expected number of succeeded pods");
        return Tally.FailedIndexes.Count > 0 && Tally.AllSucceeded + Tally.FailedIndexes.Count >= completions ? ("Failed", "FailedIndexes", "Job has failed indexes") : null;
    }

    // Restarts in place count where pods restart in place.
    private bool IsPastBackOffLimit()
    {
        if (_job.Spec.BackoffLimitPerIndex is not null && _job.Spec.BackoffLimit is null or int.MaxValue)
            return false;
        var limit = _job.Spec.BackoffLimit ?? 6;
        if (Tally.AllFailed > limit)
            return true;
        if (_job.Spec.Template.Spec.RestartPolicy != "OnFailure")
            return false;
        var restarts = Active.Sum(p => (p.Status?.ContainerStatuses ?? []).Concat(p.Status?.InitContainerStatuses ?? []).Sum(s => s.RestartCount));
        return limit == 0 ? restarts > 0 : restarts >= limit;
    }

    private string? SuccessPolicyMet()
    {
        var rules = JobPods.IsIndexed(_job) ? _job.Spec.SuccessPolicy?.Rules ?? [] : [];
        for (var i = 0; i < rules.Count; i++)
        {
            var named = rules[i].SucceededIndexes is { } text ? Indexes.Parse(text, _job.Spec.Completions ?? 0) : null;
            var done = Tally.CompletedIndexes.Count(index => named?.Contains(index) ?? true);
            if (done >= (rules[i].SucceededCount ?? named?.Count ?? int.MaxValue))
                return $"Matched rules at index {i}";
        }

        return null;
    }

    private void GiveIndexesUp(int limit)
    {
        foreach (var index in _pods.Where(p => JobPods.HasFailed(_job, p) && PodFailurePolicy.Decide(_job.Spec.PodFailurePolicy, p).Action != "Ignore").GroupBy(JobPods.IndexOf).Where(g => g.Key >= 0 && g.Count() > limit).Select(g => g.Key))
        {
            if (!Tally.CompletedIndexes.Contains(index))
                Tally.FailedIndexes.Add(index);
        }
    }

    private bool Set(List<V1JobCondition> conditions, string type, string status, string reason, string message)
    {
        var at = conditions.FindIndex(c => c.Type == type);
        if (at >= 0 && conditions[at].Status == status)
            return false;
        var condition = new V1JobCondition { Type = type, Status = status, Reason = reason, Message = message, LastProbeTime = _now.UtcDateTime, LastTransitionTime = _now.UtcDateTime };
        if (at >= 0)
            conditions[at] = condition;
        else
            conditions.Add(condition);
        return true;
    }

    private static int? Shown(int count) => count == 0 ? null : count;
}
