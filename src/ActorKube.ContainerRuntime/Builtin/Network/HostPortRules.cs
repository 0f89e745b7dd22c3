using System.Net;
using System.Net.Sockets;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Builtin.Network;

/// <summary>One port of the host that leads to a pod, as an element of a map of the packet filter.</summary>
/// <param name="Map">The map: <c>at</c> for one address of the host, <c>any</c> for all, and the family.</param>
/// <param name="Key">What a packet must bear.</param>
/// <param name="Value">The pod's address and port.</param>
internal readonly record struct HostPortElement(string Map, string Key, string Value);

/// <summary>
/// What the packet filter has to hold for pods' host ports. Pure. One table that every node process of a machine shares: the fixed part may
/// be written again at any time, elements come and go one by one.
/// </summary>
internal static class HostPortRules
{
    public const string Table = "actorkube-hostports";

    /// <summary>The fixed part: written twice it is there once, and the elements stay.</summary>
    public static string Schema { get; } = string.Join('\n',
    [
        $"add table inet {Table}",
        .. new[] { ("4", "ip", "ipv4"), ("6", "ip6", "ipv6") }.SelectMany(f => new[]
        {
            $"add map inet {Table} at{f.Item1} {{ type {f.Item3}_addr . inet_proto . inet_service : {f.Item3}_addr . inet_service; }}",
            $"add map inet {Table} any{f.Item1} {{ type inet_proto . inet_service : {f.Item3}_addr . inet_service; }}",
            $"add set inet {Table} hairpin{f.Item1} {{ type {f.Item3}_addr . {f.Item3}_addr; }}",
        }),
        $"add chain inet {Table} translate",
        $"add chain inet {Table} guard {{ type filter hook prerouting priority -110; }}",
        $"add chain inet {Table} prerouting {{ type nat hook prerouting priority -101; }}",
        $"add chain inet {Table} output {{ type nat hook output priority -101; }}",
        $"add chain inet {Table} postrouting {{ type nat hook postrouting priority 99; }}",
        .. new[] { "translate", "guard", "prerouting", "output", "postrouting" }.Select(c => $"flush chain inet {Table} {c}"),
        Rule("translate", "dnat ip to ip daddr . meta l4proto . th dport map @at4"),
        Rule("translate", "dnat ip6 to ip6 daddr . meta l4proto . th dport map @at6"),
        Rule("translate", "meta nfproto ipv4 dnat ip to meta l4proto . th dport map @any4"),
        Rule("translate", "meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @any6"),

        // With route_localnet the kernel would let a neighbour's packet to 127.0.0.1 in.
        Rule("guard", "iif != lo ip daddr 127.0.0.0/8 drop"),
        Rule("prerouting", "fib daddr type local jump translate"),
        Rule("output", "fib daddr type local jump translate"),
        Rule("postrouting", "ct status dnat ip saddr 127.0.0.0/8 masquerade"),
        Rule("postrouting", "ct status dnat ip saddr . ip daddr @hairpin4 masquerade"),
        Rule("postrouting", "ct status dnat ip6 saddr . ip6 daddr @hairpin6 masquerade"),
    ]);

    /// <summary>
    /// The elements for a pod: a port without an address of the host is for all addresses of both families, <c>0.0.0.0</c> and <c>::</c>
    /// stand for all of one.
    /// </summary>
    public static IReadOnlyList<HostPortElement> Of(IEnumerable<PortMapping> ports, IEnumerable<string> podAddresses)
    {
        var elements = new List<HostPortElement>();
        var addresses = podAddresses.Select(IPAddress.Parse).ToList();
        foreach (var port in ports.Where(p => p.HostPort > 0))
        {
            var hostIp = port.HostIp.Length > 0 ? IPAddress.Parse(port.HostIp) : null;
            foreach (var pod in addresses.Where(a => hostIp is null || a.AddressFamily == hostIp.AddressFamily))
            {
                var family = pod.AddressFamily == AddressFamily.InterNetwork ? "4" : "6";
                var key = $"{Name(port.Protocol)} . {port.HostPort}";
                var value = $"{pod} . {port.ContainerPort}";
                elements.Add(hostIp is null || hostIp.Equals(IPAddress.Any) || hostIp.Equals(IPAddress.IPv6Any)
                    ? new HostPortElement("any" + family, key, value)
                    : new HostPortElement("at" + family, $"{hostIp} . {key}", value));
                elements.Add(new HostPortElement("hairpin" + family, $"{pod} . {pod}", ""));
            }
        }

        return [.. elements.Distinct()];
    }

    public static string Add(HostPortElement element) =>
        $"add element inet {Table} {element.Map} {{ {element.Key}{(element.Value.Length > 0 ? $" : {element.Value}" : "")} }}";

    public static string Delete(HostPortElement element) => $"delete element inet {Table} {element.Map} {{ {element.Key} }}";

    private static string Rule(string chain, string rule) => $"add rule inet {Table} {chain} {rule}";

    private static string Name(Protocol protocol) => protocol switch
    {
        Protocol.Udp => "udp",
        Protocol.Sctp => "sctp",
        _ => "tcp",
    };
}
