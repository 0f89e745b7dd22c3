using System.Collections.Immutable;
using ActorKube.Scheduler.Plugins;
using CsCheck;
using k8s.Models;

namespace ActorKube.Scheduler.Tests;

public sealed class SchedulingCycleTests
{
    [Fact]
    public void Says_why_no_node_fits_in_Kubernetes_words()
    {
        var cluster = Some.Cluster(
        [
            Some.Node("n1").Tainted("node.kubernetes.io/not-ready"),
            Some.Node("n2", cpu: "1"),
            Some.Node("n3", cpu: "1", memory: "1Mi"),
        ]);

        var result = Assert.IsType<SchedulingResult.FitsNowhere>(New().Schedule(new PodInfo(Some.Pod("a", "2", "1Gi")), cluster));

        Assert.Equal(
            "0/3 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }, 2 Insufficient cpu.",
            result.Error.Message);
        Assert.True(result.Error.HelpedBy.HasFlag(ClusterChange.PodRemoved | ClusterChange.NodeTaints));
    }

    [Fact]
    public void Says_when_there_are_no_nodes_at_all()
    {
        var result = Assert.IsType<SchedulingResult.FitsNowhere>(New().Schedule(new PodInfo(Some.Pod("a")), Some.Cluster([])));

        Assert.Equal("no nodes available to schedule pods", result.Error.Message);
        Assert.Equal(ClusterChange.NodeAdded, result.Error.HelpedBy);
    }

    [Fact]
    public void Takes_the_emptiest_node()
    {
        var cluster = Some.Cluster([Some.Node("n1"), Some.Node("n2"), Some.Node("n3")], Some.Pod("a", "1").On("n1"), Some.Pod("b", "1").On("n3"));

        Assert.Equal("n2", Node(New().Schedule(new PodInfo(Some.Pod("c", "1")), cluster)));
    }

    [Fact]
    public void Spreads_a_controllers_pods_though_they_ask_for_nothing()
    {
        var state = new SchedulerState(new SchedulerSettings());
        var now = DateTimeOffset.UnixEpoch;
        for (var i = 0; i < 3; i++)
            state.NodeSeen(null, Some.Node($"n{i}"), now);
        for (var i = 0; i < 9; i++)
            state.PodSeen(null, Some.Pod($"p{i}").With(p => p.Metadata.OwnerReferences = [new V1OwnerReference { Uid = "rs", Controller = true }]), now);
        while (state.Decide(now) is { } decision)
            state.BindingSucceeded(decision);

        foreach (var node in state.Cache.Snapshot().Nodes)
            Assert.Equal(3, node.Pods.Length);
    }

    [Fact]
    public void Equally_good_nodes_are_all_taken_sometimes_and_the_same_seed_takes_the_same()
    {
        var cluster = Some.Cluster(Enumerable.Range(0, 5).Select(i => Some.Node($"n{i}")));
        string[] Run(int seed)
        {
            var cycle = New(seed);
            return [.. Enumerable.Range(0, 100).Select(_ => Node(cycle.Schedule(new PodInfo(Some.Pod("a")), cluster)))];
        }

        Assert.Equal(5, Run(7).Distinct().Count());
        Assert.Equal(Run(7), Run(7));
        Assert.NotEqual(Run(7), Run(8));
    }

    [Theory]
    [InlineData(0, 50, 50)]
    [InlineData(0, 1000, 420)]
    [InlineData(0, 5000, 500)]
    [InlineData(0, 20000, 1000)]
    [InlineData(10, 5000, 500)]
    [InlineData(100, 5000, 5000)]
    public void Looks_at_enough_nodes_for_the_size_of_the_cluster(int percentage, int nodes, int wanted) =>
        Assert.Equal(wanted, new SchedulingCycle(DefaultPlugins.All, ImmutableDictionary<string, int>.Empty, percentage, 1).FeasibleNodesToFind(nodes));

    [Fact]
    public void A_pod_that_names_its_node_as_a_DaemonSets_pods_do_gets_it_in_a_big_cluster_too()
    {
        var cluster = Some.Cluster(Enumerable.Range(0, 500).Select(i => Some.Node($"n{i}")));
        var pod = Some.Pod("a").With(p => p.Spec.Affinity = new V1Affinity
        {
            NodeAffinity = new V1NodeAffinity
            {
                RequiredDuringSchedulingIgnoredDuringExecution = new V1NodeSelector
                {
                    NodeSelectorTerms = [new V1NodeSelectorTerm { MatchFields = [new V1NodeSelectorRequirement { Key = "metadata.name", OperatorProperty = "In", Values = ["n499"] }] }],
                },
            },
        });

        Assert.Equal("n499", Node(New().Schedule(new PodInfo(pod), cluster)));
    }

    [Fact]
    public void Never_gives_out_more_than_a_node_has()
    {
        var pods = Gen.Select(Gen.Int[0, 30], Gen.Int[0, 30], Gen.Int[0, 2]).Array[0, 60];
        var nodes = Gen.Select(Gen.Int[0, 8], Gen.Int[0, 8], Gen.Int[0, 12]).Array[0, 6];
        Gen.Select(pods, nodes, Gen.Int[0, 100]).Sample((wanted, offered, seed) =>
        {
            var state = new SchedulerState(new SchedulerSettings { Seed = seed });
            var now = DateTimeOffset.UnixEpoch;
            for (var i = 0; i < offered.Length; i++)
                state.NodeSeen(null, Some.Node($"n{i}", $"{offered[i].Item1}", $"{offered[i].Item2}Gi", offered[i].Item3), now);
            for (var i = 0; i < wanted.Length; i++)
            {
                var port = wanted[i].Item3;
                state.PodSeen(null, Some.Pod($"p{i}", $"{wanted[i].Item1}00m", $"{wanted[i].Item2}00Mi").With(p =>
                    p.Spec.Containers[0].Ports = port == 0 ? [] : [new V1ContainerPort { HostPort = port, ContainerPort = port }]), now);
            }

            var decided = 0;
            while (state.Decide(now) is { } decision)
            {
                decided++;
                if (decision.Result is SchedulingResult.FitsNowhere nowhere)
                    Assert.True(nowhere.Error.NodeCount == 0 || nowhere.Error.Reasons.Count > 0);
                else
                    state.BindingSucceeded(decision);
            }

            Assert.Equal(wanted.Length, decided);
            foreach (var node in state.Cache.Snapshot().Nodes)
            {
                Assert.True(node.Requested.MilliCpu <= node.Allocatable.MilliCpu);
                Assert.True(node.Requested.Memory <= node.Allocatable.Memory);
                Assert.True(node.Pods.Length <= node.AllowedPods);
                Assert.Equal(node.UsedPorts.Length, node.UsedPorts.Distinct().Count());
            }
        });
    }

    private static SchedulingCycle New(int seed = 1) => new(DefaultPlugins.All, ImmutableDictionary<string, int>.Empty, 0, seed);

    private static string Node(SchedulingResult result) => Assert.IsType<SchedulingResult.Fits>(result).Node;
}
