using ActorKube.ControllerManager.CronJobs;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.CronJobs;

public sealed class CronJobReconcilerTests
{
    private readonly World _world = new();
    private readonly V1CronJob _cronJob = new()
    {
        Metadata = Some.Meta("nightly", generation: 1),
        Spec = new V1CronJobSpec { Schedule = "*/5 * * * *", JobTemplate = new V1JobTemplateSpec { Spec = new V1JobSpec { Template = Some.Template("x") } } },
    };

    private TimeSpan? Step()
    {
        var plan = CronJobReconciler.Reconcile(_cronJob, _world.Jobs, _world.Context);
        if (_world.Apply(plan) is V1CronJob changed)
            _cronJob.Status = changed.Status;
        return plan.RequeueAfter;
    }

    private void End(V1Job job, string type) => job.Status = new V1JobStatus
    {
        StartTime = job.Metadata.CreationTimestamp, CompletionTime = _world.Now.UtcDateTime, Conditions = [new V1JobCondition { Type = type, Status = "True" }],
    };

    [Fact]
    public void A_job_is_made_at_each_time_and_named_after_it()
    {
        var wait = Step();
        Assert.Empty(_world.Jobs);
        Assert.Equal(300.1, wait!.Value.TotalSeconds, 3);
        _world.Pass(wait.Value);
        Step();
        var job = Assert.Single(_world.Jobs);
        Assert.Equal($"nightly-{Some.Now.AddMinutes(5).ToUnixTimeSeconds() / 60}", job.Metadata.Name);
        Assert.Equal("2030-01-01T00:05:00Z", job.Metadata.Annotations["batch.kubernetes.io/cronjob-scheduled-timestamp"]);
        Step();
        Assert.Equal([job.Metadata.Name], _cronJob.Status.Active.Select(a => a.Name));
        Assert.Equal(Some.Now.AddMinutes(5).UtcDateTime, _cronJob.Status.LastScheduleTime);
        Step();
        Assert.Single(_world.Jobs);
        Assert.Contains($"SuccessfulCreate: Created job {job.Metadata.Name}", _world.Told);
    }

    [Theory]
    [InlineData("Allow", 2)]
    [InlineData("Forbid", 1)]
    [InlineData("Replace", 1)]
    public void What_happens_when_the_last_one_still_runs_is_the_policys(string policy, int running)
    {
        _cronJob.Spec.ConcurrencyPolicy = policy;
        _world.Pass(TimeSpan.FromMinutes(5));
        Step();
        var first = _world.Jobs[0].Metadata.Name;
        _world.Pass(TimeSpan.FromMinutes(5));
        Step();
        Assert.Equal(running, _world.Jobs.Count);
        Assert.Equal(policy != "Replace", _world.Jobs.Any(j => j.Metadata.Name == first));
    }

    [Fact]
    public void Finished_jobs_are_told_and_only_so_many_stay()
    {
        for (var i = 0; i < 6; i++)
        {
            _world.Pass(TimeSpan.FromMinutes(5));
            Step();
            Step();
            End(_world.Jobs[^1], i == 5 ? "Failed" : "Complete");
            Step();
        }

        Assert.Equal((3, 1), (_world.Jobs.Count(j => j.Status.Conditions[0].Type == "Complete"), _world.Jobs.Count(j => j.Status.Conditions[0].Type == "Failed")));
        Assert.Contains(_world.Told, t => t.StartsWith("SawCompletedJob: Saw completed job: nightly-", StringComparison.Ordinal) && t.EndsWith("condition: Complete", StringComparison.Ordinal));
        Assert.NotNull(_cronJob.Status.LastSuccessfulTime);
        Assert.Null(_cronJob.Status.Active);
    }

    [Fact]
    public void Of_missed_times_only_the_last_is_made_up_for_and_none_after_the_deadline()
    {
        _world.Pass(TimeSpan.FromMinutes(23));
        Step();
        Assert.Equal($"nightly-{Some.Now.AddMinutes(20).ToUnixTimeSeconds() / 60}", Assert.Single(_world.Jobs).Metadata.Name);
        _cronJob.Spec.StartingDeadlineSeconds = 60;
        _world.Pass(TimeSpan.FromMinutes(19));
        Step();
        Assert.Single(_world.Jobs);
    }

    [Fact]
    public void Very_many_missed_times_are_told()
    {
        _world.Pass(TimeSpan.FromDays(3) + TimeSpan.FromMinutes(2));
        Step();
        Assert.Equal($"nightly-{Some.Now.AddDays(3).ToUnixTimeSeconds() / 60}", Assert.Single(_world.Jobs).Metadata.Name);
        Assert.Contains(_world.Told, t => t.StartsWith("TooManyMissedTimes", StringComparison.Ordinal));
    }

    [Fact]
    public void A_time_zone_moves_the_times()
    {
        (_cronJob.Spec.Schedule, _cronJob.Spec.TimeZone) = ("0 3 * * *", "Etc/GMT-2");
        Assert.Equal(3600.1, Step()!.Value.TotalSeconds, 3);
    }

    [Fact]
    public void Suspended_or_unreadable_it_makes_nothing()
    {
        _cronJob.Spec.Suspend = true;
        _world.Pass(TimeSpan.FromHours(1));
        Step();
        (_cronJob.Spec.Suspend, _cronJob.Spec.Schedule) = (false, "nonsense");
        Step();
        Assert.Empty(_world.Jobs);
        Assert.Contains(_world.Told, t => t.StartsWith("UnparseableSchedule", StringComparison.Ordinal));
    }

    [Fact]
    public void A_schedule_without_any_time_is_told_and_makes_nothing()
    {
        _cronJob.Spec.Schedule = "59 23 31 2 *";
        Assert.Null(Step());
        Assert.Empty(_world.Jobs);
        Assert.Contains("InvalidSchedule: invalid schedule: 59 23 31 2 * : time difference between two schedules is less than 1 second", _world.Told);
    }
}
