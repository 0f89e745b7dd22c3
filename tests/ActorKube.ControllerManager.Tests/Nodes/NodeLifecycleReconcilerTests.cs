using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Nodes;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Nodes;

public class NodeLifecycleReconcilerTests
{
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(8);

    [Fact]
    public void A_node_that_renews_is_left_alone_until_its_grace_would_end()
    {
        var plan = Reconcile(Some.Node("n1"), silentFor: 3);

        Assert.Empty(plan.Actions);
        Assert.Equal(TimeSpan.FromSeconds(5), plan.RequeueAfter);
    }

    [Fact]
    public void A_silent_node_becomes_Unknown_its_pods_unready_then_tainted_then_empty()
    {
        var node = Some.Node("n1");
        var pod = Some.Pod("a").On("n1").Ready();
        pod.Spec.Tolerations = [new V1Toleration { Key = NodeTaints.Unreachable, OperatorProperty = "Exists", Effect = "NoExecute", TolerationSeconds = 5 }];

        var first = Reconcile(node, silentFor: 8, pods: pod);
        node = (V1Node)((UpdateStatus)first.Actions[0]).Object;
        var condition = node.Status.Conditions[0];
        Assert.Equal(("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status."), (condition.Type, condition.Status, condition.Reason, condition.Message));
        Assert.Equal(["Ready", "MemoryPressure", "DiskPressure", "PIDPressure"], node.Status.Conditions.Select(c => c.Type));
        Assert.Equal("False", ((V1Pod)((UpdateStatus)first.Actions[1]).Object).Status.Conditions[0].Status);

        var second = Reconcile(node, silentFor: 8, pods: pod);
        node.Spec.Taints = TaintsOf(second);
        Assert.Equal(["node.kubernetes.io/unreachable NoSchedule", "node.kubernetes.io/unreachable NoExecute"], node.Spec.Taints.Select(t => $"{t.Key} {t.Effect}"));
        Assert.Empty(second.Of<Delete>());

        var third = Reconcile(node, silentFor: 10, pods: pod);
        Assert.Empty(third.Of<Delete>());
        Assert.Equal(TimeSpan.FromSeconds(3), third.RequeueAfter);

        var fourth = Reconcile(node, silentFor: 13, pods: pod);
        Assert.Equal("a", Assert.Single(fourth.Of<Delete>()).Target.Metadata.Name);
    }

    [Fact]
    public void A_node_that_is_back_loses_its_taints_and_keeps_those_of_others()
    {
        var node = Some.Node("n1");
        node.Spec.Taints =
        [
            new V1Taint { Key = "mine", Effect = "NoSchedule" },
            new V1Taint { Key = NodeTaints.Unreachable, Effect = "NoExecute" },
            new V1Taint { Key = NodeTaints.Unreachable, Effect = "NoSchedule" },
        ];

        Assert.Equal(["mine"], TaintsOf(Reconcile(node, silentFor: 0)).Select(t => t.Key));
    }

    [Fact]
    public void Taints_say_what_conditions_and_the_spec_say()
    {
        var node = Some.Node("n1", ready: "False");
        node.Spec.Unschedulable = true;
        node.Status.Conditions.Add(new V1NodeCondition { Type = "MemoryPressure", Status = "True" });

        Assert.Equal(
            ["node.kubernetes.io/not-ready NoSchedule", "node.kubernetes.io/memory-pressure NoSchedule", "node.kubernetes.io/unschedulable NoSchedule", "node.kubernetes.io/not-ready NoExecute"],
            TaintsOf(Reconcile(node, silentFor: 0)).Select(t => $"{t.Key} {t.Effect}"));
    }

    [Fact]
    public void Without_a_permit_pods_are_not_driven_away_and_where_nothing_is_ready_the_taint_goes()
    {
        var node = Some.Node("n1", ready: "False");
        Assert.DoesNotContain(TaintsOf(Reconcile(node, 0, EvictionPermit.Wait)), t => t.Effect == "NoExecute");

        node.Spec.Taints = [new V1Taint { Key = NodeTaints.NotReady, Effect = "NoSchedule" }, new V1Taint { Key = NodeTaints.NotReady, Effect = "NoExecute", TimeAdded = Some.Now.UtcDateTime }];
        Assert.Empty(Reconcile(node, 0, EvictionPermit.Wait).Of<Merge>());
        Assert.DoesNotContain(TaintsOf(Reconcile(node, 0, EvictionPermit.None)), t => t.Effect == "NoExecute");
    }

    [Fact]
    public void A_users_taint_drives_pods_away_that_do_not_tolerate_it()
    {
        var node = Some.Node("n1");
        node.Spec.Taints = [new V1Taint { Key = "maintenance", Value = "yes", Effect = "NoExecute", TimeAdded = Some.Now.UtcDateTime }];
        var tolerant = Some.Pod("tolerant").On("n1");
        tolerant.Spec.Tolerations = [new V1Toleration { Key = "maintenance", OperatorProperty = "Equal", Value = "yes" }];
        var other = Some.Pod("other").On("n1");
        other.Spec.Tolerations = [new V1Toleration { Key = "maintenance", Value = "no" }];

        Assert.Equal(["other"], Reconcile(node, 0, pods: [tolerant, other]).Of<Delete>().Select(d => d.Target.Metadata.Name));
    }

    [Fact]
    public void A_pod_that_tolerates_a_taint_for_a_while_goes_when_that_is_over_though_nobody_said_since_when_it_is_there()
    {
        var node = Some.Node("n1");
        node.Spec.Taints = [new V1Taint { Key = "maintenance", Value = "yes", Effect = "NoExecute" }];
        var seen = new TaintsSeen();
        var pods = new[] { Staying("short", 5), Staying("long", 60) };

        Assert.Empty(At(0).Of<Delete>());
        Assert.InRange(At(1).RequeueAfter!.Value, TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(4));
        var plan = At(5);
        Assert.Equal(["short"], plan.Of<Delete>().Select(d => d.Target.Metadata.Name));
        var condition = Assert.Single(((V1Pod)Assert.Single(plan.Of<UpdateStatus>()).Object).Status.Conditions, c => c.Type == "DisruptionTarget");
        Assert.Equal(("True", "DeletionByTaintManager", "Taint manager: deleting due to NoExecute taint"), (condition.Status, condition.Reason, condition.Message));

        // A taint that goes and comes back begins anew.
        node.Spec.Taints = [];
        Assert.Empty(At(30).Of<Delete>());
        node.Spec.Taints = [new V1Taint { Key = "maintenance", Value = "yes", Effect = "NoExecute" }];
        Assert.Empty(At(32).Of<Delete>());

        Plan At(int seconds) => NodeLifecycleReconciler.Reconcile(
            node, Some.Now.AddSeconds(seconds), TimeSpan.FromHours(1), EvictionPermit.Granted, pods, Some.Now.AddSeconds(seconds), seen.Look(node, Some.Now.AddSeconds(seconds)));

        static V1Pod Staying(string name, int seconds)
        {
            var pod = Some.Pod(name).On("n1");
            pod.Metadata.CreationTimestamp = Some.Now.AddMinutes(-5).UtcDateTime;
            pod.Spec.Tolerations = [new V1Toleration { Key = "maintenance", OperatorProperty = "Exists", TolerationSeconds = seconds }];
            return pod;
        }
    }

    [Fact]
    public void A_lease_that_says_it_is_good_for_longer_is_believed()
    {
        var settings = new NodeLifecycleSettings();
        Assert.Equal(TimeSpan.FromSeconds(8), NodeHealth.GraceOf(null, SignsOfLife.Here, settings));
        Assert.Equal(TimeSpan.FromSeconds(40), NodeHealth.GraceOf(new V1Lease { Spec = new V1LeaseSpec { LeaseDurationSeconds = 40 } }, SignsOfLife.Here, settings));
        Assert.Equal(TimeSpan.FromSeconds(8), NodeHealth.GraceOf(new V1Lease { Spec = new V1LeaseSpec { LeaseDurationSeconds = 4 } }, SignsOfLife.Here, settings));
    }

    [Fact]
    public void Nodes_are_given_up_one_after_another_and_none_when_all_are_down()
    {
        var permits = new EvictionPermits(new NodeLifecycleSettings());
        var nodes = Enumerable.Range(0, 10).Select(i => Some.Node($"n{i}")).ToList();
        IReadOnlyCollection<(V1Node, bool)> Down(int count) => [.. nodes.Select((n, i) => (n, i >= count))];

        Assert.Equal(EvictionPermit.Granted, permits.Ask(nodes[0], Down(2), Some.Now).Permit);
        Assert.Equal((EvictionPermit.Wait, TimeSpan.FromSeconds(10)), permits.Ask(nodes[1], Down(2), Some.Now));
        Assert.Equal(EvictionPermit.Granted, permits.Ask(nodes[0], Down(2), Some.Now).Permit);
        Assert.Equal(EvictionPermit.Granted, permits.Ask(nodes[1], Down(2), Some.Now.AddSeconds(10)).Permit);
        // Six of ten: a large disruption of a small zone.
        Assert.Equal(EvictionPermit.Wait, permits.Ask(nodes[2], Down(6), Some.Now.AddMinutes(5)).Permit);
        Assert.Equal(EvictionPermit.None, permits.Ask(nodes[0], Down(10), Some.Now.AddMinutes(6)).Permit);
    }

    private static Plan Reconcile(V1Node node, int silentFor, EvictionPermit permit = EvictionPermit.Granted, params V1Pod[] pods) =>
        NodeLifecycleReconciler.Reconcile(node, Some.Now, Grace, permit, pods, Some.Now.AddSeconds(silentFor), new TaintsSeen().Look(node, Some.Now.AddSeconds(silentFor)));

    private static Plan Reconcile(V1Node node, int silentFor, params V1Pod[] pods) => Reconcile(node, silentFor, EvictionPermit.Granted, pods);

    private static List<V1Taint> TaintsOf(Plan plan) =>
        ((JsonObject)Assert.Single(plan.Of<Merge>()).Body)["spec"]!["taints"]?.Deserialize<List<V1Taint>>(ApiJson.Options) ?? [];
}
