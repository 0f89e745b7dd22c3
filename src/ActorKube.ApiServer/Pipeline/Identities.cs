using System.Security.Cryptography;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>Where uids and generated names come from. Tests put a seeded one in its place.</summary>
public class Identities
{
    // No vowels and nothing that looks alike, so that no name is a word by accident. Kubernetes' own alphabet.
    private const string Alphabet = "bcdfghjklmnpqrstvwxz2456789";
    private const int SuffixLength = 5;
    private const int MaxGeneratedLength = 63 - SuffixLength;

    // Random bytes are dear one by one and cheap by the page. Each thread has a page of its own.
    [ThreadStatic]
    private static byte[]? _page;

    [ThreadStatic]
    private static int _used;

    /// <summary>A new uid: a random UUID.</summary>
    public virtual string Uid()
    {
        Span<byte> bytes = stackalloc byte[16];
        Fill(bytes);
        bytes[6] = (byte)((bytes[6] & 0x0f) | 0x40);
        bytes[8] = (byte)((bytes[8] & 0x3f) | 0x80);
        return new Guid(bytes, bigEndian: true).ToString();
    }

    /// <summary>A name from a generateName prefix.</summary>
    public string Name(string prefix)
    {
        Span<byte> bytes = stackalloc byte[SuffixLength];
        Fill(bytes);
        Span<char> suffix = stackalloc char[SuffixLength];
        for (var i = 0; i < SuffixLength; i++)
        {
            suffix[i] = Alphabet[bytes[i] % Alphabet.Length];
        }

        return string.Concat(prefix.Length > MaxGeneratedLength ? prefix.AsSpan(0, MaxGeneratedLength) : prefix, suffix);
    }

    /// <summary>Random bytes.</summary>
    protected virtual void Fill(Span<byte> bytes)
    {
        if (_page is null || _used + bytes.Length > _page.Length)
        {
            _page ??= new byte[2048];
            RandomNumberGenerator.Fill(_page);
            _used = 0;
        }

        _page.AsSpan(_used, bytes.Length).CopyTo(bytes);
        _used += bytes.Length;
    }
}
