namespace ActorKube.KubeProxy.Services;

/// <summary>
/// A kind of entry to Services: by virtual address or by node port, in general or for traffic from outside that must stay on this machine
/// (<c>externalTrafficPolicy: Local</c>). Each has its own maps and shared chains, because one key can lead to other endpoints in each.
/// Names: map <c>vip4</c> (key → chain), maps <c>vip4-0</c>, <c>vip4-1</c> … (key → endpoint number 0, 1 …), chains <c>vip4-0</c> … of one
/// rule each that use them, chain <c>lb-vip4-3</c> that picks one of three.
/// </summary>
/// <param name="Name">The map of entries.</param>
/// <param name="IsV4">The address family.</param>
/// <param name="IsNodePort">Whether the key is protocol and port rather than address, protocol and port.</param>
public sealed record Scope(string Name, bool IsV4, bool IsNodePort)
{
    private static readonly Scope[] Scopes =
        [.. from v4 in new[] { true, false }
            from external in new[] { false, true }
            from nodePort in new[] { false, true }
            select new Scope((nodePort ? "np" : "vip") + (external ? "x" : "") + (v4 ? "4" : "6"), v4, nodePort)];

    /// <summary>All eight.</summary>
    public static IReadOnlyList<Scope> All => Scopes;

    /// <summary>One of them.</summary>
    public static Scope Of(bool isV4, bool isNodePort, bool isExternal) => Scopes[(isV4 ? 0 : 4) + (isExternal ? 2 : 0) + (isNodePort ? 1 : 0)];

    /// <summary>The map that holds endpoint number <paramref name="slot"/>, and the chain that uses it.</summary>
    public string Slot(int slot) => $"{Name}-{slot}";

    /// <summary>The verdict for an entry with so many endpoints.</summary>
    public string Spread(int endpoints) => endpoints == 1 ? $"goto {Name}-0" : $"goto {SpreadPrefix}{endpoints}";

    /// <summary>Name of the chains that pick one endpoint, without the number.</summary>
    public string SpreadPrefix => $"lb-{Name}-";

    /// <summary>The rules' text for the key of a packet.</summary>
    public string PacketKey => (IsNodePort ? "" : $"{Ip} daddr . ") + "meta l4proto . th dport";

    /// <summary>The key's type.</summary>
    public string KeyType => (IsNodePort ? "" : $"{AddressType} . ") + "inet_proto . inet_service";

    /// <summary>The type of an address.</summary>
    public string AddressType => IsV4 ? "ipv4_addr" : "ipv6_addr";

    /// <summary>The word that begins address expressions.</summary>
    public string Ip => IsV4 ? "ip" : "ip6";
}
