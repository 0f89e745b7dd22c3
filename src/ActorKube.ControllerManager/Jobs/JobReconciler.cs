using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Jobs;

/// <summary>
/// Runs a Job's pods until enough of them have succeeded, too many have failed, or its time is up. Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/
/// </summary>
public static class JobReconciler
{
    /// <summary>Finished Jobs wear one of these.</summary>
    private static readonly string[] Ends = ["Complete", "Failed"];

    /// <summary>What the Job needs done.</summary>
    /// <param name="job">The Job.</param>
    /// <param name="candidates">Pods it controls and orphans of its namespace, in any order.</param>
    /// <param name="context">Time, names and the last failure.</param>
    public static Plan Reconcile(V1Job job, IEnumerable<V1Pod> candidates, ReconcileContext context)
    {
        if (job.Spec.ManagedBy is not (null or "" or "kubernetes.io/job-controller") || job.Spec.Selector is null)
            return Plan.Nothing;
        var claims = Claims<V1Pod>.Of(job, LabelSelector.From(job.Spec.Selector), candidates);
        var pods = claims.Owned;
        if (Condition(job, Ends) is not null)
            return Finished(job, pods);
        var run = new JobRun(job, pods, context.Now);
        var actions = new List<PlannedAction>(claims.Actions);
        TimeSpan? wake = run.UntilDeadline;
        if (job.Metadata.DeletionTimestamp is null)
        {
            if (run.Verdict is not null || run.IsSuspended)
                actions.AddRange(run.Active.Select(p => Stop(job, p)));
            else
                wake = Manage(job, run, actions, context);
        }

        var status = run.Status();
        // The notes are durable before the pods they are about may go.
        if (!SemanticEquality.Equal(status, job.Status))
        {
            var changed = ApiJson.Copy(job);
            changed.Status = status;
            actions.Insert(claims.Actions.Count, new UpdateStatus(changed) { Announce = run.Announcement });
        }

        actions.AddRange(run.Tally.ToRelease.Select(JobPods.Release));
        return new Plan([.. actions.Where(a => a is not Together { Actions.Count: 0 })], wake);
    }

    /// <summary>The first condition of one of these types that holds.</summary>
    internal static V1JobCondition? Condition(V1Job job, params IReadOnlyList<string> types) =>
        job.Status?.Conditions?.FirstOrDefault(c => c.Status == "True" && types.Contains(c.Type));

    // Nothing is left to do but to let pods go.
    private static Plan Finished(V1Job job, IReadOnlyList<V1Pod> pods)
    {
        var actions = new List<PlannedAction>();
        actions.AddRange(pods.Where(PodFacts.IsActive).Select(p => Stop(job, p)));
        actions.AddRange(pods.Where(p => JobPods.IsTracked(p) && !PodFacts.IsActive(p)).Select(JobPods.Release));
        return new Plan(actions);
    }

    private static TimeSpan? Manage(V1Job job, JobRun run, List<PlannedAction> actions, ReconcileContext context)
    {
        var wake = run.UntilDeadline;
        var tooMany = run.Active.Count - run.Wanted;
        if (tooMany > 0)
        {
            actions.Add(new Together([.. run.Active.OrderBy(PodFacts.IsReady).ThenByDescending(p => p.Metadata.CreationTimestamp).Take(tooMany).Select(p => Stop(job, p))]));
            return wake;
        }

        var missing = run.Wanted - run.Active.Count - run.Waiting;
        if (missing <= 0)
            return wake;
        if (run.BackOff is { } wait)
            return wake is { } w && w < wait ? w : wait;
        var made = run.NextIndexes(missing).Select(index =>
        {
            var pod = JobPods.New(job, index, context.Names);
            return new Create(pod) { Announce = new Announcement(job, "SuccessfulCreate", $"Created pod: {pod.Metadata.Name}", "FailedCreate", "Error creating: ") };
        }).ToList();
        actions.Add(new Together([.. made], SlowStart: true));
        return wake;
    }

    // A pod that the Job itself ends is no failure: it is let go first, so that nobody counts it.
    private static PlannedAction Stop(V1Job job, V1Pod pod)
    {
        var delete = new Delete(pod)
        {
            Announce = new Announcement(job, "SuccessfulDelete", $"Deleted pod: {pod.Metadata.Name}", "FailedDelete", $"Error deleting: {pod.Metadata.Name}: "),
        };
        return JobPods.IsTracked(pod) ? new Together([JobPods.Release(pod), delete], SlowStart: true) : delete;
    }
}
