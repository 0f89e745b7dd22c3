using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.DaemonSets;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.DaemonSets;

public sealed class DaemonSetReconcilerTests
{
    private readonly World _world = new();
    private readonly List<V1Node> _nodes = [.. Enumerable.Range(1, 4).Select(i => Some.Node($"n{i}"))];
    private V1DaemonSet _set = new()
    {
        Metadata = Some.Meta("agent", generation: 1),
        Spec = new V1DaemonSetSpec
        {
            Selector = new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = "agent" } },
            Template = Some.Template("agent"),
            UpdateStrategy = new V1DaemonSetUpdateStrategy { Type = "RollingUpdate", RollingUpdate = new V1RollingUpdateDaemonSet { MaxUnavailable = "1", MaxSurge = "0" } },
        },
    };

    private void Step()
    {
        if (_world.Apply(DaemonSetReconciler.Reconcile(_set, _world.Pods, _world.Revisions, _nodes, _world.Context)) is V1DaemonSet changed)
            _set.Status = changed.Status;
    }

    private void Settle()
    {
        for (var i = 0; i < 20; i++)
        {
            Step();
            _world.Reap();
            _world.MakeReady(_world.Pods);
        }
    }

    private IEnumerable<string> NodesOfPods => _world.Pods.Where(p => p.Metadata.DeletionTimestamp is null).Select(DaemonNodes.NodeOf).Order(StringComparer.Ordinal);

    private void SetImage(string image)
    {
        _set = ApiJson.Copy(_set);
        _set.Spec.Template.Spec.Containers[0].Image = image;
    }

    private int OfImage(string image) => _world.Pods.Count(p => p.Spec.Containers[0].Image == image && p.Metadata.DeletionTimestamp is null);

    [Fact]
    public void Every_node_gets_one_pod_that_only_it_can_have()
    {
        Settle();
        Assert.Equal(["n1", "n2", "n3", "n4"], NodesOfPods);
        Assert.Equal((4, 4, 4, 0), (_set.Status.DesiredNumberScheduled, _set.Status.CurrentNumberScheduled, _set.Status.NumberReady, _set.Status.NumberMisscheduled));
        Assert.Contains(_world.Pods[0].Spec.Tolerations, t => t is { Key: "node.kubernetes.io/unschedulable", OperatorProperty: "Exists", Effect: "NoSchedule" });
    }

    [Fact]
    public void A_node_that_comes_gets_one_and_pods_for_nodes_that_went_go()
    {
        Settle();
        _nodes.Add(Some.Node("n5"));
        Step();
        Assert.Equal(["n1", "n2", "n3", "n4", "n5"], NodesOfPods);
        _nodes.RemoveAt(4);
        Step();
        Assert.Equal(["n1", "n2", "n3", "n4"], NodesOfPods);
    }

    [Fact]
    public void Selectors_and_taints_say_which_nodes_run_it()
    {
        _set.Spec.Template.Spec.NodeSelector = new Dictionary<string, string> { ["disk"] = "ssd" };
        foreach (var node in _nodes.Take(3))
            node.Metadata.Labels = new Dictionary<string, string> { ["disk"] = "ssd" };
        _nodes[1].Spec.Taints = [new V1Taint { Key = "own", Effect = "NoSchedule" }];
        _nodes[2].Spec.Taints = [new V1Taint { Key = "node.kubernetes.io/unschedulable", Effect = "NoSchedule" }];
        Settle();
        Assert.Equal(["n1", "n3"], NodesOfPods);
        // A taint that only keeps new pods off leaves the one that is there; one that drives off does not, and neither does a lost label.
        _nodes[0].Spec.Taints = [new V1Taint { Key = "own", Effect = "NoSchedule" }];
        Step();
        Assert.Equal(["n1", "n3"], NodesOfPods);
        Assert.Equal(1, _set.Status.NumberMisscheduled);
        _nodes[0].Spec.Taints = [new V1Taint { Key = "own", Effect = "NoExecute" }];
        _nodes[2].Metadata.Labels = null;
        Step();
        Assert.Empty(NodesOfPods);
    }

    [Fact]
    public void A_new_template_reaches_one_node_after_the_other()
    {
        Settle();
        SetImage("v2");
        Step();
        Assert.Equal(3, OfImage("v1"));
        _world.Reap();
        Step();
        Step();
        Assert.Equal((3, 1), (OfImage("v1"), OfImage("v2")));
        Settle();
        Assert.Equal((0, 4), (OfImage("v1"), OfImage("v2")));
        Assert.Equal(4, _set.Status.UpdatedNumberScheduled);
    }

    [Fact]
    public void A_surge_starts_the_new_pod_first()
    {
        _set.Spec.UpdateStrategy.RollingUpdate = new V1RollingUpdateDaemonSet { MaxUnavailable = "0", MaxSurge = "2" };
        Settle();
        SetImage("v2");
        Step();
        Assert.Equal((4, 2), (OfImage("v1"), OfImage("v2")));
        Step();
        Assert.Equal((4, 2), (OfImage("v1"), OfImage("v2")));
        _world.MakeReady(_world.Pods);
        Step();
        Assert.Equal((2, 2), (OfImage("v1"), OfImage("v2")));
        Settle();
        Assert.Equal((0, 4), (OfImage("v1"), OfImage("v2")));
    }

    [Fact]
    public void On_delete_leaves_what_runs()
    {
        _set.Spec.UpdateStrategy = new V1DaemonSetUpdateStrategy { Type = "OnDelete" };
        Settle();
        SetImage("v2");
        Settle();
        Assert.Equal(4, OfImage("v1"));
        _world.Pods.RemoveAt(0);
        Settle();
        Assert.Equal((3, 1), (OfImage("v1"), OfImage("v2")));
    }

    [Fact]
    public void Pods_that_do_not_serve_make_way_whatever_may_be_missing()
    {
        Settle();
        foreach (var pod in _world.Pods.Take(2))
            pod.Status.Conditions[0].Status = "False";
        SetImage("v2");
        Step();
        Assert.Equal(2, OfImage("v1"));
    }

    [Fact]
    public void A_failed_pod_is_replaced_after_a_moment()
    {
        Settle();
        _world.Pods[0].Status.Phase = "Failed";
        var plan = DaemonSetReconciler.Reconcile(_set, _world.Pods, _world.Revisions, _nodes, _world.Context);
        Assert.NotNull(plan.RequeueAfter);
        _world.Pass(plan.RequeueAfter!.Value);
        Step();
        Assert.Equal(3, _world.Alive.Count);
        Assert.Contains(_world.Told, t => t.StartsWith("FailedDaemonPod: Found failed daemon pod default/agent-", StringComparison.Ordinal));
    }
}
