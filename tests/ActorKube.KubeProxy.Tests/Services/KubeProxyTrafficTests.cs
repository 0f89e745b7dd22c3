using System.Net;
using System.Net.Sockets;
using System.Text;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.KubeProxy.Tests.Services;

/// <summary>Real packets through a real table.</summary>
public sealed class KubeProxyTrafficTests : TestKit
{
    private static readonly V1EndpointSlice Both = Some.Slice("web", 8080, "10.244.0.2", "10.244.0.3");

    public KubeProxyTrafficTests() : base("akka.loglevel = WARNING")
    {
    }

    [SkippableFact]
    public async Task A_cluster_ip_spreads_connections_of_pods_and_of_the_machine_over_all_endpoints()
    {
        using var lab = NewLab();
        lab.Put(Some.Service("web", "10.96.0.10"), Both);
        lab.Settle();

        Assert.Equal(["pod1", "pod2"], await Answers(lab.Pod1, "10.96.0.10", 80));
        Assert.Equal(["pod1", "pod2"], await Answers(lab.Host, "10.96.0.10", 80));
    }

    [SkippableFact]
    public async Task A_pod_reaches_itself_through_its_Service()
    {
        using var lab = NewLab();
        lab.Put(Some.Service("web", "10.96.0.10,fd00:96::a"), Some.Slice("web", 8080, "10.244.0.2"), Some.Slice("web", 8080, "fd00:244::2").With(s => s.Metadata.Name = "web-v6"));
        lab.Settle();

        Assert.Equal("pod1 10.244.0.1", await lab.Pod1.AskAsync("10.96.0.10", 80));
        Assert.Equal("pod1 fd00:244::1", await lab.Pod1.AskAsync("fd00:96::a", 80));
        Assert.Equal("pod1 10.244.0.3", await lab.Pod2.AskAsync("10.96.0.10", 80));
    }

    [SkippableFact]
    public async Task A_node_port_answers_on_every_address_of_the_machine_and_reaches_pods_elsewhere()
    {
        using var lab = NewLab();
        lab.Put(
            Some.Service("web", "10.96.0.10,fd00:96::a", nodePort: 30080),
            Some.Slice("web", 8080, Some.Endpoint("10.244.1.2", "n2")),
            Some.Slice("web", 8080, Some.Endpoint("fd00:245::2", "n2")).With(s => s.Metadata.Name = "web-v6"));
        lab.Settle();

        // The remote pod has no way back to the client: an answer shows that the source was hidden.
        Assert.Equal("remote 192.168.60.1", await lab.Outside.AskAsync("192.168.50.1", 30080));
        Assert.Equal("remote 192.168.60.1", await lab.Outside.AskAsync("10.244.0.1", 30080));
        Assert.Equal("remote fd00:60::1", await lab.Outside.AskAsync("fd00:50::1", 30080));
        Assert.Equal("remote", await lab.Host.WhoAsync("127.0.0.1", 30080));
        Assert.Equal("remote", await lab.Host.WhoAsync("192.168.50.1", 30080));
        Assert.Equal("remote", await lab.Pod1.WhoAsync("192.168.50.1", 30080));
    }

    [SkippableFact]
    public async Task Policy_Local_keeps_the_clients_address_and_sends_outsiders_to_pods_of_this_machine()
    {
        using var lab = NewLab();
        lab.Put(
            Some.Service("web", "10.96.0.10", nodePort: 30080).With(s => s.Spec.ExternalTrafficPolicy = "Local"),
            Some.Slice("web", 8080, Some.Endpoint("10.244.0.2", "n1"), Some.Endpoint("10.244.1.2", "n2")));
        lab.Put(
            Some.Service("far", "10.96.0.11", nodePort: 30081).With(s => s.Spec.ExternalTrafficPolicy = "Local"),
            Some.Slice("far", 8080, Some.Endpoint("10.244.1.2", "n2")));
        lab.Settle();

        for (var i = 0; i < 10; i++)
            Assert.Equal("pod1 198.51.100.7", await lab.Outside.AskAsync("192.168.50.1", 30080, from: "198.51.100.7"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lab.Outside.AskAsync("192.168.50.1", 30081, seconds: 1));
        lab.Remote.Ip("route add 10.244.0.0/24 via 192.168.60.1");
        Assert.Equal("remote 10.244.0.2", await lab.Pod1.AskAsync("192.168.50.1", 30081, seconds: 1));
    }

    [SkippableFact]
    public async Task A_Service_without_endpoints_and_a_port_it_does_not_have_are_refused_at_once()
    {
        using var lab = NewLab();
        lab.Put(Some.Service("none", "10.96.0.10", nodePort: 30080));
        lab.Put(Some.Service("web", "10.96.0.11"), Both);
        lab.Settle();

        foreach (var (from, address, port) in new[] { (lab.Pod1, "10.96.0.10", 80), (lab.Host, "10.96.0.10", 80), (lab.Outside, "192.168.50.1", 30080), (lab.Pod1, "10.96.0.11", 81), (lab.Host, "10.96.0.11", 81) })
        {
            var error = await Assert.ThrowsAsync<SocketException>(() => from.AskAsync(address, port));
            Assert.Equal(SocketError.ConnectionRefused, error.SocketErrorCode);
        }
    }

    [SkippableFact]
    public async Task Session_affinity_keeps_a_client_with_its_endpoint_also_across_a_restart_of_kube_proxy()
    {
        using var lab = NewLab();
        lab.Put(Some.Service("web", "10.96.0.10", nodePort: 30080).With(s => s.Spec.SessionAffinity = "ClientIP"), Both);
        lab.Settle();

        var chosen = await lab.Host.WhoAsync("10.96.0.10", 80);
        for (var i = 0; i < 20; i++)
            Assert.Equal(chosen, await lab.Host.WhoAsync("10.96.0.10", 80));

        lab.Stop();
        lab.Start();
        lab.Settle();
        for (var i = 0; i < 20; i++)
            Assert.Equal(chosen, await lab.Host.WhoAsync("10.96.0.10", 80));

        lab.Put(Some.Service("web", "10.96.0.10", nodePort: 30080).With(s => s.Spec.SessionAffinity = "ClientIP"), Some.Slice("web", 8080, chosen == "pod1" ? "10.244.0.3" : "10.244.0.2"));
        lab.Settle();
        Assert.NotEqual(chosen, await lab.Host.WhoAsync("10.96.0.10", 80));
    }

    [SkippableFact]
    public async Task An_open_connection_outlives_the_removal_of_its_endpoint_and_new_ones_go_elsewhere()
    {
        using var lab = NewLab();
        lab.Put(Some.Service("web", "10.96.0.10"), Some.Slice("web", 8080, "10.244.0.2"));
        lab.Settle();
        using var open = lab.Host.Do(() => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
        await open.ConnectAsync(IPAddress.Parse("10.96.0.10"), 80);
        Assert.StartsWith("pod1", await Read(open));

        lab.Put(Some.Service("web", "10.96.0.10"), Some.Slice("web", 8080, "10.244.0.3"));
        lab.Settle();
        lab.Stop();
        lab.Start();

        await open.SendAsync("still there?"u8.ToArray());
        Assert.Equal("still there?", await Read(open));
        Assert.Equal("pod2", await lab.Host.WhoAsync("10.96.0.10", 80));
    }

    [SkippableFact]
    public async Task Requests_during_a_rolling_change_of_all_endpoints_never_fail()
    {
        using var lab = NewLab();
        lab.Put(Some.Service("web", "10.96.0.10"), Both);
        lab.Settle();
        using var stop = new CancellationTokenSource();
        var load = Task.WhenAll(Enumerable.Range(0, 4).Select(n => Task.Run(async () =>
        {
            var asked = 0;
            while (!stop.IsCancellationRequested)
            {
                await (n % 2 == 0 ? lab.Host : lab.Pod1).WhoAsync("10.96.0.10", 80);
                asked++;
            }

            return asked;
        })));

        for (var round = 0; round < 15; round++)
        {
            foreach (var addresses in new string[][] { ["10.244.0.2"], ["10.244.0.2", "10.244.0.3"], ["10.244.0.3"], ["10.244.0.2", "10.244.0.3"] })
            {
                lab.Informers.Of<V1EndpointSlice>().Put(Some.Slice("web", 8080, addresses));
                lab.Settle();
            }
        }

        stop.Cancel();
        Assert.All(await load, asked => Assert.True(asked > 10));
    }

    [SkippableFact]
    public async Task Udp_follows_its_endpoint_though_the_kernel_remembers_the_old_one()
    {
        Skip.If(!Shell.Exists("conntrack"), "the program conntrack is not installed");
        using var lab = NewLab();
        V1EndpointSlice Dns(string address) => Some.Slice("dns", 5353, address).With(s => s.Ports[0].Protocol = "UDP");
        lab.Put(Some.Service("dns", "10.96.0.53", 53, protocol: "UDP"), Dns("10.244.0.2"));
        lab.Settle();
        using var socket = lab.Host.UdpSocket("10.96.0.53");
        Assert.StartsWith("pod1", await NetworkNamespace.AskUdpAsync(socket, "10.96.0.53", 53));

        lab.Put(Some.Service("dns", "10.96.0.53", 53, protocol: "UDP"), Dns("10.244.0.3"));
        lab.Settle();

        // The same socket: the kernel would go on with the flow it knows.
        AwaitCondition(() => NetworkNamespace.AskUdpAsync(socket, "10.96.0.53", 53).Result.StartsWith("pod2", StringComparison.Ordinal), TimeSpan.FromSeconds(5));
    }

    [SkippableFact]
    public async Task Pods_leave_the_cluster_under_the_machines_address_and_reach_other_pods_under_their_own()
    {
        using var lab = NewLab();
        lab.Settle();
        lab.Outside.Serve(9000, "outside");

        Assert.Equal("outside 192.168.50.1", await lab.Pod1.AskAsync("192.168.50.2", 9000));
        lab.Remote.Ip("route add 10.244.0.0/24 via 192.168.60.1");
        Assert.Equal("remote 10.244.0.2", await lab.Pod1.AskAsync("10.244.1.2", 8080));
    }

    [SkippableFact]
    public async Task Packets_to_loopback_addresses_do_not_come_in_from_outside()
    {
        using var lab = NewLab();
        lab.Settle();
        lab.Host.Serve(7000, "secret");
        lab.Pod1.Ip("route add 127.0.0.7 via 10.244.0.1");
        lab.Pod1.Ip("route flush table local 127.0.0.0/8");
        lab.Pod1.Sysctl("net/ipv4/conf/all/route_localnet", "1");

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lab.Pod1.AskAsync("127.0.0.7", 7000, from: "10.244.0.2", seconds: 1));
    }

    [SkippableFact]
    public async Task An_external_address_works_for_its_source_ranges_only()
    {
        using var lab = NewLab();
        lab.Put(Some.Service("web", "10.96.0.10").With(s =>
        {
            s.Spec.Type = "LoadBalancer";
            s.Spec.LoadBalancerSourceRanges = ["198.51.100.0/24"];
            s.Status.LoadBalancer = new V1LoadBalancerStatus { Ingress = [new V1LoadBalancerIngress { Ip = "203.0.113.9" }] };
        }), Both);
        lab.Settle();

        Assert.StartsWith("pod", await lab.Outside.AskAsync("203.0.113.9", 80, from: "198.51.100.7"));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => lab.Outside.AskAsync("203.0.113.9", 80, from: "192.168.50.2", seconds: 1));
    }

    private ProxyLab NewLab()
    {
        Skip.If(NetworkNamespace.Missing() is not null, NetworkNamespace.Missing());
        return new ProxyLab(this);
    }

    private static async Task<IEnumerable<string>> Answers(NetworkNamespace from, string address, int port)
    {
        var answers = new HashSet<string>();
        for (var i = 0; i < 40; i++)
            answers.Add(await from.WhoAsync(address, port));
        return answers.Order();
    }

    private static async Task<string> Read(Socket socket)
    {
        var buffer = new byte[100];
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(3));
        return Encoding.UTF8.GetString(buffer, 0, await socket.ReceiveAsync(buffer, limit.Token));
    }
}
