using System.Buffers.Binary;
using System.Net;
using System.Text;

namespace ActorKube.KubeProxy.Dns;

/// <summary>A record's frame: its data lies at <paramref name="Offset"/> of the message.</summary>
internal readonly record struct RawRecord(string Name, DnsType Type, ushort Class, uint Ttl, int Offset, int Length);

/// <summary>Reads a message piece by piece; nothing a stranger sends makes it throw or loop.</summary>
internal ref struct DnsReader(ReadOnlySpan<byte> message, int position)
{
    private const int MaxName = 255;
    private readonly ReadOnlySpan<byte> _message = message;

    public int Position { get; private set; } = position;

    /// <summary>A name, following compression, in lower case; null when it is malformed.</summary>
    public string? ReadName()
    {
        var name = ReadName(_message, Position, out var end);
        Position = end;
        return name;
    }

    public bool TryReadUInt16(out ushort value)
    {
        value = 0;
        if (Position + 2 > _message.Length)
        {
            return false;
        }

        value = BinaryPrimitives.ReadUInt16BigEndian(_message[Position..]);
        Position += 2;
        return true;
    }

    public bool TryReadRecord(out RawRecord record)
    {
        record = default;
        if (ReadName() is not { } name || Position + 10 > _message.Length)
        {
            return false;
        }

        var head = _message[Position..];
        var length = BinaryPrimitives.ReadUInt16BigEndian(head[8..]);
        record = new RawRecord(
            name, (DnsType)BinaryPrimitives.ReadUInt16BigEndian(head), BinaryPrimitives.ReadUInt16BigEndian(head[2..]), BinaryPrimitives.ReadUInt32BigEndian(head[4..]), Position + 10, length);
        Position += 10 + length;
        return Position <= _message.Length;
    }

    /// <summary>The addresses and aliases among the answers of a reply, for completing an alias of our own.</summary>
    public static List<DnsRecord>? ReadAddresses(ReadOnlySpan<byte> message)
    {
        if (message.Length < DnsQuery.HeaderLength)
        {
            return null;
        }

        var reader = new DnsReader(message, DnsQuery.HeaderLength);
        for (var i = BinaryPrimitives.ReadUInt16BigEndian(message[4..]); i > 0; i--)
        {
            if (reader.ReadName() is null || !reader.TryReadUInt16(out _) || !reader.TryReadUInt16(out _))
            {
                return null;
            }
        }

        var records = new List<DnsRecord>();
        for (var i = BinaryPrimitives.ReadUInt16BigEndian(message[6..]); i > 0; i--)
        {
            if (!reader.TryReadRecord(out var raw))
            {
                return null;
            }

            if (raw is { Type: DnsType.A, Length: 4 } or { Type: DnsType.AAAA, Length: 16 })
            {
                records.Add(new AddressRecord(raw.Name, new IPAddress(message.Slice(raw.Offset, raw.Length)), raw.Ttl));
            }
            else if (raw.Type == DnsType.CNAME && ReadName(message, raw.Offset, out _) is { } target)
            {
                records.Add(new NameRecord(raw.Name, DnsType.CNAME, target, raw.Ttl));
            }
        }

        return records;
    }

    private static string? ReadName(ReadOnlySpan<byte> message, int position, out int end)
    {
        var text = new StringBuilder();
        end = -1;
        while (position < message.Length)
        {
            var length = message[position];
            if (length == 0)
            {
                end = end < 0 ? position + 1 : end;
                return text.ToString();
            }

            if ((length & 0xC0) == 0xC0)
            {
                if (position + 1 >= message.Length)
                {
                    break;
                }

                // A reference must lead back, or it could lead round in a circle.
                var target = ((length & 0x3F) << 8) | message[position + 1];
                end = end < 0 ? position + 2 : end;
                if (target >= position)
                {
                    break;
                }

                position = target;
                continue;
            }

            if (length > 63 || position + 1 + length > message.Length || text.Length + length + 1 > MaxName)
            {
                break;
            }

            if (text.Length > 0)
            {
                text.Append('.');
            }

            foreach (var b in message.Slice(position + 1, length))
            {
                text.Append(b is >= (byte)'A' and <= (byte)'Z' ? (char)(b + 32) : (char)b);
            }

            position += 1 + length;
        }

        end = message.Length;
        return null;
    }
}
