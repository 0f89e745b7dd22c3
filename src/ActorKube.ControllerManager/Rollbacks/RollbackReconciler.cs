using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Deployments;
using ActorKube.ControllerManager.Shell;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>
/// Takes a workload whose roll-out failed back to the last revision that proved good. It never loops: what it went back to is not judged again, and a revision
/// that failed <see cref="MaxFailures"/> times, because somebody keeps asking for it, is left as it is.
/// </summary>
public static class RollbackReconciler
{
    /// <summary>After so many failed roll-outs a revision is not taken back any more.</summary>
    public const int MaxFailures = 3;

    private const string ChangeCause = "kubernetes.io/change-cause";

    private static readonly TimeSpan CheckEvery = TimeSpan.FromSeconds(5);

    /// <summary>Whether a workload has anything to do with this at all.</summary>
    internal static bool Concerns(IMetadata<V1ObjectMeta> workload) =>
        workload.Metadata.Annotations is { } annotations && (annotations.ContainsKey(RollbackRules.Switch) || annotations.ContainsKey(RollbackRecord.Annotation) || annotations.ContainsKey(Canary.Annotation));

    /// <summary>What is to be done now.</summary>
    /// <param name="rollout">The roll-out.</param>
    /// <param name="context">The time.</param>
    /// <param name="check">Makes the procedure of one round of HTTP checks and of noting what came of it.</param>
    public static Plan Reconcile(Rollout rollout, ReconcileContext context, Func<HttpCheck, RolloutMarks, PlannedAction> check)
    {
        var (workload, current) = (rollout.Workload, rollout.Current);
        if (workload.Metadata.DeletionTimestamp is not null || current.Number == 0)
            return Plan.Nothing;
        var rules = RollbackRules.Read(workload.Metadata.Annotations, out var error);
        if ((error ?? Canary.ErrorOf(workload.Metadata.Annotations)) is { } problem)
            return Plan.Of(new Tell(workload, "Warning", "InvalidRollbackRule", problem));
        var record = RollbackRecord.Of(workload);
        var isBack = record is not null && record.To == current.Name;
        if (rollout.WithCondition(isBack ? (record!.Reason, record.Story) : null) is { } told)
            return Plan.Of(new UpdateStatus(told));
        if (rules is null)
            return Plan.Nothing;
        List<PlannedAction> actions = isBack ? [.. TidyUp(rollout, record!)] : [];

        var known = RolloutMarks.Of(current);
        var marks = RolloutMarks.Of(current, context.Now);
        if (marks.IsProven || rollout.IsPaused)
            return new Plan(actions);
        if (!isBack && RolloutHealth.Failure(rollout, rules, marks, context.Now) is { } failure)
            return new Plan([.. actions, .. marks.Failed is null ? Fail(rollout, marks, failure) : []]);

        var (next, announce, wait) = Prove(rollout, rules, marks, context.Now);
        if (next != known)
            actions.Add(Mark(current, next) with { Announce = announce });
        if (!isBack && rules.Check is { } http && next is { IsProven: false } && RolloutHealth.Living(rollout).Any(PodFacts.IsReady))
        {
            actions.Add(check(http, next));
            wait = wait < CheckEvery ? wait : CheckEvery;
        }

        return new Plan(actions, wait);
    }

    /// <summary>Writes a revision's marks.</summary>
    public static PlannedAction Mark(RolloutRevision revision, RolloutMarks marks) =>
        new Merge(revision.Object, new { metadata = new { annotations = new Dictionary<string, string> { [RolloutMarks.Annotation] = marks.ToText() } } });

    // A complete roll-out is good once it has been watched for long enough.
    private static (RolloutMarks Next, Announcement? Announce, TimeSpan? Wait) Prove(Rollout rollout, RollbackRules rules, RolloutMarks marks, DateTimeOffset now)
    {
        var mayFail = RolloutHealth.MayFailAt(rollout, rules, marks) - now.UtcDateTime;
        if (!rollout.IsComplete)
            return (marks, null, Later(mayFail));
        var next = marks with { Complete = marks.Complete ?? RolloutMarks.Seconds(now), Failed = null };
        var left = next.Complete.Value + rules.Watch - now.UtcDateTime;
        if (left > TimeSpan.Zero)
            return (next, null, Later(mayFail is { } sooner && sooner < left ? sooner : left));
        var good = next with { Good = RolloutMarks.Seconds(now), GoodIn = next.Attempt, Failures = 0, ChecksFailed = 0, LastCheck = null };
        return (good, new Announcement(rollout.Workload, "RevisionGood", $"Revision {rollout.Current.Number} has proved good: a failed roll-out goes back to it"), null);
    }

    // Timestamps have no fractions: a second more, and never at once again.
    private static TimeSpan? Later(TimeSpan? wait) => wait is not { } left ? null : (left > TimeSpan.Zero ? left : TimeSpan.Zero) + TimeSpan.FromSeconds(1);

    private static IEnumerable<PlannedAction> Fail(Rollout rollout, RolloutMarks marks, (string Reason, string Message) failure)
    {
        var (workload, current) = (rollout.Workload, rollout.Current);
        var target = rollout.Others.Where(r => RolloutMarks.Of(r)?.Good is not null).MaxBy(r => r.Number);
        if (target is null || marks.Failures >= MaxFailures)
        {
            var (reason, why) = target is null
                ? ("NothingToRollBackTo", "no other revision has proved good")
                : ("RollbackGivenUp", $"it was rolled out again after it had failed {marks.Failures} times; it stays as it is");
            yield return Mark(current, marks.Fail(failure.Message)) with
            {
                Announce = new Announcement(workload, reason, $"Revision {current.Number} failed: {failure.Message}; {why}", Type: "Warning"),
            };
            yield break;
        }

        var record = new RollbackRecord(current.Name, current.Number, target.Name, target.Number, failure.Reason, failure.Message);
        var changed = rollout.WithTemplateOf(target);
        record.NoteIn(changed);
        if (target.Object.Metadata.Annotations is { } annotations && annotations.TryGetValue(ChangeCause, out var cause))
            changed.Metadata.Annotations[ChangeCause] = cause;
        yield return new Update(changed) { Announce = new Announcement(workload, "RolledBack", record.Story, "RollbackFailed", "Cannot roll back: ", "Warning") };
    }

    // What the write that took the workload back could not do along with it.
    private static IEnumerable<PlannedAction> TidyUp(Rollout rollout, RollbackRecord record)
    {
        if (rollout.Others.FirstOrDefault(r => r.Name == record.From) is not { } failed)
            yield break;
        var marks = RolloutMarks.Of(failed) ?? new RolloutMarks(failed.Number, failed.Object.Metadata.CreationTimestamp ?? default);
        if (marks.Failed is null && marks.Attempt == record.FromRevision)
            yield return Mark(failed, marks.Fail(record.Message));
        if (!rollout.BlockedByBrokenPods)
            yield break;
        foreach (var pod in rollout.PodsOf(failed).Where(p => p.Metadata.DeletionTimestamp is null && !PodFacts.IsReady(p)))
            yield return new Delete(pod) { Announce = new Announcement(rollout.Workload, "DeletedBrokenPod", $"Deleted pod {pod.Metadata.Name} of the failed revision {record.FromRevision}, which was in the way") };
    }
}
