using System.Net;
using System.Text.Json;
using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Nodes;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using CsCheck;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Nodes;

public class NodeIpamTests
{
    private static readonly ClusterCidr V4 = new(IPNetwork.Parse("10.244.0.0/16"), 24);
    private static readonly ClusterCidr V6 = new(IPNetwork.Parse("fd00:10:244::/56"), 64);

    [Fact]
    public void Each_node_gets_the_next_part_of_each_range()
    {
        var taken = Some.Node("a");
        (taken.Spec.PodCIDR, taken.Spec.PodCIDRs) = ("10.244.0.0/24", ["10.244.0.0/24", "fd00:10:244::/64"]);

        var plan = NodeIpamController.Reconcile([Some.Node("c"), Some.Node("b"), taken], [V4, V6]);

        Assert.Equal(["b 10.244.1.0/24,fd00:10:244:1::/64", "c 10.244.2.0/24,fd00:10:244:2::/64"], plan.Of<Merge>().Select(m => $"{m.Target.Metadata.Name} {string.Join(',', PartsOf(m))}"));
    }

    [Fact]
    public void A_range_that_is_used_up_is_told()
    {
        var small = new ClusterCidr(IPNetwork.Parse("10.0.0.0/24"), 24);

        var plan = NodeIpamController.Reconcile([Some.Node("a"), Some.Node("b")], [small]);

        Assert.Single(plan.Of<Merge>());
        Assert.Equal("CIDRNotAvailable", Assert.Single(plan.Of<Tell>()).Announce!.Reason);
    }

    [Fact]
    public void No_two_nodes_share_a_part_whoever_comes_and_goes() => Gen.Bool.Array[1, 60].Sample(steps =>
    {
        var nodes = new List<V1Node>();
        for (var i = 0; i < steps.Length; i++)
        {
            if (steps[i] || nodes.Count == 0)
                nodes.Add(Some.Node($"n{i}"));
            else
                nodes.RemoveAt(i % nodes.Count);
            foreach (var merge in NodeIpamController.Reconcile(nodes, [V4, V6]).Of<Merge>())
                (((V1Node)merge.Target).Spec.PodCIDR, ((V1Node)merge.Target).Spec.PodCIDRs) = (PartsOf(merge)[0], PartsOf(merge));
            Assert.Equal(nodes.Count * 2, nodes.SelectMany(n => n.Spec.PodCIDRs).Distinct().Count());
            Assert.All(nodes.SelectMany(n => n.Spec.PodCIDRs), c => Assert.True(V4.Range.Contains(IPNetwork.Parse(c).BaseAddress) || V6.Range.Contains(IPNetwork.Parse(c).BaseAddress)));
        }
    });

    private static List<string> PartsOf(Merge merge) =>
        JsonDocument.Parse(ApiJson.Serialize(merge.Body)).RootElement.GetProperty("spec").GetProperty("podCIDRs").Deserialize<List<string>>(ApiJson.Options)!;
}
