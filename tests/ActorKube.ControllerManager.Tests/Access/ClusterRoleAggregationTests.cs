using ActorKube.ControllerManager.Access;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using CsCheck;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Access;

public class ClusterRoleAggregationTests
{
    [Fact]
    public void A_role_gathers_the_rules_of_those_its_selectors_find_each_once()
    {
        var view = Aggregating("view", "view");
        var all = new[] { view, Role("b", "view", "pods"), Role("a", "view", "services", "pods"), Role("c", "edit", "secrets") };

        var plan = ClusterRoleAggregationController.Reconcile(view, all);

        Assert.Equal(["services", "pods"], Resources(plan));
    }

    [Fact]
    public void Rules_whose_role_is_gone_go_too()
    {
        var view = Aggregating("view", "view");
        view.Rules = [Rule("pods")];
        Assert.Empty(Resources(ClusterRoleAggregationController.Reconcile(view, [view])));
    }

    [Fact]
    public void A_role_that_gathers_nothing_is_left_alone() =>
        Assert.Empty(ClusterRoleAggregationController.Reconcile(Role("a", "view", "pods"), [Role("b", "view", "services")]).Actions);

    [Fact]
    public void A_role_does_not_gather_from_itself()
    {
        var view = Aggregating("view", "view");
        view.Metadata.Labels = new Dictionary<string, string> { ["to"] = "view" };
        view.Rules = [Rule("pods")];
        Assert.Empty(Resources(ClusterRoleAggregationController.Reconcile(view, [view])));
    }

    [Fact]
    public void Planning_again_changes_nothing_whatever_the_order() => Gen.Int[0, 3].Array[0, 6].Sample(kinds =>
    {
        var view = Aggregating("view", "view");
        var roles = kinds.Select((k, i) => Role($"r{i}", k > 1 ? "view" : "edit", $"res{k}")).Append(view).ToList();
        var plan = ClusterRoleAggregationController.Reconcile(view, roles);
        var reversed = ClusterRoleAggregationController.Reconcile(view, Enumerable.Reverse(roles));
        Assert.Equal(plan.Actions.Count, reversed.Actions.Count);
        if (plan.Actions.Count == 0)
            return;
        Assert.Equal(Resources(plan), Resources(reversed));
        var written = (V1ClusterRole)plan.Of<Update>()[0].Object;
        Assert.Empty(ClusterRoleAggregationController.Reconcile(written, [.. roles.Where(r => r != view), written]).Actions);
    });

    private static IEnumerable<string> Resources(Plan plan) => ((V1ClusterRole)Assert.Single(plan.Of<Update>()).Object).Rules.SelectMany(r => r.Resources);

    private static V1ClusterRole Aggregating(string name, string from) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, Uid = name, ResourceVersion = "1" },
        AggregationRule = new V1AggregationRule { ClusterRoleSelectors = [new V1LabelSelector { MatchLabels = new Dictionary<string, string> { ["to"] = from } }] },
    };

    private static V1ClusterRole Role(string name, string to, params string[] resources) => new()
    {
        Metadata = new V1ObjectMeta { Name = name, Uid = name, ResourceVersion = "1", Labels = new Dictionary<string, string> { ["to"] = to } },
        Rules = [.. resources.Select(Rule)],
    };

    private static V1PolicyRule Rule(string resource) => new() { ApiGroups = [""], Resources = [resource], Verbs = ["get"] };
}
