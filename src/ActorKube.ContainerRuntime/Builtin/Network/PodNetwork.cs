using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using ActorKube.ContainerRuntime.Builtin.Native;
using Microsoft.Extensions.Logging;

namespace ActorKube.ContainerRuntime.Builtin.Network;

/// <summary>
/// The network of this node's pods: one bridge that carries the gateway addresses, and per pod a veth pair with an address of each range.
/// Routes between nodes and masquerading are the pod network component's business.
/// </summary>
internal sealed class PodNetwork(string bridge, int mtu, ILogger logger)
{
    private const string PodInterface = "eth0";
    private readonly Lock _gate = new();
    private Ipam? _ipam;

    /// <summary>Whether the ranges are known and the bridge stands.</summary>
    public bool IsReady => _ipam is not null;

    /// <summary>Takes the node's ranges and brings the bridge in line with them. Must run on a thread in the host's network namespace.</summary>
    public void Configure(string podCidr, IEnumerable<(string Owner, IPAddress Address)> inUse)
    {
        var ipam = Ipam.Create(Usable(podCidr), inUse);
        if (ipam.Ranges.Count == 0)
            return;
        if (!File.Exists("/proc/sys/net/bridge/bridge-nf-call-iptables"))
            LoadModule("br_netfilter");
        using var netlink = new RouteNetlink();
        netlink.AddBridge(bridge, MacOf(ipam.Ranges[0].Gateway), mtu);
        if (ipam.Ranges.Any(r => IsV6(r.Gateway)))
            SetSysctl($"net/ipv6/conf/{bridge}/disable_ipv6", "0");
        var index = Libc.InterfaceIndex(bridge);
        var wanted = ipam.Ranges.Select(r => (r.Gateway, r.Network.PrefixLength)).ToHashSet();
        foreach (var old in AddressesOf(bridge).Where(a => !wanted.Contains(a)))
            netlink.RemoveAddress(index, old.Gateway, old.PrefixLength);
        foreach (var (gateway, prefixLength) in wanted)
            netlink.AddAddress(index, gateway, prefixLength);
        SetSysctl("net/ipv4/ip_forward", "1");
        if (ipam.Ranges.Any(r => IsV6(r.Gateway)))
            SetSysctl("net/ipv6/conf/all/forwarding", "1");
        // A Service's reply between two pods of this bridge must pass the address translation too.
        SetSysctl("net/bridge/bridge-nf-call-iptables", "1");
        SetSysctl("net/bridge/bridge-nf-call-ip6tables", "1");
        lock (_gate)
        {
            _ipam = ipam;
        }
        logger.LogInformation("Pod network {PodCidr} on bridge {Bridge}", podCidr, bridge);
    }

    public IReadOnlyList<IPAddress> Allocate(string sandboxId)
    {
        lock (_gate)
        {
            return (_ipam ?? throw NotReady()).Allocate(sandboxId);
        }
    }

    public void Release(string sandboxId)
    {
        lock (_gate)
        {
            _ipam?.Release(sandboxId);
        }
    }

    /// <summary>
    /// Gives a new network namespace its interfaces. <paramref name="host"/> was opened in the host's namespace; the calling thread is in the pod's.
    /// </summary>
    public void Attach(RouteNetlink host, string sandboxId, string namespacePath, int bridgeIndex, IReadOnlyList<IPAddress> addresses)
    {
        var ranges = (_ipam ?? throw NotReady()).Ranges;
        using var pod = new RouteNetlink();
        pod.SetUp(Libc.InterfaceIndex("lo"));
        var namespaceFd = Libc.OpenForReading(namespacePath);
        try
        {
            host.AddVeth(HostInterface(sandboxId), bridgeIndex, PodInterface, MacOf(addresses[0]), namespaceFd, mtu);
        }
        finally
        {
            Libc.Close(namespaceFd);
        }
        var index = Libc.InterfaceIndex(PodInterface);
        // A host that has IPv6 but switched off passes that on to its new namespaces.
        if (addresses.Any(IsV6))
            SetSysctl($"net/ipv6/conf/{PodInterface}/disable_ipv6", "0");
        foreach (var address in addresses)
            pod.AddAddress(index, address, ranges.First(r => r.Network.Contains(address)).Network.PrefixLength);
        pod.SetUp(index);
        foreach (var address in addresses)
            pod.AddDefaultRoute(index, ranges.First(r => r.Network.Contains(address)).Gateway);
    }

    /// <summary>Lets a pod call itself through its Service. Must run on a thread in the host's network namespace.</summary>
    public static void AllowHairpin(string sandboxId)
    {
        using var host = new RouteNetlink();
        host.SetHairpin(Libc.InterfaceIndex(HostInterface(sandboxId)));
    }

    /// <summary>Ends a pod's network at once, rather than when the kernel gets to clean the namespace up.</summary>
    public static void Detach(string sandboxId)
    {
        using var host = new RouteNetlink();
        host.Delete(HostInterface(sandboxId));
    }

    /// <summary>The host's end of a pod's veth pair; interface names have at most 15 characters.</summary>
    public static string HostInterface(string sandboxId) => "veth" + sandboxId[..11];

    /// <summary>Only loopback, for a pod network namespace that gets nothing else.</summary>
    public static void SetLoopbackUp()
    {
        using var netlink = new RouteNetlink();
        netlink.SetUp(Libc.InterfaceIndex("lo"));
    }

    /// <summary>
    /// A locally administered hardware address made of the IP address: an address that goes to another pod keeps its neighbours' caches true.
    /// </summary>
    private static PhysicalAddress MacOf(IPAddress address) => new([0x0A, 0x58, .. address.GetAddressBytes()[^4..]]);

    private static IEnumerable<(IPAddress Gateway, int PrefixLength)> AddressesOf(string name) =>
        NetworkInterface.GetAllNetworkInterfaces()
            .Where(i => i.Name == name)
            .SelectMany(i => i.GetIPProperties().UnicastAddresses)
            .Where(a => !a.Address.IsIPv6LinkLocal)
            .Select(a => (a.Address, a.PrefixLength));

    private static bool IsV6(IPAddress address) => address.AddressFamily == AddressFamily.InterNetworkV6;

    /// <summary>Leaves out IPv6 ranges where the kernel has no IPv6.</summary>
    private string Usable(string podCidr)
    {
        if (Directory.Exists("/proc/sys/net/ipv6") || !podCidr.Contains(':', StringComparison.Ordinal))
            return podCidr;
        logger.LogWarning("The kernel has no IPv6: pods get no address of {PodCidr} but IPv4 ones", podCidr);
        return string.Join(',', podCidr.Split(',').Where(c => !c.Contains(':', StringComparison.Ordinal)));
    }

    private void LoadModule(string name)
    {
        if (BuiltinRuntimeRequirements.Find("modprobe", null) is not { } modprobe)
            return;
        var (code, output) = ChildProcess.Run(modprobe, [name]);
        if (code != 0)
            logger.LogWarning("modprobe {Module} failed: {Output}", name, output);
    }

    private void SetSysctl(string name, string value)
    {
        var path = "/proc/sys/" + name;
        if (!File.Exists(path))
            logger.LogWarning("{Sysctl} is not there: the kernel module is missing", path);
        else if (File.ReadAllText(path).Trim() != value)
            File.WriteAllText(path, value);
    }

    private static ContainerRuntimeException NotReady() =>
        new("network is not ready: container runtime network not ready: the node has no pod CIDR yet", ContainerRuntimeError.Unavailable);
}
