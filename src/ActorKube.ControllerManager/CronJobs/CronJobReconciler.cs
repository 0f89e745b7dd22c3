using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.CronJobs;

/// <summary>
/// Makes a CronJob's Jobs when they are due, and clears finished ones away. Source: https://kubernetes.io/docs/concepts/workloads/controllers/cron-jobs/
/// </summary>
public static class CronJobReconciler
{
    private const string ScheduledAt = "batch.kubernetes.io/cronjob-scheduled-timestamp";

    /// <summary>What the CronJob needs done.</summary>
    /// <param name="cronJob">The CronJob.</param>
    /// <param name="owned">The Jobs that it controls, in any order.</param>
    /// <param name="context">Time, names and the last failure.</param>
    public static Plan Reconcile(V1CronJob cronJob, IEnumerable<V1Job> owned, ReconcileContext context)
    {
        if (cronJob.Metadata.DeletionTimestamp is not null)
            return Plan.Nothing;
        var jobs = owned.OrderBy(j => j.Metadata.CreationTimestamp).ThenBy(j => j.Metadata.Name, StringComparer.Ordinal).ToList();
        var actions = new List<PlannedAction>();
        var status = new V1CronJobStatus { LastScheduleTime = cronJob.Status?.LastScheduleTime, LastSuccessfulTime = cronJob.Status?.LastSuccessfulTime };
        var running = jobs.Where(j => End(j) is null).ToList();
        var known = (cronJob.Status?.Active ?? []).Select(a => a.Uid).ToHashSet();
        foreach (var job in jobs.Where(j => End(j) is not null && known.Contains(j.Metadata.Uid)))
            actions.Add(new Tell(cronJob, "Normal", "SawCompletedJob", $"Saw completed job: {job.Metadata.Name}, condition: {End(job)!.Type}"));
        status.LastSuccessfulTime = jobs.Where(j => End(j)?.Type == "Complete").Select(j => j.Status.CompletionTime).Append(status.LastSuccessfulTime).Max();
        actions.AddRange(Clear(cronJob, jobs));
        var wake = Schedule(cronJob, running, status, actions, context);
        status.Active = running.Count == 0 ? null : [.. running.OrderBy(j => j.Metadata.Name, StringComparer.Ordinal).Select(Reference)];
        if (!SemanticEquality.Equal(status, cronJob.Status ?? new V1CronJobStatus()))
        {
            var changed = ApiJson.Copy(cronJob);
            changed.Status = status;
            actions.Add(new UpdateStatus(changed));
        }

        return new Plan(actions, wake);
    }

    private static TimeSpan? Schedule(V1CronJob cronJob, List<V1Job> running, V1CronJobStatus status, List<PlannedAction> actions, ReconcileContext context)
    {
        if (cronJob.Spec.Suspend == true)
            return null;
        if (CronSchedule.Of(cronJob, out var error) is not { } schedule)
        {
            actions.Add(new Tell(cronJob, "Warning", error.StartsWith("unparseable", StringComparison.Ordinal) ? "UnparseableSchedule" : "UnknownTimeZone", error));
            return null;
        }

        var now = context.Now;
        var since = new DateTimeOffset(DateTime.SpecifyKind(status.LastScheduleTime ?? cronJob.Metadata.CreationTimestamp ?? now.UtcDateTime, DateTimeKind.Utc));
        if (cronJob.Spec.StartingDeadlineSeconds is { } deadline && now.AddSeconds(-deadline) > since)
            since = now.AddSeconds(-deadline);
        if (schedule.Next(since) is null)
        {
            actions.Add(new Tell(cronJob, "Warning", "InvalidSchedule", $"invalid schedule: {cronJob.Spec.Schedule} : time difference between two schedules is less than 1 second"));
            return null;
        }

        var wake = schedule.Next(now) - now + TimeSpan.FromMilliseconds(100);
        var (due, tooMany) = schedule.LastDue(since, now);
        if (tooMany)
            actions.Add(new Tell(cronJob, "Warning", "TooManyMissedTimes", "too many missed start times. Set or decrease .spec.startingDeadlineSeconds or check clock skew"));
        if (due is not { } time)
            return wake;
        if (cronJob.Spec.StartingDeadlineSeconds is { } limit && time.AddSeconds(limit) < now)
        {
            actions.Add(new Tell(cronJob, "Warning", "MissSchedule", $"Missed scheduled time to start a job: {time.UtcDateTime:ddd, dd MMM yyyy HH:mm:ss} +0000"));
            return wake;
        }

        if (cronJob.Spec.ConcurrencyPolicy == "Forbid" && running.Count > 0)
        {
            actions.Add(new Tell(cronJob, "Normal", "JobAlreadyActive", "Not starting job because prior execution is running and concurrency policy is Forbid"));
            return wake;
        }

        if (cronJob.Spec.ConcurrencyPolicy == "Replace")
        {
            actions.AddRange(running.Select(j => Remove(cronJob, j)));
            running.Clear();
        }

        var job = Job(cronJob, time);
        actions.Add(new Create(job) { Announce = new Announcement(cronJob, "SuccessfulCreate", $"Created job {job.Metadata.Name}", "FailedCreate", "Error creating job: ") });
        // The Job itself is among the active ones once it is seen.
        status.LastScheduleTime = time.UtcDateTime;
        return wake;
    }

    private static V1Job Job(V1CronJob cronJob, DateTimeOffset time)
    {
        var template = ApiJson.Copy(cronJob.Spec.JobTemplate);
        var zone = cronJob.Spec.TimeZone is { Length: > 0 } name ? TimeZoneInfo.FindSystemTimeZoneById(name) : TimeZoneInfo.Utc;
        return new V1Job
        {
            Metadata = new V1ObjectMeta
            {
                // A name that the same time gives again: a Job is never made twice for it.
                Name = string.Create(CultureInfo.InvariantCulture, $"{cronJob.Metadata.Name}-{time.ToUnixTimeSeconds() / 60}"),
                NamespaceProperty = cronJob.Metadata.NamespaceProperty,
                Labels = template.Metadata?.Labels,
                Annotations = new Dictionary<string, string>(template.Metadata?.Annotations ?? new Dictionary<string, string>())
                {
                    [ScheduledAt] = TimeZoneInfo.ConvertTime(time, zone) is var local && local.Offset == TimeSpan.Zero
                        ? local.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)
                        : local.ToString("yyyy-MM-dd'T'HH:mm:sszzz", CultureInfo.InvariantCulture),
                },
                OwnerReferences = [Ownership.Reference(cronJob)],
            },
            Spec = template.Spec,
        };
    }

    // Of those that are done, as many stay as the CronJob says.
    private static IEnumerable<PlannedAction> Clear(V1CronJob cronJob, List<V1Job> jobs)
    {
        foreach (var (type, limit) in new[] { ("Complete", cronJob.Spec.SuccessfulJobsHistoryLimit ?? 3), ("Failed", cronJob.Spec.FailedJobsHistoryLimit ?? 1) })
        {
            var ended = jobs.Where(j => End(j)?.Type == type && j.Metadata.DeletionTimestamp is null).OrderBy(j => j.Status.StartTime ?? DateTime.MaxValue).ToList();
            foreach (var job in ended.Take(Math.Max(0, ended.Count - limit)))
                yield return Remove(cronJob, job);
        }
    }

    private static Delete Remove(V1CronJob cronJob, V1Job job) => new(job, "Background")
    {
        Announce = new Announcement(cronJob, "SuccessfulDelete", $"Deleted job {job.Metadata.Name}", "FailedDelete", "Deleted job: "),
    };

    private static V1JobCondition? End(V1Job job) => job.Status?.Conditions?.FirstOrDefault(c => c is { Type: "Complete" or "Failed", Status: "True" });

    private static V1ObjectReference Reference(V1Job job) => new()
    {
        ApiVersion = "batch/v1", Kind = "Job", Name = job.Metadata.Name, NamespaceProperty = job.Metadata.NamespaceProperty, Uid = job.Metadata.Uid, ResourceVersion = job.Metadata.ResourceVersion,
    };
}
