using System.Text.Json.Nodes;
using ActorKube.KubeProxy.PodNetwork;
using Akka.Configuration;

namespace ActorKube.KubeProxy.Tests.PodNetwork;

public sealed class NetworkPlanTests
{
    private static readonly PodNetworkSettings Vxlan = new();
    private static readonly PodNetworkSettings Routes = new() { Mode = PodNetworkMode.Routes, Mtu = 1500 };

    [Fact]
    public void There_is_no_plan_before_the_node_has_its_ranges()
    {
        Assert.Null(NetworkPlan.For("n1", [], Vxlan));
        Assert.Null(NetworkPlan.For("n1", [Some.Node("n1", "10.0.0.1"), Some.Node("n2", "10.0.0.2", "10.244.1.0/24")], Vxlan));
    }

    [Fact]
    public void A_single_node_needs_a_bridge_and_nothing_else()
    {
        var plan = NetworkPlan.For("n1", [Some.Node("n1", "10.0.0.1", "10.244.0.0/24", "fd00:244::/64")], Vxlan)!;

        Assert.Null(plan.Vxlan);
        Assert.Equal(["10.244.0.1/24", "fd00:244::1/64"], plan.Ranges.Select(r => r.GatewayWithPrefix));
        Assert.Equal("10.244.0.0/24,fd00:244::/64", plan.PodCidrs);
        Assert.Equal("0a:58:0a:f4:00:01", plan.BridgeMac);
        Assert.Equal(new PlannedRoute("10.96.0.0/16", "", plan.Bridge, "10.244.0.1", false), Assert.Single(plan.Routes));
    }

    [Fact]
    public void Another_machine_is_reached_by_vxlan_and_a_node_of_the_same_machine_directly()
    {
        var plan = NetworkPlan.For(
            "n1", [Some.Node("n1", "10.0.0.1", "10.244.0.0/24"), Some.Node("n2", "10.0.0.1", "10.244.1.0/24"), Some.Node("n3", "10.0.0.3", "10.244.2.0/24")], Vxlan)!;

        Assert.Equal(new VxlanPeer("0a:59:0a:00:00:03", "10.0.0.3", "10.244.2.0"), Assert.Single(plan.Vxlan!.Peers));
        Assert.Equal(("10.0.0.1", "0a:59:0a:00:00:01"), (plan.Vxlan.Local, plan.Vxlan.Mac));
        Assert.Equal(["10.96.0.0/16", "10.244.2.0/24"], plan.Routes.Select(r => r.Destination));
        Assert.Equal(new PlannedRoute("10.244.2.0/24", "10.244.2.0", "ak-vxlan", "10.244.0.1", true), plan.Routes[1]);
    }

    [Fact]
    public void With_plain_routes_each_family_goes_by_an_address_of_its_own()
    {
        var peer = Some.Node("n2", "10.0.0.2", "10.244.1.0/24", "fd00:244:1::/64");
        var own = Some.Node("n1", "10.0.0.1", "10.244.0.0/24");
        Assert.Equal([new PlannedRoute("10.244.1.0/24", "10.0.0.2", "", "", false)], NetworkPlan.For("n1", [own, peer], Routes)!.Routes.Skip(1));

        peer.Status.Addresses.Add(new k8s.Models.V1NodeAddress { Type = "InternalIP", Address = "fd00::2" });
        Assert.Equal(["10.0.0.2", "fd00::2"], NetworkPlan.For("n1", [own, peer], Routes)!.Routes.Skip(1).Select(r => r.Via));
        Assert.Single(NetworkPlan.For("n1", [own, peer], Routes with { Mode = PodNetworkMode.None })!.Routes);
    }

    [Fact]
    public void What_is_already_there_is_left_alone()
    {
        var plan = NetworkPlan.For("n1", [Some.Node("n1", "10.0.0.1", "10.244.0.0/24"), Some.Node("n2", "10.0.0.2", "10.244.1.0/24")], Vxlan)!;
        var observed = new ObservedNetwork(
            new Dictionary<string, ObservedLink>
            {
                [plan.Bridge] = new(1450, true, new HashSet<string> { "10.244.0.1/24" }, null, null),
                ["ak-vxlan"] = new(1450, true, new HashSet<string> { "10.244.0.0/32" }, 1, "10.0.0.1"),
            },
            new HashSet<string> { "10.96.0.0/16", "10.244.1.0/24" });

        Assert.All(NetworkCommands.For(plan, plan, observed, Vxlan).Ip, c => Assert.Contains(" replace ", c));
    }

    [Fact]
    public void A_gone_node_a_changed_range_and_a_moved_machine_are_cleaned_up_after()
    {
        var own = Some.Node("n1", "10.0.0.1", "10.244.0.0/24");
        var before = NetworkPlan.For("n1", [own, Some.Node("n2", "10.0.0.2", "10.244.1.0/24")], Vxlan)!;
        var after = NetworkPlan.For("n1", [Some.Node("n1", "10.0.0.9", "10.244.7.0/24"), Some.Node("n3", "10.0.0.3", "10.244.3.0/24")], Vxlan)!;
        var observed = new ObservedNetwork(
            new Dictionary<string, ObservedLink>
            {
                [before.Bridge] = new(1500, true, new HashSet<string> { "10.244.0.1/24" }, null, null),
                ["ak-vxlan"] = new(1450, true, new HashSet<string> { "10.244.0.0/32" }, 1, "10.0.0.1"),
            },
            new HashSet<string> { "10.96.0.0/16", "10.244.1.0/24" });

        var commands = NetworkCommands.For(after, before, observed, Vxlan);

        Assert.Contains($"link set {before.Bridge} mtu 1450", commands.Ip);
        Assert.Contains($"addr del 10.244.0.1/24 dev {before.Bridge}", commands.Ip);
        Assert.Contains($"addr add 10.244.7.1/24 dev {before.Bridge}", commands.Ip);
        Assert.Contains("link del ak-vxlan", commands.Ip);
        Assert.Contains("link add name ak-vxlan address 0a:59:0a:00:00:09 type vxlan id 1 dstport 8472 local 10.0.0.9 nolearning", commands.Ip);
        Assert.Contains("route del 10.244.1.0/24 proto 196", commands.Ip);
        Assert.Contains("fdb del 0a:59:0a:00:00:02 dev ak-vxlan dst 10.0.0.2", commands.Bridge);
        Assert.Contains("fdb replace 0a:59:0a:00:00:03 dev ak-vxlan dst 10.0.0.3", commands.Bridge);
    }

    [Fact]
    public void Each_nodes_bridge_has_a_name_of_its_own_that_fits()
    {
        Assert.NotEqual(PodNetworkSettings.BridgeOf("n1"), PodNetworkSettings.BridgeOf("n2"));
        Assert.True(PodNetworkSettings.BridgeOf(new string('x', 200)).Length <= 15);
    }

    [Fact]
    public void The_CNI_configuration_gives_pods_addresses_of_all_ranges()
    {
        var plan = NetworkPlan.For("n1", [Some.Node("n1", "10.0.0.1", "10.244.0.0/24", "fd00:244::/64")], Vxlan)!;

        var config = JsonNode.Parse(CniConfig.Write(plan, 1450, portMap: true))!;

        Assert.Equal(["bridge", "portmap"], config["plugins"]!.AsArray().Select(p => (string)p!["type"]!));
        Assert.Equal(["10.244.0.0/24", "fd00:244::/64"], config["plugins"]![0]!["ipam"]!["ranges"]!.AsArray().Select(r => (string)r![0]!["subnet"]!));
        Assert.Equal(["0.0.0.0/0", "::/0"], config["plugins"]![0]!["ipam"]!["routes"]!.AsArray().Select(r => (string)r!["dst"]!));
    }

    [Fact]
    public void Settings_have_defaults_and_wrong_ones_are_named()
    {
        Assert.Equal(1450, PodNetworkSettings.From(Config.Empty).Mtu);
        Assert.Equal(1500, PodNetworkSettings.From(ConfigurationFactory.ParseString("actorkube.pod-network.mode = routes")).Mtu);
        var error = Assert.Throws<ConfigurationException>(() => PodNetworkSettings.From(ConfigurationFactory.ParseString("actorkube.pod-network.mode = magic")));
        Assert.Contains("actorkube.pod-network.mode is magic", error.Message);
    }
}
