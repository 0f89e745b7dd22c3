using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.ReplicaSets;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using CsCheck;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.ReplicaSets;

public class ReplicaSetReconcilerTests
{
    private static readonly Gen<(int State, bool Owned, bool Matches)[]> AnyPods = Gen.Select(Gen.Int[0, 5], Gen.Bool, Gen.Bool).Array[0, 12];

    [Fact]
    public void Creates_what_is_missing_from_the_template()
    {
        var replicaSet = Some.ReplicaSet("web-1", 3);

        var plan = ReplicaSetReconciler.Reconcile(replicaSet, [], [], Some.Context());

        var pods = plan.Of<Create>().Select(c => (V1Pod)c.Object).ToList();
        Assert.Equal(3, pods.Count);
        Assert.Equal(3, pods.Select(p => p.Metadata.Name).Distinct().Count());
        Assert.All(pods, p =>
        {
            Assert.Matches("^web-1-[bcdfghjklmnpqrstvwxz2456789]{5}$", p.Metadata.Name);
            Assert.Equal("web-1-", p.Metadata.GenerateName);
            Assert.True(Ownership.IsControlledBy(p, replicaSet));
            Assert.Equal("v1", p.Spec.Containers[0].Image);
        });
        Assert.True(Assert.IsType<Together>(plan.Actions[0]).SlowStart);
    }

    [Fact]
    public void Pods_on_their_way_out_do_not_count()
    {
        var replicaSet = Some.ReplicaSet("web-1", 1);
        var going = Some.Pod("a").OwnedBy(replicaSet).Deleting();
        var failed = Some.Pod("b").OwnedBy(replicaSet);
        failed.Status.Phase = "Failed";

        var plan = ReplicaSetReconciler.Reconcile(replicaSet, [going, failed], [], Some.Context());

        Assert.Single(plan.Of<Create>());
        Assert.Empty(plan.Of<Delete>());
        Assert.Equal(1, ((V1ReplicaSet)plan.Of<UpdateStatus>()[0].Object).Status.TerminatingReplicas);
    }

    [Fact]
    public void Adopts_matching_orphans_and_lets_go_of_what_no_longer_matches()
    {
        var replicaSet = Some.ReplicaSet("web-1", 1);
        var orphan = Some.Pod("orphan");
        var stray = Some.Pod("stray", app: "other").OwnedBy(replicaSet);

        var plan = ReplicaSetReconciler.Reconcile(replicaSet, [orphan, stray], [], Some.Context());

        Assert.Equal(["orphan", "stray"], plan.Of<Merge>().Select(m => m.Target.Metadata.Name));
        Assert.Empty(plan.Of<Create>());
    }

    [Theory]
    [InlineData("unassigned goes before assigned", "b")]
    [InlineData("unready goes before ready", "b")]
    [InlineData("cheap goes before dear", "b")]
    [InlineData("crowded goes before lonely", "b")]
    [InlineData("young goes before old", "b")]
    public void Of_two_pods_the_one_that_is_missed_less_goes(string rule, string victim)
    {
        var replicaSet = Some.ReplicaSet("web-1", 1);
        var a = Some.Pod("a").OwnedBy(replicaSet).On("n1").Ready(Some.Now.AddHours(-2));
        var b = Some.Pod("b").OwnedBy(replicaSet).On("n2").Ready(Some.Now.AddHours(-2));
        var other = Some.Pod("other").On("n2").Ready();
        switch (rule.Split(' ')[0])
        {
            case "unassigned":
                b.Spec.NodeName = null;
                break;
            case "unready":
                b.Status.Conditions[0].Status = "False";
                break;
            case "cheap":
                b.Metadata.Annotations = new Dictionary<string, string> { ["controller.kubernetes.io/pod-deletion-cost"] = "-5" };
                break;
            case "young":
                b.Ready(Some.Now.AddMinutes(-1));
                break;
        }

        var plan = ReplicaSetReconciler.Reconcile(replicaSet, [a, b], rule.StartsWith("crowded", StringComparison.Ordinal) ? [a, b, other] : [a, b], Some.Context());

        Assert.Equal(victim, Assert.Single(plan.Of<Delete>()).Target.Metadata.Name);
    }

    [Fact]
    public void Looks_again_when_a_ready_pod_becomes_available()
    {
        var replicaSet = Some.ReplicaSet("web-1", 1, minReady: 30);
        var pod = Some.Pod("a").OwnedBy(replicaSet).Ready(Some.Now.AddSeconds(-10));

        var plan = ReplicaSetReconciler.Reconcile(replicaSet, [pod], [], Some.Context());
        Assert.Equal(TimeSpan.FromSeconds(20), plan.RequeueAfter);
        Assert.Equal(0, ((V1ReplicaSet)plan.Of<UpdateStatus>()[0].Object).Status.AvailableReplicas);

        var later = ReplicaSetReconciler.Reconcile(replicaSet, [pod], [], Some.Context(Some.Now.AddSeconds(20)));
        Assert.Null(later.RequeueAfter);
        Assert.Equal(1, ((V1ReplicaSet)later.Of<UpdateStatus>()[0].Object).Status.AvailableReplicas);
    }

    [Fact]
    public void Says_in_its_status_why_pods_cannot_be_created_and_takes_it_back()
    {
        var replicaSet = Some.ReplicaSet("web-1", 1);
        var failure = new PlanFailure(new Create(Some.Pod("x")), "Forbidden", "exceeded quota");

        var plan = ReplicaSetReconciler.Reconcile(replicaSet, [], [], Some.Context(failure: failure));

        var status = ((V1ReplicaSet)Assert.IsType<UpdateStatus>(plan.Actions[0]).Object).Status;
        Assert.Equal(("ReplicaFailure", "True", "FailedCreate", "exceeded quota"), (status.Conditions[0].Type, status.Conditions[0].Status, status.Conditions[0].Reason, status.Conditions[0].Message));
        Assert.Single(plan.Of<Create>());

        replicaSet.Status = status;
        var after = ReplicaSetReconciler.Reconcile(replicaSet, [], [], Some.Context());
        Assert.Null(((V1ReplicaSet)after.Of<UpdateStatus>()[0].Object).Status.Conditions);
    }

    [Fact]
    public void Plans_the_same_whatever_the_order_of_pods_and_touches_nothing_of_others() => AnyPods.Sample(specs =>
    {
        var (replicaSet, other) = (Some.ReplicaSet("web-1", 4), Some.ReplicaSet("other", 4));
        var pods = Pods(specs, replicaSet, other);

        var plan = ReplicaSetReconciler.Reconcile(replicaSet, pods, pods, Some.Context());
        var again = ReplicaSetReconciler.Reconcile(replicaSet, pods.AsEnumerable().Reverse(), pods, Some.Context());

        Assert.Equal(plan.Flat().Select(Show), again.Flat().Select(Show));
        Assert.DoesNotContain(plan.Of<Delete>(), d => Ownership.IsControlledBy(d.Target, other));
        Assert.DoesNotContain(plan.Of<Merge>(), m => Ownership.IsControlledBy(m.Target, other));
    });

    [Fact]
    public void Planning_again_after_the_plan_changes_nothing() => AnyPods.Sample(specs =>
    {
        var (replicaSet, other) = (Some.ReplicaSet("web-1", 4), Some.ReplicaSet("other", 4));
        var pods = Pods(specs, replicaSet, other);
        for (var i = 0; i < 3; i++)
        {
            var plan = ReplicaSetReconciler.Reconcile(replicaSet, pods, pods, Some.Context());
            if (plan.Actions.Count == 0)
            {
                Assert.Equal(4, pods.Count(p => PodFacts.IsActive(p) && Ownership.IsControlledBy(p, replicaSet)));
                return;
            }

            foreach (var action in plan.Flat())
            {
                switch (action)
                {
                    case Create create:
                        create.Object.Metadata.Uid = $"made-{create.Object.Metadata.Name}-{i}";
                        pods.Add((V1Pod)create.Object);
                        break;
                    case Delete delete:
                        pods.Remove((V1Pod)delete.Target);
                        break;
                    case Merge { Target: V1Pod pod }:
                        pod.Metadata.OwnerReferences = Ownership.IsControlledBy(pod, replicaSet) ? [] : [Ownership.Reference(replicaSet)];
                        break;
                    case UpdateStatus status:
                        replicaSet.Status = ((V1ReplicaSet)status.Object).Status;
                        break;
                }
            }
        }

        Assert.Fail("it never comes to rest");
    });

    private static List<V1Pod> Pods((int State, bool Owned, bool Matches)[] specs, V1ReplicaSet replicaSet, V1ReplicaSet other) => [.. specs.Select((s, i) =>
    {
        var pod = Some.Pod($"p{i}", s.Matches ? "web" : "other");
        if (s.State == 0)
            pod.Deleting();
        if (s.State == 1)
            pod.Status.Phase = "Failed";
        if (s.State >= 3)
            pod.On("n1").Ready();
        return s.Owned ? pod.OwnedBy(replicaSet) : s.State == 5 ? pod.OwnedBy(other) : pod;
    })];

    private static string Show(PlannedAction action) => action switch
    {
        Create => "create",
        Delete delete => $"delete {delete.Target.Metadata.Name}",
        Merge merge => $"merge {merge.Target.Metadata.Name}",
        UpdateStatus => "status",
        _ => action.ToString(),
    };
}
