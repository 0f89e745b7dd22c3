using System.Net;
using System.Numerics;

namespace ActorKube.ControllerManager.Nodes;

/// <summary>A range of addresses that is cut into one part per node.</summary>
/// <param name="Range">Such as 10.244.0.0/16.</param>
/// <param name="NodeMask">Prefix length of a node's part, such as 24.</param>
public sealed record ClusterCidr(IPNetwork Range, int NodeMask)
{
    /// <summary>The first part that is not taken; null when all are.</summary>
    public string? FirstFree(IReadOnlySet<string> taken)
    {
        var bits = Range.BaseAddress.GetAddressBytes().Length * 8;
        var size = BigInteger.One << (bits - NodeMask);
        var count = BigInteger.One << (NodeMask - Range.PrefixLength);
        var start = new BigInteger(Range.BaseAddress.GetAddressBytes(), isUnsigned: true, isBigEndian: true);
        for (var i = BigInteger.Zero; i < count; i++)
        {
            var part = $"{Address(start + i * size, bits / 8)}/{NodeMask}";
            if (!taken.Contains(part))
                return part;
        }

        return null;
    }

    /// <summary>The part in the one way of writing it that <see cref="FirstFree"/> uses, or the text itself when it is no network.</summary>
    public static string Normal(string cidr) => IPNetwork.TryParse(cidr, out var network) ? $"{network.BaseAddress}/{network.PrefixLength}" : cidr;

    private static IPAddress Address(BigInteger value, int length)
    {
        var bytes = value.ToByteArray(isUnsigned: true, isBigEndian: true);
        var padded = new byte[length];
        bytes.CopyTo(padded, length - bytes.Length);
        return new IPAddress(padded);
    }
}
