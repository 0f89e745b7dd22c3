using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace ActorKube.ContainerRuntime.Images;

/// <summary>What an entry of a tar is.</summary>
internal enum TarEntryKind
{
    File,
    Directory,
    Symlink,
    HardLink,
    CharacterDevice,
    BlockDevice,
    Fifo,
}

/// <summary>One entry's metadata. Names are as written in the archive; nothing is resolved or checked here.</summary>
internal sealed record TarEntry
{
    public required string Name { get; init; }

    public required TarEntryKind Kind { get; init; }

    public string LinkName { get; init; } = "";

    public long Size { get; init; }

    public int Mode { get; init; }

    public int Uid { get; init; }

    public int Gid { get; init; }

    public DateTimeOffset Modified { get; init; }

    public uint DeviceMajor { get; init; }

    public uint DeviceMinor { get; init; }

    /// <summary>Extended attributes, as the bytes they are: a file capability is no text.</summary>
    public IReadOnlyDictionary<string, byte[]> Xattrs { get; init; } = EmptyXattrs;

    private static readonly Dictionary<string, byte[]> EmptyXattrs = [];
}

/// <summary>
/// Reads ustar, GNU and PAX tars forward only. Made for image layers: extended attributes keep their exact bytes,
/// which System.Formats.Tar decodes as text, and an archive may end without its two empty blocks.
/// </summary>
internal sealed class TarStream(Stream source)
{
    private const int Block = 512;
    private const int MaxHeaderRecord = 1 << 20;
    private readonly byte[] _header = new byte[Block];
    private long _remaining;
    private int _padding;

    /// <summary>The next entry, or null at the end. What was left unread of the previous entry's content is skipped.</summary>
    public TarEntry? Next()
    {
        Skip(_remaining + _padding);
        _remaining = _padding = 0;
        string? longName = null, longLink = null;
        Dictionary<string, byte[]>? pax = null;
        while (true)
        {
            var read = source.ReadAtLeast(_header, Block, throwOnEndOfStream: false);
            if (read == 0)
                return null;
            if (read < Block)
                throw new InvalidDataException("unexpected end of tar header");
            if (!_header.AsSpan().ContainsAnyExcept((byte)0))
                return null;
            VerifyChecksum();
            var size = Number(_header.AsSpan(124, 12));
            if (size < 0)
                throw new InvalidDataException("negative size in tar header");
            switch ((char)_header[156])
            {
                case 'L':
                    longName = Text(ReadRecord(size));
                    continue;
                case 'K':
                    longLink = Text(ReadRecord(size));
                    continue;
                case 'x':
                    pax = ParsePax(ReadRecord(size));
                    continue;
                case 'g':
                    ReadRecord(size);
                    continue;
            }
            return Entry(size, longName, longLink, pax);
        }
    }

    /// <summary>Copies the current entry's content.</summary>
    public void CopyContentTo(Stream target, byte[] buffer)
    {
        while (_remaining > 0)
        {
            var read = source.Read(buffer, 0, (int)Math.Min(buffer.Length, _remaining));
            if (read == 0)
                throw new InvalidDataException("unexpected end of tar content");
            target.Write(buffer, 0, read);
            _remaining -= read;
        }
    }

    /// <summary>The current entry's content, which must be small enough to hold.</summary>
    public byte[] ReadContent(int limit)
    {
        if (_remaining > limit)
            throw new InvalidDataException($"tar entry of {_remaining} bytes is larger than {limit}");
        var content = new byte[_remaining];
        source.ReadExactly(content);
        _remaining = 0;
        return content;
    }

    private TarEntry Entry(long size, string? longName, string? longLink, Dictionary<string, byte[]>? pax)
    {
        var type = (char)_header[156];
        var name = longName ?? HeaderName();
        var link = longLink ?? Text(_header.AsSpan(157, 100));
        var uid = Number(_header.AsSpan(108, 8));
        var gid = Number(_header.AsSpan(116, 8));
        var modified = DateTimeOffset.UnixEpoch.AddSeconds(Math.Clamp(Number(_header.AsSpan(136, 12)), 0, 253402300799));
        Dictionary<string, byte[]>? xattrs = null;
        foreach (var (key, value) in pax ?? [])
        {
            switch (key)
            {
                case "path": name = Encoding.UTF8.GetString(value); break;
                case "linkpath": link = Encoding.UTF8.GetString(value); break;
                case "size": size = PaxNumber(key, value); break;
                case "uid": uid = PaxNumber(key, value); break;
                case "gid": gid = PaxNumber(key, value); break;
                case "mtime":
                    if (Utf8Parser.TryParse(value, out decimal seconds, out _) && seconds is > 0 and < 253402300799)
                        modified = DateTimeOffset.UnixEpoch.AddTicks((long)(seconds * TimeSpan.TicksPerSecond));
                    break;
                default:
                    if (key.StartsWith("SCHILY.xattr.", StringComparison.Ordinal))
                        (xattrs ??= [])[key["SCHILY.xattr.".Length..]] = value;
                    else if (key.StartsWith("GNU.sparse.", StringComparison.Ordinal))
                        throw new InvalidDataException($"tar entry \"{name}\" is a sparse file, which image layers may not hold");
                    break;
            }
        }
        var kind = type switch
        {
            '\0' or '0' or '7' => name.EndsWith('/') ? TarEntryKind.Directory : TarEntryKind.File,
            '1' => TarEntryKind.HardLink,
            '2' => TarEntryKind.Symlink,
            '3' => TarEntryKind.CharacterDevice,
            '4' => TarEntryKind.BlockDevice,
            '5' => TarEntryKind.Directory,
            '6' => TarEntryKind.Fifo,
            _ => throw new InvalidDataException($"tar entry \"{name}\" has the unknown type '{type}'"),
        };
        if (kind != TarEntryKind.File)
            size = kind == TarEntryKind.HardLink ? size : 0;
        _remaining = size;
        _padding = (int)((Block - size % Block) % Block);
        return new TarEntry
        {
            Name = name,
            Kind = kind,
            LinkName = link,
            Size = size,
            Mode = (int)(Number(_header.AsSpan(100, 8)) & 0xFFF),
            Uid = (int)uid,
            Gid = (int)gid,
            Modified = modified,
            DeviceMajor = kind is TarEntryKind.CharacterDevice or TarEntryKind.BlockDevice ? (uint)Number(_header.AsSpan(329, 8)) : 0,
            DeviceMinor = kind is TarEntryKind.CharacterDevice or TarEntryKind.BlockDevice ? (uint)Number(_header.AsSpan(337, 8)) : 0,
            Xattrs = xattrs ?? (IReadOnlyDictionary<string, byte[]>)new Dictionary<string, byte[]>(),
        };
    }

    private string HeaderName()
    {
        var name = Text(_header.AsSpan(0, 100));
        var isUstar = _header.AsSpan(257, 6).SequenceEqual("ustar\0"u8);
        var prefix = isUstar ? Text(_header.AsSpan(345, 155)) : "";
        return prefix.Length == 0 ? name : $"{prefix}/{name}";
    }

    private byte[] ReadRecord(long size)
    {
        if (size > MaxHeaderRecord)
            throw new InvalidDataException($"tar header record of {size} bytes is too large");
        var record = new byte[size];
        source.ReadExactly(record);
        Skip((Block - size % Block) % Block);
        return record;
    }

    /// <summary>Records are <c>length key=value\n</c>, the length counting the whole record; a value may hold any byte.</summary>
    private static Dictionary<string, byte[]> ParsePax(ReadOnlySpan<byte> records)
    {
        var result = new Dictionary<string, byte[]>();
        while (!records.IsEmpty && records[0] != 0)
        {
            if (!Utf8Parser.TryParse(records, out int length, out var digits) || length <= digits + 2 || length > records.Length || records[digits] != ' ')
                throw new InvalidDataException("malformed PAX record in tar");
            var pair = records[(digits + 1)..(length - 1)];
            var equals = pair.IndexOf((byte)'=');
            if (equals < 1)
                throw new InvalidDataException("malformed PAX record in tar");
            result[Encoding.UTF8.GetString(pair[..equals])] = pair[(equals + 1)..].ToArray();
            records = records[length..];
        }
        return result;
    }

    private static long PaxNumber(string key, byte[] value) =>
        Utf8Parser.TryParse(value, out long number, out var used) && used == value.Length && number >= 0
            ? number
            : throw new InvalidDataException($"malformed PAX {key} in tar");

    /// <summary>A number is octal text, or big-endian binary when its first bit is set.</summary>
    private static long Number(ReadOnlySpan<byte> field)
    {
        long value = 0;
        if ((field[0] & 0x80) != 0)
        {
            value = (field[0] & 0x40) != 0 ? -1 : 0;
            value = (value << 6) | (uint)(field[0] & 0x3F);
            foreach (var b in field[1..])
                value = (value << 8) | b;
            return value;
        }
        foreach (var b in field)
        {
            if (b is (byte)' ' or 0)
                continue;
            if (b is < (byte)'0' or > (byte)'7')
                throw new InvalidDataException("malformed number in tar header");
            value = (value << 3) | (uint)(b - '0');
        }
        return value;
    }

    private void VerifyChecksum()
    {
        var sum = 0;
        for (var i = 0; i < Block; i++)
            sum += i is >= 148 and < 156 ? ' ' : _header[i];
        if (Number(_header.AsSpan(148, 8)) != sum)
            throw new InvalidDataException("tar header has a wrong checksum");
    }

    private static string Text(ReadOnlySpan<byte> field)
    {
        var end = field.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? field : field[..end]);
    }

    private void Skip(long count)
    {
        if (count == 0)
            return;
        var buffer = ArrayPool<byte>.Shared.Rent(64 * 1024);
        try
        {
            while (count > 0)
            {
                var read = source.Read(buffer, 0, (int)Math.Min(buffer.Length, count));
                if (read == 0)
                {
                    // Padding after the last entry may be missing, its content may not.
                    if (count < Block && _remaining == 0)
                        return;
                    throw new InvalidDataException("unexpected end of tar content");
                }
                count -= read;
                _remaining = Math.Max(0, _remaining - read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
