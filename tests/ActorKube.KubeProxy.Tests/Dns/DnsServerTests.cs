using System.Net;
using System.Net.Sockets;
using ActorKube.KubeProxy.Dns;
using ActorKube.Tests;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.KubeProxy.Tests.Dns;

/// <summary>Real sockets on loopback: our server, and another one that plays the world outside.</summary>
public sealed class DnsServerTests : TestKit
{
    private readonly ClusterZoneTests.FakeZoneData _data = new();
    private readonly ClusterZoneTests.FakeZoneData _world = new();
    private readonly List<IDisposable> _owned = [];
    private IReadOnlyList<IPAddress> _upstream = [IPAddress.Loopback];
    private bool _ready = true;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answers_for_the_cluster_and_asks_others_for_the_rest(bool tcp)
    {
        _data.Services.Add(Some.Service("web", "10.96.0.10"));
        _world.Services.Add(Some.Service("www", "93.184.216.34"));
        var server = Start();

        Assert.Equal(["10.96.0.10"], await Ask(server, "WEB.default.svc.cluster.local", tcp));
        Assert.Equal(["93.184.216.34"], await Ask(server, "www.default.svc.example", tcp));
    }

    [Fact]
    public async Task An_external_name_comes_with_the_addresses_behind_it()
    {
        _data.Services.Add(Some.Service("ext", "").With(s => (s.Spec.Type, s.Spec.ExternalName) = ("ExternalName", "www.default.svc.example")));
        _data.Services.Add(Some.Service("alias", "").With(s => (s.Spec.Type, s.Spec.ExternalName) = ("ExternalName", "web.default.svc.cluster.local")));
        _data.Services.Add(Some.Service("web", "10.96.0.10"));
        _world.Services.Add(Some.Service("www", "93.184.216.34"));
        var server = Start();

        Assert.Equal(["www.default.svc.example", "93.184.216.34"], await Ask(server, "ext.default.svc.cluster.local", false));
        Assert.Equal(["web.default.svc.cluster.local", "10.96.0.10"], await Ask(server, "alias.default.svc.cluster.local", false));
    }

    [Fact]
    public async Task A_dead_server_is_passed_over_and_without_any_the_failure_is_told()
    {
        _world.Services.Add(Some.Service("www", "93.184.216.34"));
        _upstream = [IPAddress.Parse("127.0.0.66"), IPAddress.Loopback];
        var server = Start();
        Assert.Equal(["93.184.216.34"], await Ask(server, "www.default.svc.example", false));

        _upstream = [];
        Assert.Equal(2, (await Exchange(server, "www.default.svc.example", false))[3] & 0xF);
    }

    [Fact]
    public async Task Does_not_deny_names_before_it_knows_them_all()
    {
        _ready = false;
        var server = Start();
        Assert.Equal((int)DnsCode.ServerFailure, (await Exchange(server, "web.default.svc.cluster.local", false))[3] & 0xF);

        _ready = true;
        Assert.Equal((int)DnsCode.NoSuchName, (await Exchange(server, "web.default.svc.cluster.local", false))[3] & 0xF);
    }

    [Fact]
    public async Task A_long_list_comes_whole_by_tcp()
    {
        _data.Services.Add(Some.Service("db", "None"));
        _data.AllSlices.Add(Some.Slice("db", 1, [.. Enumerable.Range(1, 200).Select(i => $"10.0.0.{i}")]));
        var server = Start();

        var cut = await Exchange(server, "db.default.svc.cluster.local", false);
        Assert.Equal(2, cut[2] & 2);
        Assert.Equal(200, (await Ask(server, "db.default.svc.cluster.local", true)).Count);
    }

    [SkippableFact]
    public void Dig_understands_it()
    {
        Skip.If(!Shell.Exists("dig"), "the program dig is not installed");
        _data.Services.Add(Some.Service("web", "10.96.0.10", 8443));
        var server = Start();
        string Dig(params string[] what) => Shell.Run(["dig", "@127.0.0.1", "-p", $"{server.EndPoint.Port}", "+time=5", .. what]);

        Assert.Equal("10.96.0.10\n", Dig("+short", "web.default.svc.cluster.local"));
        Assert.Equal("0 100 8443 web.default.svc.cluster.local.\n", Dig("+short", "_p._tcp.web.default.svc.cluster.local", "SRV"));
        Assert.Equal("web.default.svc.cluster.local.\n", Dig("+short", "-x", "10.96.0.10"));
        Assert.Equal("\"1.1.0\"\n", Dig("+short", "+tcp", "dns-version.cluster.local", "TXT"));
        var no = Dig("no.default.svc.cluster.local");
        Assert.Contains("status: NXDOMAIN", no);
        Assert.Contains("SOA\tns.dns.cluster.local. hostmaster.cluster.local.", no);
        Assert.DoesNotContain("WARNING: Message", no);
        Assert.DoesNotContain("malformed", no);
    }

    [Fact]
    public async Task The_actor_listens_on_its_nodes_gateway_once_the_node_has_a_range()
    {
        // A range whose first address is one of loopback, so that anybody may listen on it.
        var informers = new FakeInformers();
        informers.Of<V1Service>().Put(Some.Service("web", "10.96.0.10"));
        informers.Of<V1Service>().Sync();
        informers.Of<V1EndpointSlice>().Sync();
        var port = FreePort();
        Sys.ActorOf(DnsActor.Props(new DnsServices("n1", informers), new DnsSettings { Port = port }));
        informers.Of<V1Node>().Put(Some.Node("other", "10.0.0.2", "127.77.2.0/24"));
        informers.Of<V1Node>().Put(Some.Node("n1"));
        informers.Of<V1Node>().Put(Some.Node("n1", "10.0.0.1", "127.77.1.0/24"));

        await AwaitAssertAsync(async () => Assert.Equal(["10.96.0.10"], await Ask(new IPEndPoint(IPAddress.Parse("127.77.1.1"), port), "web.default.svc.cluster.local", true)), TimeSpan.FromSeconds(10));

        informers.Of<V1Node>().Put(Some.Node("n1", "10.0.0.1", "127.77.3.0/24"));
        await AwaitAssertAsync(async () => Assert.Equal(["10.96.0.10"], await Ask(new IPEndPoint(IPAddress.Parse("127.77.3.1"), port), "web.default.svc.cluster.local", true)), TimeSpan.FromSeconds(10));
        await Assert.ThrowsAsync<SocketException>(() => Ask(new IPEndPoint(IPAddress.Parse("127.77.1.1"), port), "web.default.svc.cluster.local", true));
    }

    [Fact]
    public void Name_servers_are_read_from_resolv_conf() =>
        Assert.Equal(["10.0.0.2", "fd00::53"], ResolvConf.Parse("# nameserver 1.1.1.1\nsearch a b\nnameserver 10.0.0.2\n nameserver\tfd00::53 \nnameserver rubbish\n").Select(a => a.ToString()));

    protected override void AfterAll()
    {
        _owned.ForEach(o => o.Dispose());
        base.AfterAll();
    }

    private DnsServer Start()
    {
        var nobody = new Forwarder(() => [], 53, TimeSpan.FromSeconds(1), 10);
        var world = Own(Listen(new DnsResponder(new ClusterZone("example", 60, _world), nobody, () => true)));
        var forwarder = new Forwarder(() => _upstream, world.EndPoint.Port, TimeSpan.FromSeconds(15), 10);
        return Own(Listen(new DnsResponder(new ClusterZone("cluster.local", 5, _data), forwarder, () => _ready)));
    }

    /// <summary>On a free port: one that is free for UDP may be taken for TCP.</summary>
    private static DnsServer Listen(DnsResponder responder)
    {
        for (var attempt = 0; ; attempt++)
        {
            try
            {
                return DnsServer.Listen(new IPEndPoint(IPAddress.Loopback, 0), responder);
            }
            catch (SocketException) when (attempt < 20)
            {
            }
        }
    }

    private DnsServer Own(DnsServer server)
    {
        _owned.Add(server);
        return server;
    }

    private static int FreePort()
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }

    private static Task<List<string>> Ask(DnsServer server, string name, bool tcp) => Ask(server.EndPoint, name, tcp);

    private static async Task<List<string>> Ask(IPEndPoint server, string name, bool tcp) =>
        [.. DnsReader.ReadAddresses(await Exchange(server, name, tcp))!.Select(r => r is AddressRecord a ? a.Address.ToString() : ((NameRecord)r).Target)];

    private static Task<byte[]> Exchange(DnsServer server, string name, bool tcp) => Exchange(server.EndPoint, name, tcp);

    private static async Task<byte[]> Exchange(IPEndPoint server, string name, bool tcp)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        using var socket = new Socket(AddressFamily.InterNetwork, tcp ? SocketType.Stream : SocketType.Dgram, tcp ? ProtocolType.Tcp : ProtocolType.Udp);
        await socket.ConnectAsync(server, limit.Token);
        var question = DnsWriter.Question(4711, name, DnsType.A);
        if (!tcp)
        {
            await socket.SendAsync(question, limit.Token);
            var buffer = new byte[4096];
            return buffer[..await socket.ReceiveAsync(buffer, limit.Token)];
        }

        await using var stream = new NetworkStream(socket);
        await stream.WriteAsync(Forwarder.Framed(question), limit.Token);
        var head = new byte[2];
        await stream.ReadExactlyAsync(head, limit.Token);
        var reply = new byte[(head[0] << 8) | head[1]];
        await stream.ReadExactlyAsync(reply, limit.Token);
        return reply;
    }
}
