using System.Buffers.Binary;
using System.Text;

namespace ActorKube.KubeProxy.Dns;

/// <summary>Writes a reply, with names compressed.</summary>
public sealed class DnsWriter
{
    /// <summary>The largest datagram we send or announce: fits any link without fragments.</summary>
    public const int MaxUdpSize = 1232;

    private const int LongestRecord = 1100;

    private readonly byte[] _buffer;
    private readonly Dictionary<string, int> _names = [];
    private readonly int _limit;
    private int _at;

    private DnsWriter(int limit)
    {
        _limit = limit;
        _buffer = new byte[limit + LongestRecord];
    }

    /// <summary>
    /// The reply's bytes. What does not fit into <paramref name="limit"/> is left out and the reply marked as cut off, so that the client
    /// asks again by TCP; additional records are left out silently.
    /// </summary>
    /// <param name="query">The query.</param>
    /// <param name="answer">The answer.</param>
    /// <param name="limit">Bytes the client takes.</param>
    /// <param name="isAuthority">Whether the name is in our zone.</param>
    public static byte[] Write(DnsQuery query, DnsAnswer answer, int limit, bool isAuthority) => new DnsWriter(limit - (query.HasOptions ? 11 : 0)).Reply(query, answer, isAuthority);

    /// <summary>A query of our own, to somebody else.</summary>
    public static byte[] Question(ushort id, string name, DnsType type)
    {
        var writer = new DnsWriter(MaxUdpSize);
        writer.UInt16(id);
        writer.UInt16(0x0100);
        writer.UInt16(1);
        writer.UInt16(0);
        writer.UInt16(0);
        writer.UInt16(0);
        writer.Name(name);
        writer.UInt16((ushort)type);
        writer.UInt16(1);
        return writer._buffer[..writer._at];
    }

    private byte[] Reply(DnsQuery query, DnsAnswer answer, bool isAuthority)
    {
        _at = DnsQuery.HeaderLength;
        query.Question.Span.CopyTo(_buffer.AsSpan(_at));
        if (!query.Question.IsEmpty)
        {
            Remember(query.Name, _at);
            _at += query.Question.Length;
        }

        var (answers, complete) = Records(answer.Answers);
        var (authority, _) = complete ? Records(answer.Authority) : (0, true);
        var (additional, _) = complete ? Records(answer.Additional) : (0, true);
        if (query.HasOptions)
        {
            // Root name, OPT, our size, no flags, no data.
            _buffer[_at++] = 0;
            UInt16((ushort)DnsType.OPT);
            UInt16(MaxUdpSize);
            UInt32(0);
            UInt16(0);
            additional++;
        }

        var end = _at;
        _at = 0;
        UInt16(query.Id);
        _buffer[_at++] = (byte)(0x80 | (isAuthority ? 4 : 0) | (complete ? 0 : 2) | (query.RecursionDesired ? 1 : 0));
        _buffer[_at++] = (byte)(0x80 | (byte)answer.Code);
        UInt16((ushort)(query.Question.IsEmpty ? 0 : 1));
        UInt16((ushort)answers);
        UInt16((ushort)authority);
        UInt16((ushort)additional);
        return _buffer[..end];
    }

    private (int Written, bool Complete) Records(IReadOnlyList<DnsRecord> records)
    {
        for (var i = 0; i < records.Count; i++)
        {
            var before = _at;
            Record(records[i]);
            if (_at > _limit)
            {
                _at = before;
                return (i, false);
            }
        }

        return (records.Count, true);
    }

    private void Record(DnsRecord record)
    {
        Name(record.Name);
        UInt16((ushort)record.Type);
        UInt16(1);
        UInt32(record.Ttl);
        var length = _at;
        UInt16(0);
        switch (record)
        {
            case AddressRecord a:
                _at += a.Address.TryWriteBytes(_buffer.AsSpan(_at), out var written) ? written : 0;
                break;
            case NameRecord n:
                Name(n.Target);
                break;
            case ServiceRecord s:
                UInt16(s.Priority);
                UInt16(s.Weight);
                UInt16(s.Port);
                Name(s.Target, compress: false);
                break;
            case TextRecord t:
                _buffer[_at] = (byte)Encoding.Latin1.GetBytes(t.Text, _buffer.AsSpan(_at + 1, Math.Min(t.Text.Length, 255)));
                _at += 1 + _buffer[_at];
                break;
            case StartRecord s:
                Name(s.Server);
                Name(s.Mailbox);
                UInt32(s.Serial);
                UInt32(7200);
                UInt32(1800);
                UInt32(86400);
                UInt32(s.Minimum);
                break;
            default:
                throw new InvalidOperationException($"no way to write {record}");
        }

        BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(length), (ushort)(_at - length - 2));
    }

    private void Name(string name, bool compress = true)
    {
        while (name.Length > 0)
        {
            if (compress && _names.TryGetValue(name, out var known))
            {
                UInt16((ushort)(0xC000 | known));
                return;
            }

            if (_at < 0x4000)
            {
                _names.TryAdd(name, _at);
            }

            var dot = name.IndexOf('.');
            var label = dot < 0 ? name : name[..dot];
            _buffer[_at++] = (byte)label.Length;
            _at += Encoding.Latin1.GetBytes(label, _buffer.AsSpan(_at));
            name = dot < 0 ? "" : name[(dot + 1)..];
        }

        _buffer[_at++] = 0;
    }

    /// <summary>The question's name and its ends may be referred to.</summary>
    private void Remember(string name, int at)
    {
        while (name.Length > 0)
        {
            _names.TryAdd(name, at);
            var dot = name.IndexOf('.');
            at += 1 + (dot < 0 ? name.Length : dot);
            name = dot < 0 ? "" : name[(dot + 1)..];
        }
    }

    private void UInt16(ushort value)
    {
        BinaryPrimitives.WriteUInt16BigEndian(_buffer.AsSpan(_at), value);
        _at += 2;
    }

    private void UInt32(uint value)
    {
        BinaryPrimitives.WriteUInt32BigEndian(_buffer.AsSpan(_at), value);
        _at += 4;
    }
}
