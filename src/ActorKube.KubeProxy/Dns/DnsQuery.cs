using System.Buffers.Binary;

namespace ActorKube.KubeProxy.Dns;

/// <summary>A query as it came. Source: RFC 1035, RFC 6891.</summary>
/// <param name="Id">Chosen by the client.</param>
/// <param name="Name">The name asked for, in lower case, without the dot at the end.</param>
/// <param name="Type">The type asked for.</param>
/// <param name="RecursionDesired">Whether we shall ask others.</param>
/// <param name="Question">The question's bytes as they came, which the answer repeats with their capitals.</param>
/// <param name="UdpSize">The largest datagram the client takes.</param>
/// <param name="HasOptions">Whether the client speaks EDNS.</param>
public sealed record DnsQuery(ushort Id, string Name, DnsType Type, bool RecursionDesired, ReadOnlyMemory<byte> Question, int UdpSize, bool HasOptions)
{
    /// <summary>Bytes of a message's head.</summary>
    public const int HeaderLength = 12;

    private const int ClassInternet = 1;
    private const int MinUdpSize = 512;

    /// <summary>
    /// Reads a query. Returns null for what is no query at all and shall get no answer; <paramref name="error"/> is what to answer to one
    /// that cannot be served.
    /// </summary>
    public static DnsQuery? Parse(ReadOnlyMemory<byte> message, out DnsCode error)
    {
        error = DnsCode.NoError;
        var span = message.Span;
        if (span.Length < HeaderLength || (span[2] & 0x80) != 0)
        {
            return null;
        }

        var id = BinaryPrimitives.ReadUInt16BigEndian(span);
        var recursion = (span[2] & 1) != 0;
        var unread = new DnsQuery(id, "", 0, recursion, ReadOnlyMemory<byte>.Empty, MinUdpSize, false);
        if (((span[2] >> 3) & 0xF) != 0)
        {
            error = DnsCode.NotImplemented;
            return unread;
        }

        var reader = new DnsReader(span, HeaderLength);
        if (BinaryPrimitives.ReadUInt16BigEndian(span[4..]) != 1 || reader.ReadName() is not { } name || !reader.TryReadUInt16(out var type) || !reader.TryReadUInt16(out var kind))
        {
            error = DnsCode.FormatError;
            return unread;
        }

        var query = unread with { Name = name, Type = (DnsType)type, Question = message[HeaderLength..reader.Position] };
        if (kind != ClassInternet)
        {
            error = DnsCode.NotImplemented;
            return query;
        }

        // The options, if any, are a record of the additional section; a query has nothing before it.
        var additional = BinaryPrimitives.ReadUInt16BigEndian(span[10..]);
        for (var i = 0; i < additional; i++)
        {
            if (!reader.TryReadRecord(out var record))
            {
                error = DnsCode.FormatError;
                return query;
            }

            if (record.Type == DnsType.OPT)
            {
                query = query with { HasOptions = true, UdpSize = Math.Clamp((int)record.Class, MinUdpSize, DnsWriter.MaxUdpSize) };
            }
        }

        return query;
    }
}
