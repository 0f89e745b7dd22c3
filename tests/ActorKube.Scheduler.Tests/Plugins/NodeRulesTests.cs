using ActorKube.Scheduler.Plugins;
using k8s.Models;

namespace ActorKube.Scheduler.Tests.Plugins;

public sealed class NodeRulesTests
{
    [Fact]
    public void A_cordoned_node_takes_only_pods_that_tolerate_it()
    {
        var cluster = Some.Cluster([Some.Node("n1").With(n => n.Spec.Unschedulable = true)]);

        Assert.Equal(["node(s) were unschedulable"], new NodeUnschedulable().Reasons(Some.Pod("a"), cluster, "n1"));
        Assert.Empty(new NodeUnschedulable().Reasons(Some.Pod("a").Tolerating("node.kubernetes.io/unschedulable"), cluster, "n1"));
    }

    [Theory]
    [InlineData("k", "Exists", null, null, true)]
    [InlineData("k", "Equal", "v", "NoSchedule", true)]
    [InlineData("k", null, "v", null, true)]
    [InlineData("k", "Equal", "w", null, false)]
    [InlineData("k", "Exists", null, "NoExecute", false)]
    [InlineData("other", "Exists", null, null, false)]
    [InlineData(null, "Exists", null, null, true)]
    public void A_taint_is_tolerated_by_key_value_and_effect(string? key, string? op, string? value, string? effect, bool fits)
    {
        var cluster = Some.Cluster([Some.Node("n1").Tainted("k", "v")]);
        var reasons = new TaintToleration().Reasons(Some.Pod("a").Tolerating(key, op, value, effect), cluster, "n1");

        Assert.Equal(fits ? [] : ["node(s) had untolerated taint {k: v}"], reasons);
    }

    [Fact]
    public void Fewer_soft_taints_are_better()
    {
        var cluster = Some.Cluster(
            [Some.Node("n1").Tainted("a", effect: "PreferNoSchedule").Tainted("b", effect: "PreferNoSchedule"), Some.Node("n2").Tainted("a", effect: "PreferNoSchedule"), Some.Node("n3")]);

        Assert.Equal([0, 50, 100], new TaintToleration().Scores(Some.Pod("x"), cluster));
        Assert.Empty(new TaintToleration().Reasons(Some.Pod("x"), cluster, "n1"));
    }

    [Fact]
    public void Node_selector_and_required_affinity_must_both_match()
    {
        var cluster = Some.Cluster([Some.Node("n1").Labelled("disk", "ssd").Labelled("gen", "7"), Some.Node("n2").Labelled("disk", "ssd").Labelled("gen", "3")]);
        var pod = Some.Pod("a").With(p =>
        {
            p.Spec.NodeSelector = new Dictionary<string, string> { ["disk"] = "ssd" };
            p.Spec.Affinity = Require(new V1NodeSelectorRequirement { Key = "gen", OperatorProperty = "Gt", Values = ["5"] });
        });

        Assert.Empty(new NodeAffinity().Reasons(pod, cluster, "n1"));
        Assert.Equal(["node(s) didn't match Pod's node affinity/selector"], new NodeAffinity().Reasons(pod, cluster, "n2"));
    }

    [Theory]
    [InlineData("In", "ssd", true)]
    [InlineData("NotIn", "ssd", false)]
    [InlineData("NotIn", "hdd", true)]
    [InlineData("Exists", null, true)]
    [InlineData("DoesNotExist", null, false)]
    [InlineData("Lt", "5", false)]
    public void Node_affinity_knows_all_operators(string op, string? value, bool fits)
    {
        var cluster = Some.Cluster([Some.Node("n1").Labelled("disk", "ssd")]);
        var pod = Some.Pod("a").With(p => p.Spec.Affinity = Require(new V1NodeSelectorRequirement { Key = "disk", OperatorProperty = op, Values = value is null ? null : [value] }));

        Assert.Equal(fits, new NodeAffinity().Reasons(pod, cluster, "n1").Count == 0);
    }

    [Fact]
    public void Preferred_node_affinity_scores_by_weight()
    {
        var cluster = Some.Cluster([Some.Node("n1").Labelled("zone", "a"), Some.Node("n2").Labelled("zone", "b"), Some.Node("n3")]);
        var pod = Some.Pod("x").With(p => p.Spec.Affinity = new V1Affinity
        {
            NodeAffinity = new V1NodeAffinity { PreferredDuringSchedulingIgnoredDuringExecution = [Prefer("a", 20), Prefer("b", 80)] },
        });

        Assert.Equal([25, 100, 0], new NodeAffinity().Scores(pod, cluster));
    }

    [Theory]
    [InlineData(null, 80, "TCP", true)]
    [InlineData("10.0.0.2", 80, "TCP", false)]
    [InlineData("10.0.0.1", 80, "TCP", true)]
    [InlineData(null, 81, "TCP", false)]
    [InlineData(null, 80, "UDP", false)]
    public void A_port_of_a_node_belongs_to_one_pod(string? ip, int port, string protocol, bool taken)
    {
        V1Pod WithPort(string name, string? hostIp, int hostPort, string proto) => Some.Pod(name).With(p =>
            p.Spec.Containers[0].Ports = [new V1ContainerPort { HostIP = hostIp, HostPort = hostPort, Protocol = proto, ContainerPort = 1 }]);
        var cluster = Some.Cluster([Some.Node("n1")], WithPort("a", "10.0.0.1", 80, "TCP").On("n1"));

        Assert.Equal(taken ? ["node(s) didn't have free ports for the requested pod ports"] : [], new NodePorts().Reasons(WithPort("b", ip, port, protocol), cluster, "n1"));
    }

    private static V1Affinity Require(V1NodeSelectorRequirement requirement) => new()
    {
        NodeAffinity = new V1NodeAffinity
        {
            RequiredDuringSchedulingIgnoredDuringExecution = new V1NodeSelector { NodeSelectorTerms = [new V1NodeSelectorTerm { MatchExpressions = [requirement] }] },
        },
    };

    private static V1PreferredSchedulingTerm Prefer(string zone, int weight) => new()
    {
        Weight = weight,
        Preference = new V1NodeSelectorTerm { MatchExpressions = [new V1NodeSelectorRequirement { Key = "zone", OperatorProperty = "In", Values = [zone] }] },
    };
}
