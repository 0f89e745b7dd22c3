using ActorKube.ControllerManager.Jobs;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using CsCheck;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Jobs;

public sealed class JobReconcilerTests
{
    private readonly World _world = new();
    private readonly V1Job _job = new()
    {
        Metadata = Some.Meta("work", generation: 1),
        Spec = new V1JobSpec
        {
            Parallelism = 2,
            Completions = 3,
            BackoffLimit = 2,
            Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "work" } },
            Template = Some.Template("work"),
        },
    };

    private TimeSpan? Step()
    {
        var plan = JobReconciler.Reconcile(_job, _world.Pods, _world.Context);
        if (_world.Apply(plan) is V1Job changed)
            _job.Status = changed.Status;
        _world.Reap();
        return plan.RequeueAfter;
    }

    private void End(V1Pod pod, bool well, int code = 1)
    {
        pod.Status.Phase = well ? "Succeeded" : "Failed";
        pod.Status.Conditions = null;
        pod.Status.ContainerStatuses =
        [
            new V1ContainerStatus { Name = "main", State = new V1ContainerState { Terminated = new V1ContainerStateTerminated { ExitCode = well ? 0 : code, FinishedAt = _world.Now.UtcDateTime } } },
        ];
    }

    private IReadOnlyList<V1Pod> Running => [.. _world.Pods.Where(p => p.Status.Phase == "Pending" && p.Metadata.DeletionTimestamp is null)];

    private string Conditions => string.Join(' ', (_job.Status.Conditions ?? []).Where(c => c.Status == "True").Select(c => $"{c.Type}:{c.Reason}"));

    [Fact]
    public void It_runs_as_many_as_it_may_until_enough_succeeded()
    {
        Step();
        Assert.Equal(2, Running.Count);
        End(Running[0], true);
        Step();
        Step();
        Assert.Equal((1, 2), (_job.Status.Succeeded, Running.Count));
        End(Running[0], true);
        End(Running[0], true);
        for (var i = 0; i < 4; i++)
            Step();
        Assert.Equal("SuccessCriteriaMet:CompletionsReached Complete:CompletionsReached", Conditions);
        Assert.Equal((3, null, 3), (_job.Status.Succeeded, _job.Status.Active, _world.Pods.Count));
        Assert.NotNull(_job.Status.CompletionTime);
        Assert.All(_world.Pods, p => Assert.False(JobPods.IsTracked(p)));
        Assert.Contains("Completed: Job completed", _world.Told);
    }

    [Fact]
    public void Failures_wait_longer_each_time_and_end_the_job_beyond_the_limit()
    {
        _job.Spec.Parallelism = 1;
        var waits = new List<double>();
        Step();
        for (var i = 0; i < 2; i++)
        {
            End(Running[0], false);
            var wait = Step() ?? Step();
            waits.Add(wait!.Value.TotalSeconds);
            Assert.Empty(Running);
            _world.Pass(wait.Value);
            Step();
            Assert.Single(Running);
        }

        End(Running[0], false);
        for (var i = 0; i < 4; i++)
            Step();
        Assert.Equal([10, 20], waits);
        Assert.Equal("FailureTarget:BackoffLimitExceeded Failed:BackoffLimitExceeded", Conditions);
        Assert.Equal(3, _job.Status.Failed);
        Assert.Contains("BackoffLimitExceeded: Job has reached the specified backoff limit", _world.Told);
    }

    [Fact]
    public void Each_end_is_counted_once_whatever_is_interrupted()
    {
        Step();
        End(Running[0], true);
        // The note is written, and the pod is not let go.
        var plan = JobReconciler.Reconcile(_job, _world.Pods, _world.Context);
        _job.Status = ((V1Job)plan.Actions.OfType<ActorKube.ControllerManager.Shell.UpdateStatus>().Single().Object).Status;
        Assert.Single(_job.Status.UncountedTerminatedPods.Succeeded);
        Assert.Null(_job.Status.Succeeded);
        for (var i = 0; i < 3; i++)
            Step();
        Assert.Equal(1, _job.Status.Succeeded);
        Assert.Null(_job.Status.UncountedTerminatedPods.Succeeded);
    }

    [Fact]
    public void Indexed_pods_have_the_lowest_indexes_that_are_left()
    {
        _job.Spec.CompletionMode = "Indexed";
        Step();
        Assert.Equal([0, 1], Running.Select(JobPods.IndexOf).Order());
        var first = Running.Single(p => JobPods.IndexOf(p) == 0);
        Assert.Equal(("work-0", "JOB_COMPLETION_INDEX"), (first.Spec.Hostname, first.Spec.Containers[0].Env[0].Name));
        End(Running.Single(p => JobPods.IndexOf(p) == 1), true);
        Step();
        Step();
        Assert.Equal([0, 2], Running.Select(JobPods.IndexOf).Order());
        Assert.Equal("1", _job.Status.CompletedIndexes);
        foreach (var pod in Running)
            End(pod, true);
        for (var i = 0; i < 4; i++)
            Step();
        Assert.Equal(("0-2", 3), (_job.Status.CompletedIndexes, _job.Status.Succeeded));
        Assert.EndsWith("Complete:CompletionsReached", Conditions, StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_that_fails_too_often_is_given_up_alone()
    {
        _job.Spec.CompletionMode = "Indexed";
        (_job.Spec.BackoffLimitPerIndex, _job.Spec.BackoffLimit) = (0, int.MaxValue);
        Step();
        End(Running.Single(p => JobPods.IndexOf(p) == 0), false);
        Step();
        for (var i = 0; i < 10 && Conditions.Length == 0; i++)
        {
            foreach (var pod in Running)
                End(pod, true);
            _world.Pass(TimeSpan.FromMinutes(10));
            Step();
        }

        for (var i = 0; i < 3; i++)
            Step();
        Assert.Equal(("1-2", "0", "FailureTarget:FailedIndexes Failed:FailedIndexes"), (_job.Status.CompletedIndexes, _job.Status.FailedIndexes, Conditions));
    }

    [Fact]
    public void A_success_policy_ends_the_job_early_and_stops_the_rest()
    {
        _job.Spec.CompletionMode = "Indexed";
        _job.Spec.SuccessPolicy = new V1SuccessPolicy { Rules = [new V1SuccessPolicyRule { SucceededIndexes = "0" }] };
        Step();
        End(Running.Single(p => JobPods.IndexOf(p) == 0), true);
        for (var i = 0; i < 4; i++)
            Step();
        Assert.Equal("SuccessCriteriaMet:SuccessPolicy Complete:SuccessPolicy", Conditions);
        Assert.Empty(Running);
    }

    [Fact]
    public void A_failure_policy_fails_the_job_or_overlooks_a_failure()
    {
        _job.Spec.PodFailurePolicy = new V1PodFailurePolicy
        {
            Rules =
            [
                new V1PodFailurePolicyRule { Action = "FailJob", OnExitCodes = new V1PodFailurePolicyOnExitCodesRequirement { OperatorProperty = "In", Values = [42] } },
                new V1PodFailurePolicyRule { Action = "Ignore", OnPodConditions = [new V1PodFailurePolicyOnPodConditionsPattern { Type = "DisruptionTarget", Status = "True" }] },
            ],
        };
        Step();
        var disrupted = Running[0];
        End(disrupted, false);
        disrupted.Status.Conditions = [new V1PodCondition { Type = "DisruptionTarget", Status = "True" }];
        Step();
        Step();
        Assert.Null(_job.Status.Failed);
        End(Running[0], false, 42);
        for (var i = 0; i < 4; i++)
            Step();
        Assert.Equal("FailureTarget:PodFailurePolicy Failed:PodFailurePolicy", Conditions);
        Assert.Contains(_job.Status.Conditions, c => c.Message.EndsWith("failed with exit code 42 matching FailJob rule at index 0", StringComparison.Ordinal));
    }

    [Fact]
    public void A_suspended_job_ends_its_pods_without_blame_and_goes_on_later()
    {
        Step();
        _job.Spec.Suspend = true;
        Step();
        Step();
        Assert.Equal((0, "Suspended:JobSuspended", null, null), (_world.Pods.Count, Conditions, _job.Status.StartTime, _job.Status.Failed));
        _job.Spec.Suspend = false;
        Step();
        Assert.Equal((2, ""), (Running.Count, Conditions));
        Assert.Contains("Resumed: Job resumed", _world.Told);
    }

    [Fact]
    public void A_deadline_ends_the_job()
    {
        _job.Spec.ActiveDeadlineSeconds = 30;
        Step();
        _world.Pass(Step()!.Value);
        for (var i = 0; i < 3; i++)
            Step();
        Assert.Equal("FailureTarget:DeadlineExceeded Failed:DeadlineExceeded", Conditions);
        Assert.Empty(_world.Pods);
    }

    [Fact]
    public void A_finished_job_goes_after_its_time()
    {
        _job.Spec.TtlSecondsAfterFinished = 60;
        Assert.Equal(Plan.Nothing, TtlAfterFinishedController.Reconcile(_job, Some.Now));
        _job.Status = new V1JobStatus { Conditions = [new V1JobCondition { Type = "Complete", Status = "True", LastTransitionTime = Some.Now.UtcDateTime }] };
        Assert.Equal(TimeSpan.FromSeconds(60), TtlAfterFinishedController.Reconcile(_job, Some.Now).RequeueAfter);
        var delete = Assert.IsType<Delete>(Assert.Single(TtlAfterFinishedController.Reconcile(_job, Some.Now.AddSeconds(60)).Actions));
        Assert.Equal(("Foreground", _job.Metadata.Uid), (delete.PropagationPolicy, delete.Target.Metadata.Uid));
    }

    [Fact]
    public void Lists_of_indexes_read_as_they_are_written() => Gen.Int[0, 30].Array[0, 20].Sample(indexes =>
        Indexes.Parse(Indexes.Format(indexes.Distinct()), 31).SequenceEqual(indexes.Distinct().Order()));

    [Fact]
    public void Whatever_pods_do_the_counts_are_theirs() => Gen.Select(Gen.Int[1, 4], Gen.Int[1, 6], Gen.Int[0, 1000].Array[1, 60]).Sample((parallelism, completions, acts) =>
    {
        var test = new JobReconcilerTests();
        (test._job.Spec.Parallelism, test._job.Spec.Completions, test._job.Spec.BackoffLimit) = (parallelism, completions, 1000);
        var (succeeded, failed) = (0, 0);
        foreach (var act in acts)
        {
            test._world.Pass(TimeSpan.FromMinutes(11));
            test.Step();
            Assert.True(test.Running.Count <= parallelism);
            if (test.Running.Count == 0)
                continue;
            var well = act % 3 != 0;
            test.End(test.Running[act % test.Running.Count], well);
            (succeeded, failed) = well ? (succeeded + 1, failed) : (succeeded, failed + 1);
        }

        for (var i = 0; i < 4; i++)
            test.Step();
        Assert.Equal((succeeded, failed), (test._job.Status.Succeeded ?? 0, test._job.Status.Failed ?? 0));
        Assert.Equal(succeeded >= completions, test.Conditions.Contains("Complete", StringComparison.Ordinal));
    }, iter: 200);
}
