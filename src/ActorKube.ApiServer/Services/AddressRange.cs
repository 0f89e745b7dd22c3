using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace ActorKube.ApiServer.Services;

/// <summary>
/// The IPv4 addresses that Services can have, as numbers from 1. Addresses that nobody asked for by name come from the upper part first,
/// so that the lower part stays free for those that are asked for. Source: https://kubernetes.io/docs/concepts/services-networking/cluster-ip-allocation/
/// </summary>
internal sealed class AddressRange
{
    private readonly uint _base;

    /// <summary>The addresses of an IPv4 network but its own and its broadcast address.</summary>
    public AddressRange(IPNetwork network)
    {
        if (network.BaseAddress.AddressFamily != AddressFamily.InterNetwork || network.PrefixLength > 28)
        {
            throw new ArgumentException($"{network} is not an IPv4 range of at least 16 addresses");
        }

        Network = network;
        _base = BinaryPrimitives.ReadUInt32BigEndian(network.BaseAddress.GetAddressBytes());
        var size = 1L << (32 - network.PrefixLength);
        Count = (int)Math.Min(size - 2, 1 << 20);
        // 10.96.0.0/16: min(max(16, 65536 / 16), 256) = 256, so 10.96.0.1 to 10.96.1.0 are given only to who asks.
        StaticCount = (int)Math.Min(Math.Max(16, size / 16), 256);
    }

    /// <summary>The network.</summary>
    public IPNetwork Network { get; }

    /// <summary>How many addresses there are.</summary>
    public int Count { get; }

    /// <summary>How many at the beginning are given last.</summary>
    public int StaticCount { get; }

    /// <summary>The n-th address.</summary>
    public string Address(int number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, _base + (uint)number);
        return new IPAddress(bytes).ToString();
    }

    /// <summary>The number of an address; null when it is outside the range.</summary>
    public int? Number(string address)
    {
        if (!IPAddress.TryParse(address, out var ip) || ip.AddressFamily != AddressFamily.InterNetwork)
        {
            return null;
        }

        var offset = BinaryPrimitives.ReadUInt32BigEndian(ip.GetAddressBytes()) - (long)_base;
        return offset >= 1 && offset <= Count ? (int)offset : null;
    }
}
