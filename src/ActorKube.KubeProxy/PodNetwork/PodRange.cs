using System.Net;
using System.Net.Sockets;
using k8s.Models;

namespace ActorKube.KubeProxy.PodNetwork;

/// <summary>One of a node's ranges of pod addresses. The first address is the gateway's, on the bridge; pods get those after it.</summary>
/// <param name="Network">The range.</param>
/// <param name="Gateway">Its first address.</param>
public sealed record PodRange(IPNetwork Network, IPAddress Gateway)
{
    /// <summary>IPv4 or IPv6.</summary>
    public bool IsV4 => Gateway.AddressFamily == AddressFamily.InterNetwork;

    /// <summary>The gateway with the range's prefix, as an interface has it.</summary>
    public string GatewayWithPrefix => $"{Gateway}/{Network.PrefixLength}";

    /// <summary>Reads a range such as <c>10.244.1.0/24</c> (gateway 10.244.1.1); null when it is none.</summary>
    public static PodRange? Parse(string cidr)
    {
        if (!IPNetwork.TryParse(cidr.Trim(), out var network))
        {
            return null;
        }

        var bytes = network.BaseAddress.GetAddressBytes();
        bytes[^1]++;
        return new PodRange(network, new IPAddress(bytes));
    }

    /// <summary>A node's ranges: <c>spec.podCIDRs</c>, or <c>spec.podCIDR</c> alone.</summary>
    public static IReadOnlyList<PodRange> Of(V1Node node) =>
        [.. (node.Spec?.PodCIDRs is { Count: > 0 } all ? all : node.Spec?.PodCIDR is { Length: > 0 } one ? [one] : []).Select(Parse).OfType<PodRange>()];

    /// <summary>The addresses under which a node's pods reach the node, DNS among it.</summary>
    public static IReadOnlyList<IPAddress> GatewaysOf(V1Node node) => [.. Of(node).Select(r => r.Gateway)];
}
