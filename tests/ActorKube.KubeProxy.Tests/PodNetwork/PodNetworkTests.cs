using System.Collections.Concurrent;
using ActorKube.KubeProxy.PodNetwork;
using ActorKube.Tests;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.KubeProxy.Tests.PodNetwork;

/// <summary>Machines are network namespaces on one wire; pods are namespaces on the bridges that the actors make.</summary>
public sealed class PodNetworkTests : TestKit
{
    private readonly FakeInformers _informers = new();
    private readonly List<IDisposable> _owned = [];
    private readonly BlockingCollection<string> _told = [];

    public PodNetworkTests() : base("akka.loglevel = WARNING")
    {
    }

    [SkippableTheory]
    [InlineData(PodNetworkMode.Vxlan)]
    [InlineData(PodNetworkMode.Routes)]
    public async Task Pods_of_two_machines_reach_each_other_under_their_own_addresses(PodNetworkMode mode)
    {
        var (one, two) = Machines();
        Node("n1", "192.0.2.1", "10.244.0.0/24", "fd00:244::/64", "fd00:1::1");
        Node("n2", "192.0.2.2", "10.244.1.0/24", "fd00:244:1::/64", "fd00:1::2");
        Start("n1", one, mode);
        Start("n2", two, mode);
        var pod1 = Pod(one, "n1", "10.244.0.2", "fd00:244::2");
        var pod2 = Pod(two, "n2", "10.244.1.2", "fd00:244:1::2");
        pod2.Serve(8080, "pod2");

        Assert.Equal("pod2 10.244.0.2", await pod1.AskAsync("10.244.1.2", 8080));
        Assert.Equal("pod2 fd00:244::2", await pod1.AskAsync("fd00:244:1::2", 8080));
        Assert.Equal("pod2", await one.WhoAsync("10.244.1.2", 8080));
        Assert.Equal("pod2", await two.WhoAsync("10.244.1.2", 8080));
        Assert.Equal(mode == PodNetworkMode.Vxlan, one.Ip("link show").Contains("ak-vxlan"));
    }

    [SkippableFact]
    public async Task Two_nodes_of_one_machine_reach_each_other_and_both_reach_a_third_elsewhere()
    {
        var (one, two) = Machines();
        Node("n1", "192.0.2.1", "10.244.0.0/24");
        Node("n2", "192.0.2.1", "10.244.1.0/24");
        Node("n3", "192.0.2.2", "10.244.2.0/24");
        Start("n1", one);
        Start("n2", one);
        Start("n3", two);
        var pods = new[] { Pod(one, "n1", "10.244.0.2"), Pod(one, "n2", "10.244.1.2"), Pod(two, "n3", "10.244.2.2") };
        for (var i = 0; i < 3; i++)
            pods[i].Serve(8080, $"pod{i}");

        foreach (var (from, to) in from a in Enumerable.Range(0, 3) from b in Enumerable.Range(0, 3) select (a, b))
            Assert.Equal($"pod{to} 10.244.{from}.2", await pods[from].AskAsync($"10.244.{to}.2", 8080));
    }

    [SkippableFact]
    public void A_node_that_comes_late_is_reached_and_the_routes_of_a_gone_one_go_also_after_a_restart()
    {
        var (one, _) = Machines();
        Node("n1", "192.0.2.1", "10.244.0.0/24");
        var actor = Start("n1", one);
        Assert.DoesNotContain("ak-vxlan", one.Ip("link show"));

        Node("n2", "192.0.2.2", "10.244.1.0/24");
        AwaitAssert(() => Assert.Contains("10.244.1.0/24 via 10.244.1.0 dev ak-vxlan", one.Ip("route show")), TimeSpan.FromSeconds(10));
        Node("n3", "192.0.2.3", "10.244.2.0/24");
        AwaitAssert(() => Assert.Contains("10.244.2.0/24", one.Ip("route show")), TimeSpan.FromSeconds(10));

        _informers.Of<V1Node>().Delete(null, "n3");
        AwaitAssert(() => Assert.DoesNotContain("10.244.2.0/24", one.Ip("route show")), TimeSpan.FromSeconds(10));

        Watch(actor);
        Sys.Stop(actor);
        ExpectTerminated(actor);
        _informers.Of<V1Node>().Unsubscribe(actor);
        _informers.Of<V1Node>().Delete(null, "n2");
        Start("n1", one);
        AwaitAssert(() => Assert.DoesNotContain("10.244.1.0/24", one.Ip("route show")), TimeSpan.FromSeconds(10));
    }

    [SkippableFact]
    public void Waits_for_the_nodes_ranges_and_tells_them_again_when_they_change()
    {
        var (one, _) = Machines();
        Node("n1", "192.0.2.1");
        var folder = Directory.CreateTempSubdirectory("akt-cni-");
        try
        {
            var file = Path.Combine(folder.FullName, "net.d", "10-actorkube.conflist");
            Start("n1", one, PodNetworkMode.Vxlan, Path.Combine(folder.FullName, "net.d"), wait: false);
            Assert.False(_told.TryTake(out _, 200));

            Node("n1", "192.0.2.1", "10.244.5.0/24");
            Assert.Equal("10.244.5.0/24", Told());
            Assert.Contains("10.244.5.0/24", File.ReadAllText(file));
            Assert.Contains("10.244.5.1/24", one.Ip($"addr show {PodNetworkSettings.BridgeOf("n1")}"));

            Node("n1", "192.0.2.1", "10.244.6.0/24", "fd00:244:6::/64");
            Assert.Equal("10.244.6.0/24,fd00:244:6::/64", Told());
            Assert.Contains("fd00:244:6::/64", File.ReadAllText(file));
            Assert.DoesNotContain("10.244.5.1/24", one.Ip($"addr show {PodNetworkSettings.BridgeOf("n1")}"));
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [SkippableFact]
    public void The_bridge_has_its_own_address_for_asking_as_soon_as_the_first_pod_comes()
    {
        var (one, _) = Machines();
        Node("n1", "192.0.2.1", "10.244.0.0/24", "fd00:244::/64");
        Start("n1", one);

        // Without a link-local address that is settled the kernel does not ask for a pod's neighbour address, and gives up after three seconds.
        Assert.Equal("0", one.Do(() => File.ReadAllText($"/proc/sys/net/ipv6/conf/{PodNetworkSettings.BridgeOf("n1")}/accept_dad").Trim()));
    }

    [SkippableFact]
    public void A_bridge_that_somebody_removed_comes_back()
    {
        var (one, _) = Machines();
        Node("n1", "192.0.2.1", "10.244.0.0/24");
        Start("n1", one);

        one.Ip($"link del {PodNetworkSettings.BridgeOf("n1")}");

        AwaitAssert(() => Assert.Contains("10.96.0.0/16", one.Ip("route show")), TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void A_failed_command_is_named_by_its_words() =>
        Assert.Equal("RTNETLINK answers: File exists; (link add b)", NetworkTools.Explain(["link add a", "link add b"], "RTNETLINK answers: File exists\nCommand failed -:2\n"));

    protected override void AfterAll()
    {
        base.AfterAll();
        foreach (var owned in Enumerable.Reverse(_owned))
            owned.Dispose();
    }

    private (NetworkNamespace One, NetworkNamespace Two) Machines()
    {
        Skip.If(NetworkNamespace.Missing() is not null, NetworkNamespace.Missing());
        var (one, two) = (Own(new NetworkNamespace("one")), Own(new NetworkNamespace("two")));
        one.Connect("wire", two, "wire");
        one.Ip("addr add 192.0.2.1/24 dev wire", "addr add fd00:1::1/64 dev wire nodad");
        two.Ip("addr add 192.0.2.2/24 dev wire", "addr add fd00:1::2/64 dev wire nodad");

        // The strictest check of sources that a distribution might have on.
        one.Sysctl("net/ipv4/conf/all/rp_filter", "1");
        two.Sysctl("net/ipv4/conf/all/rp_filter", "1");
        return (one, two);
    }

    private void Node(string name, string ip, params string[] ranges)
    {
        var more = ranges.Where(r => !r.Contains('/')).ToList();
        _informers.Of<V1Node>().Put(Some.Node(name, ip, [.. ranges.Where(r => r.Contains('/'))]).With(n => more.ForEach(m =>
            n.Status.Addresses.Add(new V1NodeAddress { Type = "InternalIP", Address = m }))));
    }

    private IActorRef Start(string name, NetworkNamespace machine, PodNetworkMode mode = PodNetworkMode.Vxlan, string? cni = null, bool wait = true)
    {
        var tools = new NetworkTools(machine.Enter, (sysctl, value) =>
        {
            try
            {
                machine.Sysctl(sysctl, value);
                return null;
            }
            catch (InvalidOperationException e)
            {
                return e.Message; // the test is over and the machine gone
            }
        });
        var settings = new PodNetworkSettings { Mode = mode, SyncPeriod = TimeSpan.FromSeconds(1), RetryInterval = TimeSpan.FromMilliseconds(100), CniConfDir = cni ?? "" };
        var actor = Sys.ActorOf(PodNetworkActor.Props(
            new PodNetworkServices(name, _informers, tools, ranges =>
            {
                _told.Add(ranges);
                return Task.CompletedTask;
            }, cni is not null), settings));
        _informers.Of<V1Node>().Sync();
        if (wait)
            Told();
        return actor;
    }

    private string Told() => _told.TryTake(out var ranges, TimeSpan.FromSeconds(15)) ? ranges : throw new TimeoutException("no ranges were told");

    private NetworkNamespace Pod(NetworkNamespace machine, string node, string v4, string v6 = "")
    {
        var pod = Own(new NetworkNamespace("pod"));
        var bridge = PodNetworkSettings.BridgeOf(node);
        var port = "v" + pod.Name[^6..];
        machine.Connect(port, pod, "eth0");
        machine.Ip($"link set {port} master {bridge}");
        pod.Ip($"addr add {v4}/24 dev eth0", $"route add default via {v4[..v4.LastIndexOf('.')]}.1");
        if (v6.Length > 0)
            pod.Ip($"addr add {v6}/64 dev eth0 nodad", $"route add default via {v6[..^1]}1");
        return pod;
    }

    private NetworkNamespace Own(NetworkNamespace ns)
    {
        _owned.Add(ns);
        return ns;
    }
}
