using ActorKube.Scheduler.Plugins;
using k8s.Models;

namespace ActorKube.Scheduler.Tests.Plugins;

public sealed class PodRulesTests
{
    private const string Zone = "topology.kubernetes.io/zone";

    private static readonly V1Node[] Nodes = [Some.Node("n1").Labelled(Zone, "a"), Some.Node("n2").Labelled(Zone, "a"), Some.Node("n3").Labelled(Zone, "b")];

    [Fact]
    public void A_hard_spread_constraint_keeps_the_skew()
    {
        var cluster = Some.Cluster([.. Nodes, Some.Node("n4")], Web("a").On("n1"), Web("b").On("n2"), Web("c").On("n3"));
        var pod = Web("d").With(p => p.Spec.TopologySpreadConstraints = [Spread("DoNotSchedule")]);

        Assert.Equal(["node(s) didn't match pod topology spread constraints"], new PodTopologySpread().Reasons(pod, cluster, "n1"));
        Assert.Empty(new PodTopologySpread().Reasons(pod, cluster, "n3"));
        Assert.Equal(["node(s) didn't match pod topology spread constraints (missing required label)"], new PodTopologySpread().Reasons(pod, cluster, "n4"));
    }

    [Fact]
    public void Fewer_domains_than_asked_for_count_as_if_one_were_empty()
    {
        var cluster = Some.Cluster(Nodes, Web("a").On("n1"), Web("b").On("n3"));
        var pod = Web("d").With(p => p.Spec.TopologySpreadConstraints = [Spread("DoNotSchedule")]);
        Assert.Empty(new PodTopologySpread().Reasons(pod, cluster, "n3"));

        pod.Spec.TopologySpreadConstraints[0].MinDomains = 3;
        Assert.NotEmpty(new PodTopologySpread().Reasons(pod, cluster, "n3"));
    }

    [Fact]
    public void A_soft_spread_constraint_prefers_the_emptier_domain()
    {
        var cluster = Some.Cluster(Nodes, Web("a").On("n1"), Web("b").On("n2"), Web("c").On("n3"));
        var pod = Web("d").With(p => p.Spec.TopologySpreadConstraints = [Spread("ScheduleAnyway")]);

        var scores = new PodTopologySpread().Scores(pod, cluster);

        Assert.Empty(new PodTopologySpread().Reasons(pod, cluster, "n1"));
        Assert.Equal(scores[0], scores[1]);
        Assert.True(scores[2] > scores[0]);
    }

    [Fact]
    public void Terminating_pods_and_pods_of_other_namespaces_do_not_count_for_spreading()
    {
        var cluster = Some.Cluster(
            Nodes, Web("a").On("n1").With(p => p.Metadata.DeletionTimestamp = DateTime.UnixEpoch), Web("b", "other").On("n2"), Web("c").On("n3"));
        var pod = Web("d").With(p => p.Spec.TopologySpreadConstraints = [Spread("DoNotSchedule")]);

        Assert.Empty(new PodTopologySpread().Reasons(pod, cluster, "n1"));
        Assert.NotEmpty(new PodTopologySpread().Reasons(pod, cluster, "n3"));
    }

    [Fact]
    public void Required_affinity_asks_for_a_friend_in_the_domain()
    {
        var cluster = Some.Cluster(Nodes, Some.Pod("db").Labelled("app", "db").On("n1"));
        var pod = Web("w").With(p => p.Spec.Affinity = new V1Affinity { PodAffinity = new V1PodAffinity { RequiredDuringSchedulingIgnoredDuringExecution = [Term("db")] } });

        Assert.Empty(new InterPodAffinity().Reasons(pod, cluster, "n2"));
        Assert.Equal(["node(s) didn't match pod affinity rules"], new InterPodAffinity().Reasons(pod, cluster, "n3"));
    }

    [Fact]
    public void The_first_pod_of_a_group_may_found_it()
    {
        var cluster = Some.Cluster(Nodes);
        var pod = Web("w").With(p => p.Spec.Affinity = new V1Affinity { PodAffinity = new V1PodAffinity { RequiredDuringSchedulingIgnoredDuringExecution = [Term("web")] } });

        Assert.Empty(new InterPodAffinity().Reasons(pod, cluster, "n1"));
    }

    [Fact]
    public void Anti_affinity_holds_in_both_directions()
    {
        V1Pod Lonely(string name) => Web(name).With(p => p.Spec.Affinity = new V1Affinity { PodAntiAffinity = new V1PodAntiAffinity { RequiredDuringSchedulingIgnoredDuringExecution = [Term("web")] } });

        var withWeb = Some.Cluster(Nodes, Web("a").On("n1"));
        Assert.Equal(["node(s) didn't match pod anti-affinity rules"], new InterPodAffinity().Reasons(Lonely("b"), withWeb, "n2"));
        Assert.Empty(new InterPodAffinity().Reasons(Lonely("b"), withWeb, "n3"));

        var withLonely = Some.Cluster(Nodes, Lonely("a").On("n1"));
        Assert.Equal(["node(s) didn't satisfy existing pods anti-affinity rules"], new InterPodAffinity().Reasons(Web("b"), withLonely, "n2"));
        Assert.Empty(new InterPodAffinity().Reasons(Web("b"), withLonely, "n3"));
    }

    [Fact]
    public void Affinity_means_the_pods_own_namespace_unless_it_says_otherwise()
    {
        var cluster = Some.Cluster(Nodes, Some.Pod("db", ns: "other").Labelled("app", "db").On("n1"));
        V1Pod Pod(Action<V1PodAffinityTerm> change) => Web("w").With(p =>
            p.Spec.Affinity = new V1Affinity { PodAffinity = new V1PodAffinity { RequiredDuringSchedulingIgnoredDuringExecution = [Term("db").With(change)] } });

        Assert.NotEmpty(new InterPodAffinity().Reasons(Pod(_ => { }), cluster, "n1"));
        Assert.Empty(new InterPodAffinity().Reasons(Pod(t => t.Namespaces = ["other"]), cluster, "n1"));
        Assert.Empty(new InterPodAffinity().Reasons(Pod(t => t.NamespaceSelector = new V1LabelSelector()), cluster, "n1"));
    }

    [Fact]
    public void Preferred_affinity_and_anti_affinity_score()
    {
        var cluster = Some.Cluster(Nodes, Some.Pod("db").Labelled("app", "db").On("n1"), Some.Pod("noisy").Labelled("app", "noisy").On("n3"));
        var pod = Web("w").With(p => p.Spec.Affinity = new V1Affinity
        {
            PodAffinity = new V1PodAffinity { PreferredDuringSchedulingIgnoredDuringExecution = [new V1WeightedPodAffinityTerm { Weight = 10, PodAffinityTerm = Term("db") }] },
            PodAntiAffinity = new V1PodAntiAffinity { PreferredDuringSchedulingIgnoredDuringExecution = [new V1WeightedPodAffinityTerm { Weight = 10, PodAffinityTerm = Term("noisy") }] },
        });

        Assert.Equal([100, 100, 0], new InterPodAffinity().Scores(pod, cluster));
    }

    [Fact]
    public void Match_label_keys_narrow_the_selector_to_the_pods_own_value()
    {
        var cluster = Some.Cluster(Nodes, Web("old").Labelled("hash", "1").On("n1"), Web("new").Labelled("hash", "2").On("n3"));
        var pod = Web("w").Labelled("hash", "2").With(p => p.Spec.Affinity = new V1Affinity
        {
            PodAntiAffinity = new V1PodAntiAffinity { RequiredDuringSchedulingIgnoredDuringExecution = [Term("web").With(t => t.MatchLabelKeys = ["hash"])] },
        });

        Assert.Empty(new InterPodAffinity().Reasons(pod, cluster, "n1"));
        Assert.NotEmpty(new InterPodAffinity().Reasons(pod, cluster, "n3"));
    }

    private static V1Pod Web(string name, string ns = "default") => Some.Pod(name, ns: ns).Labelled("app", "web");

    private static V1PodAffinityTerm Term(string app) => new() { TopologyKey = Zone, LabelSelector = Some.Selector("app", app) };

    private static V1TopologySpreadConstraint Spread(string when) => new() { TopologyKey = Zone, MaxSkew = 1, WhenUnsatisfiable = when, LabelSelector = Some.Selector("app", "web") };
}
