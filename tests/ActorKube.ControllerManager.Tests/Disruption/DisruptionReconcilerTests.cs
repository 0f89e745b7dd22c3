using ActorKube.ControllerManager.Disruption;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Disruption;

public sealed class DisruptionReconcilerTests
{
    private readonly V1PodDisruptionBudget _budget = new()
    {
        Metadata = Some.Meta("web", generation: 2),
        Spec = new V1PodDisruptionBudgetSpec { Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "web" } } },
    };

    private static V1Pod[] Pods(int ready, int other) =>
    [
        .. Enumerable.Range(0, ready).Select(i => Owned(Some.Pod($"r{i}").Ready())), .. Enumerable.Range(0, other).Select(i => Owned(Some.Pod($"o{i}"))), Some.Pod("stranger", "other").Ready(),
    ];

    private static V1Pod Owned(V1Pod pod)
    {
        pod.Metadata.OwnerReferences = [new V1OwnerReference { Kind = "ReplicaSet", Name = "web", Uid = "uid-rs", Controller = true }];
        return pod;
    }

    private V1PodDisruptionBudgetStatus Status(V1Pod[] pods, int scale = 10, DateTimeOffset? now = null) =>
        ((V1PodDisruptionBudget)DisruptionReconciler.Reconcile(_budget, pods, _ => ("uid-web", scale), Some.Context(now)).Actions.OfType<UpdateStatus>().Single().Object).Status;

    [Theory]
    [InlineData("2", null, 4, 1, 10, 5, 2, 2)]
    [InlineData("50%", null, 8, 0, 10, 10, 5, 3)]
    [InlineData(null, "3", 8, 0, 10, 10, 7, 1)]
    [InlineData(null, "25%", 9, 1, 10, 10, 7, 2)]
    [InlineData(null, "0", 9, 1, 10, 10, 10, 0)]
    [InlineData("9", null, 4, 0, 10, 4, 9, 0)]
    public void As_many_may_go_as_are_healthy_beyond_what_is_asked(string? minimum, string? missing, int ready, int other, int scale, int expected, int desired, int allowed)
    {
        (_budget.Spec.MinAvailable, _budget.Spec.MaxUnavailable) = (minimum, missing);
        var status = Status(Pods(ready, other), scale);
        Assert.Equal((expected, desired, ready, allowed, 2L), (status.ExpectedPods, status.DesiredHealthy, status.CurrentHealthy, status.DisruptionsAllowed, status.ObservedGeneration!.Value));
        Assert.Equal((allowed > 0 ? "True" : "False", allowed > 0 ? "SufficientPods" : "InsufficientPods"), (status.Conditions.Single().Status, status.Conditions.Single().Reason));
    }

    [Fact]
    public void An_allowed_eviction_counts_until_its_pod_goes_or_its_time_is_up()
    {
        _budget.Spec.MinAvailable = "1";
        _budget.Status = new V1PodDisruptionBudgetStatus { DisruptedPods = new Dictionary<string, DateTime?> { ["r0"] = Some.Now.UtcDateTime, ["gone"] = Some.Now.UtcDateTime } };
        var status = Status(Pods(3, 0));
        Assert.Equal((2, 1), (status.CurrentHealthy, status.DisruptionsAllowed));
        Assert.Equal(["r0"], status.DisruptedPods.Keys);
        Assert.Equal(2, Status(Pods(3, 0), now: Some.Now.AddMinutes(2)).DisruptionsAllowed);
    }

    [Fact]
    public void Nothing_is_written_when_nothing_changed()
    {
        _budget.Spec.MinAvailable = "1";
        var pods = Pods(2, 0);
        _budget.Status = Status(pods);
        Assert.Empty(DisruptionReconciler.Reconcile(_budget, pods, _ => null, Some.Context()).Actions);
    }
}
