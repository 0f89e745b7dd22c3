using ActorKube.Scheduler.Plugins;
using ActorKube.Scheduler.Preemption;
using CsCheck;
using k8s.Models;

namespace ActorKube.Scheduler.Tests.Preemption;

public sealed class PreemptorTests
{
    private static readonly DateTimeOffset Now = DateTimeOffset.UnixEpoch;

    [Fact]
    public void Takes_the_least_important_pods_that_make_enough_room()
    {
        var cluster = Some.Cluster([Some.Node("n1", cpu: "4")], Some.Pod("a", "2").On("n1").Of(5), Some.Pod("b", "1").On("n1").Of(3), Some.Pod("c", "1").On("n1").Of(1));

        Assert.Equal(["c"], Victims(cluster, Some.Pod("new", "1").Of(10)));
        Assert.Equal(["b", "c"], Victims(cluster, Some.Pod("new", "2").Of(10)));
        Assert.Equal(["a"], Victims(cluster, Some.Pod("new", "2").Of(10), budgets: [Budget(0, "app", "x")], label: ("app", "x", ["b", "c"])));
    }

    [Fact]
    public void Never_takes_a_pod_of_the_same_or_a_higher_priority()
    {
        var cluster = Some.Cluster([Some.Node("n1", cpu: "2")], Some.Pod("a", "2").On("n1").Of(10));

        var result = Find(cluster, Some.Pod("new", "1").Of(10));

        Assert.Null(result.Candidate);
        Assert.Equal("0/1 nodes are available: 1 No preemption victims found for incoming pod.", result.Message);
    }

    [Fact]
    public void Prefers_the_node_whose_victims_matter_least()
    {
        var cluster = Some.Cluster(
            [Some.Node("n1", cpu: "1"), Some.Node("n2", cpu: "1"), Some.Node("n3", cpu: "1").Tainted("t")],
            Some.Pod("a", "1").On("n1").Of(5), Some.Pod("b", "1").On("n2").Of(4), Some.Pod("c", "1").On("n3").Of(1));

        Assert.Equal("n2", Find(cluster, Some.Pod("new", "1").Of(10)).Candidate?.Node);
        Assert.Equal("n1", Find(cluster, Some.Pod("new", "1").Of(10), [Budget(0, "app", "b")], ("app", "b", ["b"])).Candidate?.Node);
    }

    [Fact]
    public void Says_why_it_does_not_help()
    {
        var cluster = Some.Cluster([Some.Node("n1", cpu: "1").Tainted("t"), Some.Node("n2", cpu: "1")], Some.Pod("a", "1").On("n1").Of(1));

        Assert.Equal("0/2 nodes are available: 2 Preemption is not helpful for scheduling.", Find(cluster, Some.Pod("new", "2").Of(10)).Message);
        Assert.Equal("not eligible due to preemptionPolicy=Never.", Find(cluster, Some.Pod("new", "1").Of(10).With(p => p.Spec.PreemptionPolicy = "Never")).Message);
    }

    [Fact]
    public void Takes_the_pod_whose_host_port_is_wanted()
    {
        static V1Pod WithPort(V1Pod pod) => pod.With(p => p.Spec.Containers[0].Ports = [new V1ContainerPort { ContainerPort = 80, HostPort = 80 }]);
        var cluster = Some.Cluster([Some.Node("n1")], WithPort(Some.Pod("a").On("n1").Of(1)), Some.Pod("b").On("n1").Of(1));

        Assert.Equal(["a"], Victims(cluster, WithPort(Some.Pod("new")).Of(10)));
    }

    [Fact]
    public void Keeps_the_room_for_the_pod_it_was_made_for()
    {
        var state = new SchedulerState(new SchedulerSettings());
        state.NodeSeen(null, Some.Node("n1", cpu: "2"), Now);
        var victim = Some.Pod("low", "2").On("n1").Of(1);
        state.PodSeen(null, victim, Now);
        var high = Some.Pod("high", "2").Of(100);
        state.PodSeen(null, high, Now);
        Assert.Equal("n1", state.Decide(Now)!.Preemption?.Candidate?.Node);

        // Not twice while the first is under way, and nobody of lower priority slips in.
        state.PodSeen(null, Some.Pod("middle", "1").Of(50), Now);
        state.PodGone(victim, Now);
        var order = new List<string>();
        while (state.Decide(Now.AddMinutes(1)) is { } decision)
        {
            order.Add($"{decision.Pod.Name} {(decision.Result as SchedulingResult.Fits)?.Node}");
            if (decision.Result is SchedulingResult.Fits)
                state.BindingSucceeded(decision);
        }

        Assert.Equal(["high n1", "middle "], order);
    }

    [Fact]
    public void Does_not_look_again_while_its_victims_are_leaving()
    {
        var state = new SchedulerState(new SchedulerSettings());
        state.NodeSeen(null, Some.Node("n1", cpu: "2"), Now);
        state.NodeSeen(null, Some.Node("n2", cpu: "2"), Now);
        state.PodSeen(null, Some.Pod("other", "2").On("n2").Of(5), Now);
        state.PodSeen(null, Some.Pod("low", "2").On("n1").Of(1).With(p =>
        {
            p.Metadata.DeletionTimestamp = DateTime.UnixEpoch;
            p.Status.Conditions = [new V1PodCondition { Type = "DisruptionTarget", Status = "True", Reason = "PreemptionByScheduler" }];
        }), Now);
        state.PodSeen(null, Some.Pod("high", "2").Of(100).With(p => p.Status.NominatedNodeName = "n1"), Now);

        var decision = state.Decide(Now)!;

        Assert.Null(decision.Preemption);
        Assert.EndsWith("preemption: not eligible due to a terminating pod on the nominated node.", Assert.IsType<SchedulingResult.FitsNowhere>(decision.Result).Error.Message);
    }

    [Fact]
    public void Victims_are_always_of_lower_priority_needed_and_enough() =>
        Gen.Select(Gen.Int[0, 9].Select(Gen.Int[1, 4]).List[0, 6], Gen.Int[1, 10], Gen.Int[1, 6]).Sample((pods, priority, cpu) =>
        {
            var node = Some.Node("n1", cpu: "8");
            var placed = pods.Select((p, i) => Some.Pod($"p{i}", $"{p.Item2}").On("n1").Of(p.Item1)).ToList();
            var cluster = Some.Cluster([node], placed);
            var incoming = new PodInfo(Some.Pod("new", $"{cpu}").Of(priority));
            var cycle = Cycle();
            if (cycle.FitsOn(incoming, cluster, "n1") || Find(cluster, incoming.Pod).Candidate is not { } candidate)
                return true;
            var left = candidate.Victims.Aggregate(cluster.Find("n1")!, (n, v) => n.Without(v));
            return candidate.Victims.All(v => v.Priority < priority)
                && cycle.FitsOn(incoming, cluster.With(left), "n1")
                && candidate.Victims.All(v => !cycle.FitsOn(incoming, cluster.With(left.With(v)), "n1"));
        });

    private static List<string> Victims(Snapshot cluster, V1Pod pod, V1PodDisruptionBudget[]? budgets = null, (string Key, string Value, string[] Pods)? label = null) =>
        [.. Find(cluster, pod, budgets, label).Candidate!.Victims.Select(v => v.Name)];

    private static PreemptionResult Find(Snapshot cluster, V1Pod pod, V1PodDisruptionBudget[]? budgets = null, (string Key, string Value, string[] Pods)? label = null)
    {
        var known = new DisruptionBudgets();
        foreach (var budget in budgets ?? [])
            known.Put(budget);
        foreach (var node in cluster.Nodes.ToArray())
        {
            foreach (var on in node.Pods.Where(p => label?.Pods.Contains(p.Name) == true))
                on.Pod.Labelled(label!.Value.Key, label.Value.Value);
        }

        return Preemptor.Find(new PodInfo(pod), cluster, Cycle(), known, new Nominations());
    }

    private static SchedulingCycle Cycle() => new(DefaultPlugins.All, new Dictionary<string, int>(), 0, 1);

    private static V1PodDisruptionBudget Budget(int allowed, string key, string value) => new()
    {
        Metadata = new V1ObjectMeta { Name = "b", NamespaceProperty = "default" },
        Spec = new V1PodDisruptionBudgetSpec { Selector = Some.Selector(key, value) },
        Status = new V1PodDisruptionBudgetStatus { DisruptionsAllowed = allowed },
    };
}
