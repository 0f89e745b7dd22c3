using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using k8s.Models;

namespace ActorKube.KubeProxy.PodNetwork;

/// <summary>A route we want.</summary>
/// <param name="Destination">Where to.</param>
/// <param name="Via">The next machine; empty when the destination is on the device itself.</param>
/// <param name="Device">The device; empty to let the kernel find it.</param>
/// <param name="Source">The address the machine itself uses on this route; empty for the kernel's choice.</param>
/// <param name="OnLink">Whether <paramref name="Via"/> is reached although no route says so.</param>
public readonly record struct PlannedRoute(string Destination, string Via, string Device, string Source, bool OnLink);

/// <summary>Another machine on the VXLAN.</summary>
/// <param name="Mac">Its VXLAN device's hardware address.</param>
/// <param name="Underlay">Where datagrams for it go.</param>
/// <param name="Gateway">The address that routes name for it.</param>
public readonly record struct VxlanPeer(string Mac, string Underlay, string Gateway);

/// <summary>The machine's VXLAN device.</summary>
/// <param name="Local">Where its datagrams come from.</param>
/// <param name="Mac">Its hardware address.</param>
/// <param name="Addresses">Addresses of its own, one per range of this node.</param>
/// <param name="Peers">The other machines.</param>
public sealed record VxlanPlan(string Local, string Mac, IReadOnlyList<string> Addresses, IReadOnlyList<VxlanPeer> Peers);

/// <summary>What the machine's network must look like for this node's pods. Pure: made from Node objects and settings alone.</summary>
/// <param name="Bridge">Name of the bridge.</param>
/// <param name="BridgeMac">Its hardware address, made of the gateway's address so that it never changes under the pods.</param>
/// <param name="Ranges">The node's ranges.</param>
/// <param name="Vxlan">The VXLAN device; null when no other machine needs it.</param>
/// <param name="Routes">Routes to other machines' pods and to Services.</param>
public sealed record NetworkPlan(string Bridge, string BridgeMac, IReadOnlyList<PodRange> Ranges, VxlanPlan? Vxlan, IReadOnlyList<PlannedRoute> Routes)
{
    /// <summary>The node's ranges as the runtime takes them: <c>10.244.1.0/24,fd00:244:1::/64</c>.</summary>
    public string PodCidrs => string.Join(',', Ranges.Select(r => r.Network));

    /// <summary>The plan of a node, or null while it has no ranges yet.</summary>
    public static NetworkPlan? For(string nodeName, IReadOnlyCollection<V1Node> nodes, PodNetworkSettings settings)
    {
        var own = nodes.FirstOrDefault(n => n.Metadata.Name == nodeName);
        if (own is null || PodRange.Of(own) is not { Count: > 0 } ranges)
        {
            return null;
        }

        var bridge = settings.BridgeFor(nodeName);
        var routes = ServiceRoutes(settings, bridge, ranges).ToList();
        var addresses = InternalIps(own);

        // Nodes with our InternalIP share this machine: the kernel forwards between the bridges by itself.
        var peers = settings.Mode == PodNetworkMode.None || addresses.Count == 0 ? []
            : nodes.Where(n => n != own && InternalIps(n) is { Count: > 0 } theirs && !theirs.Any(addresses.Contains)).OrderBy(n => n.Metadata.Name, StringComparer.Ordinal).ToList();
        VxlanPlan? vxlan = null;
        if (settings.Mode == PodNetworkMode.Routes)
        {
            routes.AddRange(peers.SelectMany(PlainRoutes));
        }
        else if (peers.Count > 0)
        {
            var members = peers.SelectMany(p => PodRange.Of(p).Select(r => (Range: r, Underlay: Underlay(InternalIps(p))))).ToList();
            vxlan = new VxlanPlan(
                Underlay(addresses).ToString(),
                MacOf(0x59, Underlay(addresses)),
                [.. ranges.Select(r => $"{r.Network.BaseAddress}/{(r.IsV4 ? 32 : 128)}")],
                [.. members.Select(m => new VxlanPeer(MacOf(0x59, m.Underlay), m.Underlay.ToString(), m.Range.Network.BaseAddress.ToString()))]);
            routes.AddRange(members.Select(m => new PlannedRoute(
                m.Range.Network.ToString(), m.Range.Network.BaseAddress.ToString(), settings.VxlanDevice, ranges.FirstOrDefault(r => r.IsV4 == m.Range.IsV4)?.Gateway.ToString() ?? "", true)));
        }

        return new NetworkPlan(bridge, MacOf(0x58, ranges[0].Gateway), ranges, vxlan, routes);
    }

    private static IEnumerable<PlannedRoute> ServiceRoutes(PodNetworkSettings settings, string bridge, IReadOnlyList<PodRange> ranges)
    {
        foreach (var cidr in settings.ServiceCidrs)
        {
            if (IPNetwork.TryParse(cidr, out var network)
                && ranges.FirstOrDefault(r => r.IsV4 == (network.BaseAddress.AddressFamily == AddressFamily.InterNetwork)) is { } range)
            {
                yield return new PlannedRoute(network.ToString(), "", bridge, range.Gateway.ToString(), false);
            }
        }
    }

    private static IEnumerable<PlannedRoute> PlainRoutes(V1Node peer) =>
        from range in PodRange.Of(peer)
        let via = InternalIps(peer).FirstOrDefault(a => a.AddressFamily == range.Gateway.AddressFamily)
        where via is not null
        select new PlannedRoute(range.Network.ToString(), via.ToString(), "", "", false);

    private static List<IPAddress> InternalIps(V1Node node) =>
        [.. (node.Status?.Addresses ?? []).Where(a => a.Type == "InternalIP").Select(a => IPAddress.TryParse(a.Address, out var ip) ? ip : null).OfType<IPAddress>()];

    private static IPAddress Underlay(List<IPAddress> addresses) => addresses.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork) ?? addresses[0];

    /// <summary>A locally administered hardware address made of an IP address, so that everybody can work out everybody's.</summary>
    private static string MacOf(byte kind, IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        var tail = bytes.Length == 4 || kind == 0x58 ? bytes[^4..] : SHA256.HashData(bytes)[..4];
        return string.Join(':', new byte[] { 0x0A, kind }.Concat(tail).Select(b => b.ToString("x2")));
    }
}
