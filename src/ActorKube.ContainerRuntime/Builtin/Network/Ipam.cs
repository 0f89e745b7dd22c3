using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace ActorKube.ContainerRuntime.Builtin.Network;

/// <summary>
/// Which pod has which address of one range. Addresses are given in turn, so that one just freed rests as long as possible.
/// The first address is the gateway's; the network's own and, in IPv4, the broadcast address are never given.
/// Example: 10.244.1.0/24 has the gateway .1 and gives .2 to .254.
/// </summary>
internal sealed class AddressRange(IPNetwork network)
{
    private readonly Dictionary<UInt128, string> _owners = [];
    private UInt128 _last;

    public IPNetwork Network { get; } = network;

    public IPAddress Gateway => Address(1);

    private bool IsV4 => Network.BaseAddress.AddressFamily == AddressFamily.InterNetwork;

    private int HostBits => (IsV4 ? 32 : 128) - Network.PrefixLength;

    /// <summary>The highest offset that may be given.</summary>
    private UInt128 Highest => HostBits switch
    {
        < 2 => 0,
        >= 128 => UInt128.MaxValue,
        _ => (UInt128.One << HostBits) - 1 - (IsV4 ? UInt128.One : 0),
    };

    /// <summary>Takes the next free address, or null when all are taken.</summary>
    public IPAddress? Allocate(string owner)
    {
        var highest = Highest;
        if (highest < 2 || (UInt128)_owners.Count >= highest - 1)
            return null;
        var offset = _last;
        do
        {
            offset = offset < 2 || offset >= highest ? 2 : offset + 1;
        }
        while (_owners.ContainsKey(offset));
        _last = offset;
        _owners[offset] = owner;
        return Address(offset);
    }

    /// <summary>Notes an address that a pod has from before.</summary>
    public void Reserve(IPAddress address, string owner)
    {
        if (!Network.Contains(address))
            return;
        var offset = Value(address) - Value(Network.BaseAddress);
        _owners[offset] = owner;
        if (offset > _last)
            _last = offset;
    }

    /// <summary>Frees what a pod has.</summary>
    public void Release(string owner)
    {
        foreach (var offset in _owners.Where(o => o.Value == owner).Select(o => o.Key).ToArray())
            _owners.Remove(offset);
    }

    private IPAddress Address(UInt128 offset)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, Value(Network.BaseAddress) + offset);
        return new IPAddress(IsV4 ? bytes[12..] : bytes);
    }

    private static UInt128 Value(IPAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        bytes.Clear();
        address.TryWriteBytes(address.AddressFamily == AddressFamily.InterNetwork ? bytes[12..] : bytes, out _);
        return BinaryPrimitives.ReadUInt128BigEndian(bytes);
    }
}

/// <summary>The node's ranges together: a pod gets one address of each. Not safe for concurrent use.</summary>
internal sealed class Ipam
{
    private readonly List<AddressRange> _ranges;

    private Ipam(List<AddressRange> ranges) => _ranges = ranges;

    public IReadOnlyList<AddressRange> Ranges => _ranges;

    /// <summary>Parses comma-separated CIDRs; addresses already in use keep their owners.</summary>
    public static Ipam Create(string podCidr, IEnumerable<(string Owner, IPAddress Address)> inUse)
    {
        var ranges = new List<AddressRange>();
        foreach (var cidr in podCidr.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            if (!IPNetwork.TryParse(cidr, out var network))
                throw new ContainerRuntimeException($"invalid pod CIDR \"{cidr}\"");
            ranges.Add(new AddressRange(network));
        }
        foreach (var (owner, address) in inUse)
            ranges.ForEach(r => r.Reserve(address, owner));
        return new Ipam(ranges);
    }

    /// <summary>One address of every range, or an error that says which is exhausted; then none is taken.</summary>
    public IReadOnlyList<IPAddress> Allocate(string owner)
    {
        var result = new List<IPAddress>();
        foreach (var range in _ranges)
        {
            if (range.Allocate(owner) is { } address)
            {
                result.Add(address);
                continue;
            }
            Release(owner);
            throw new ContainerRuntimeException($"no IP addresses available in range {range.Network}");
        }
        return result;
    }

    public void Release(string owner) => _ranges.ForEach(r => r.Release(owner));
}
