using ActorKube.KubeProxy.Services;
using ActorKube.Tests;
using Akka.Actor;
using Akka.TestKit.Xunit2;
using k8s.Models;

namespace ActorKube.KubeProxy.Tests.Services;

/// <summary>
/// A machine with a bridge and two pods, another machine's pod that only knows the way to this machine (so a reply comes back only when the
/// source was hidden), and a client outside. kube-proxy runs in this process and writes into the machine's namespace.
/// </summary>
public sealed class ProxyLab : IDisposable
{
    private readonly TestKit _kit;
    private IActorRef? _proxy;

    public ProxyLab(TestKit kit, bool start = true)
    {
        _kit = kit;
        Host = new NetworkNamespace("host");
        Pod1 = Pod("10.244.0.2", "fd00:244::2", "pod1");
        Pod2 = Pod("10.244.0.3", "fd00:244::3", "pod2");
        Remote = Neighbour("rem", "10.244.1.2/24", "192.168.60", "fd00:60", "fd00:245::2/64");
        Remote.Serve(8080, "remote");
        Outside = Neighbour("out", "198.51.100.7/24", "192.168.50", "fd00:50", "2001:db8::7/128");
        Host.Ip(
            "route add 10.244.1.0/24 via 192.168.60.2", "route add fd00:245::/64 via fd00:60::2",
            "route add 198.51.100.0/24 via 192.168.50.2", "route add 10.96.0.0/16 dev br0 src 10.244.0.1");
        Outside.Ip("route add default via 192.168.50.1", "route add default via fd00:50::1");
        Host.Run("sh", "-c", "cd /proc/sys/net; for f in ipv4/ip_forward ipv6/conf/all/forwarding bridge/bridge-nf-call-iptables bridge/bridge-nf-call-ip6tables; do echo 1 > $f; done");
        Informers.Of<V1Node>().Put(Some.Node("n1", "192.168.50.1", "10.244.0.0/24", "fd00:244::/64"));
        Informers.Of<V1Node>().Put(Some.Node("n2", "192.168.60.2", "10.244.1.0/24", "fd00:245::/64"));
        if (start)
            Start();
    }

    public FakeInformers Informers { get; } = new();

    public NetworkNamespace Host { get; }

    public NetworkNamespace Pod1 { get; }

    public NetworkNamespace Pod2 { get; }

    public NetworkNamespace Remote { get; }

    public NetworkNamespace Outside { get; }

    public void Start()
    {
        var settings = new KubeProxySettings { Nft = [.. Host.Enter, "nft"], Conntrack = [.. Host.Enter, "conntrack"] };
        var services = new KubeProxyServices(
            "n1", Informers, new NftProcess(settings.Nft), Host.Do(() => new LockInside(Host)), TimeProvider.System, (name, value) =>
            {
                Host.Sysctl(name, value);
                return null;
            });
        _proxy = _kit.Sys.ActorOf(KubeProxyActor.Props(services, settings));
        Informers.Of<V1Node>().Sync();
        Informers.Of<V1Service>().Sync();
        Informers.Of<V1EndpointSlice>().Sync();
        _kit.AwaitAssert(() => Assert.Contains("chain services", Host.Run("nft", "list table inet actorkube")), TimeSpan.FromSeconds(10));
    }

    public void Stop()
    {
        Informers.Of<V1Service>().Unsubscribe(_proxy!);
        Informers.Of<V1EndpointSlice>().Unsubscribe(_proxy!);
        Informers.Of<V1Node>().Unsubscribe(_proxy!);
        _kit.Watch(_proxy!);
        _kit.Sys.Stop(_proxy!);
        _kit.ExpectTerminated(_proxy!);
    }

    public void Put(V1Service service, params V1EndpointSlice[] slices)
    {
        Informers.Of<V1Service>().Put(service);
        foreach (var slice in slices)
            Informers.Of<V1EndpointSlice>().Put(slice);
    }

    /// <summary>Waits until what was put is in the kernel: a Service put afterwards is.</summary>
    public void Settle()
    {
        var name = "marker" + Guid.NewGuid().ToString("N")[..8];
        var ip = $"10.96.{Random.Shared.Next(100, 200)}.{Random.Shared.Next(1, 254)}";
        Informers.Of<V1Service>().Put(Some.Service(name, ip));
        _kit.AwaitAssert(() => Assert.Contains(ip, Host.Run("nft", "list set inet actorkube noep4")), TimeSpan.FromSeconds(10), TimeSpan.FromMilliseconds(20));
    }

    public void Dispose()
    {
        foreach (var ns in new[] { Pod1, Pod2, Remote, Outside, Host })
            ns?.Dispose();
    }

    private NetworkNamespace Pod(string v4, string v6, string answer)
    {
        var pod = new NetworkNamespace(answer);
        if (answer == "pod1")
            Host.Ip("link add br0 type bridge", "link set br0 up", "addr add 10.244.0.1/24 dev br0", "addr add fd00:244::1/64 dev br0 nodad");
        Host.Connect("v" + answer, pod, "eth0");
        Host.Ip($"link set v{answer} master br0", $"link set v{answer} type bridge_slave hairpin on");
        pod.Ip(
            $"addr add {v4}/24 dev eth0", $"addr add {v6}/64 dev eth0 nodad", "route add default via 10.244.0.1", "route add default via fd00:244::1");
        pod.Serve(8080, answer);
        pod.Serve(5353, answer, System.Net.Sockets.ProtocolType.Udp);
        return pod;
    }

    private NetworkNamespace Neighbour(string name, string v4, string net4, string net6, string v6)
    {
        var other = new NetworkNamespace(name);
        Host.Connect("v" + name, other, "eth0");
        Host.Ip($"addr add {net4}.1/24 dev v{name}", $"addr add {net6}::1/64 dev v{name} nodad");
        other.Ip(
            $"addr add {net4}.2/24 dev eth0", $"addr add {net6}::2/64 dev eth0 nodad", $"addr add {v4} dev lo", $"addr add {v6} dev lo nodad");
        return other;
    }

    /// <summary>The lock's socket must be made in the machine's namespace.</summary>
    private sealed class LockInside(NetworkNamespace host) : ITableLock
    {
        private readonly TableLock _inner = new("actorkube");

        public bool TryTake() => host.Do(_inner.TryTake);

        public void Dispose() => _inner.Dispose();
    }
}
