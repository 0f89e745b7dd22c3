using System.Net;

namespace ActorKube.KubeProxy.Dns;

/// <summary>Types of records, as numbered by IANA.</summary>
public enum DnsType : ushort
{
    /// <summary>An IPv4 address.</summary>
    A = 1,

    /// <summary>A name server.</summary>
    NS = 2,

    /// <summary>Another name of the same thing.</summary>
    CNAME = 5,

    /// <summary>The start of a zone.</summary>
    SOA = 6,

    /// <summary>The name of an address.</summary>
    PTR = 12,

    /// <summary>Text.</summary>
    TXT = 16,

    /// <summary>An IPv6 address.</summary>
    AAAA = 28,

    /// <summary>Host and port of a service.</summary>
    SRV = 33,

    /// <summary>Not a record: options of EDNS.</summary>
    OPT = 41,

    /// <summary>Asks for all types.</summary>
    ANY = 255,
}

/// <summary>How a query ended.</summary>
public enum DnsCode : byte
{
    /// <summary>Answered, perhaps with nothing.</summary>
    NoError = 0,

    /// <summary>The query cannot be read.</summary>
    FormatError = 1,

    /// <summary>We cannot answer now.</summary>
    ServerFailure = 2,

    /// <summary>There is no such name.</summary>
    NoSuchName = 3,

    /// <summary>We do not do that.</summary>
    NotImplemented = 4,
}

/// <summary>One record. Names are in lower case, without the dot at the end.</summary>
/// <param name="Name">Whose record it is.</param>
/// <param name="Type">Its type.</param>
/// <param name="Ttl">How many seconds it may be kept.</param>
public abstract record DnsRecord(string Name, DnsType Type, uint Ttl);

/// <summary>A or AAAA.</summary>
public sealed record AddressRecord(string Name, IPAddress Address, uint Ttl)
    : DnsRecord(Name, Address.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork ? DnsType.A : DnsType.AAAA, Ttl);

/// <summary>CNAME, PTR or NS: a record that is a name.</summary>
public sealed record NameRecord(string Name, DnsType Type, string Target, uint Ttl) : DnsRecord(Name, Type, Ttl);

/// <summary>SRV.</summary>
public sealed record ServiceRecord(string Name, ushort Priority, ushort Weight, ushort Port, string Target, uint Ttl) : DnsRecord(Name, DnsType.SRV, Ttl);

/// <summary>TXT with one text.</summary>
public sealed record TextRecord(string Name, string Text, uint Ttl) : DnsRecord(Name, DnsType.TXT, Ttl);

/// <summary>SOA; <paramref name="Minimum"/> is how long a "no" may be kept.</summary>
public sealed record StartRecord(string Name, string Server, string Mailbox, uint Serial, uint Minimum, uint Ttl) : DnsRecord(Name, DnsType.SOA, Ttl);

/// <summary>An answer before it is written.</summary>
/// <param name="Code">How the query ended.</param>
/// <param name="Answers">Records that were asked for.</param>
/// <param name="Authority">Who says so: the zone's SOA with a "no".</param>
/// <param name="Additional">Records that will be asked for next.</param>
public sealed record DnsAnswer(DnsCode Code, IReadOnlyList<DnsRecord> Answers, IReadOnlyList<DnsRecord> Authority, IReadOnlyList<DnsRecord> Additional)
{
    /// <summary>Only a code.</summary>
    public static DnsAnswer Of(DnsCode code) => new(code, [], [], []);

    /// <summary>Only records.</summary>
    public static DnsAnswer Of(IReadOnlyList<DnsRecord> answers, IReadOnlyList<DnsRecord>? additional = null) => new(DnsCode.NoError, answers, [], additional ?? []);
}
