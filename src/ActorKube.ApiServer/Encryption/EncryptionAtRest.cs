using System.Security.Cryptography;
using System.Text;

namespace ActorKube.ApiServer.Encryption;

/// <summary>A stored object that cannot be read: its key is not known, or its bytes are not what was written.</summary>
internal sealed class UnreadableObjectException(string message) : Exception(message);

/// <summary>
/// The form of objects in the store where they are encrypted: <c>k8s:enc:aesgcm:v1:&lt;key&gt;:</c>, a nonce of 12 bytes, the AES-GCM ciphertext, a tag of
/// 16 bytes; bound to the object's place, so that one object's bytes are worth nothing under another's name. Every object is read in whichever form it is in.
/// Source: https://kubernetes.io/docs/tasks/administer-cluster/encrypt-data/
/// </summary>
internal sealed class EncryptionAtRest
{
    private const int NonceSize = 12;
    private const int TagSize = 16;

    private readonly IReadOnlyList<EncryptionKey> _keys;
    private readonly HashSet<string> _resources;
    private readonly byte[] _ownPrefix;

    /// <summary>Encrypts those resource types with the first key.</summary>
    /// <param name="resources">Resource types as the store names them, such as <c>secrets</c>.</param>
    /// <param name="keys">The first one encrypts, all decrypt.</param>
    public EncryptionAtRest(IReadOnlyCollection<string> resources, IReadOnlyList<EncryptionKey> keys)
    {
        _resources = new HashSet<string>(resources, StringComparer.Ordinal);
        _keys = keys;
        _ownPrefix = keys.Count == 0 ? [] : Prefix(keys[0].Name);
    }

    private static ReadOnlySpan<byte> Sealed => "k8s:enc:aesgcm:v1:"u8;

    /// <summary>Whether objects of the resource type are encrypted when they are written.</summary>
    public bool Covers(string resource) => _resources.Contains(resource);

    /// <summary>Whether a write would store the object in another form than it is in.</summary>
    public bool IsStale(string resource, ReadOnlySpan<byte> stored) => Covers(resource) ? !stored.StartsWith(_ownPrefix) : stored.StartsWith(Sealed);

    /// <summary>The bytes to store of an object's JSON; for a type that is not covered, the JSON itself.</summary>
    public byte[] Seal(string resource, string key, byte[] json)
    {
        if (!Covers(resource))
        {
            return json;
        }

        var stored = new byte[_ownPrefix.Length + NonceSize + json.Length + TagSize];
        _ownPrefix.CopyTo(stored, 0);
        var nonce = stored.AsSpan(_ownPrefix.Length, NonceSize);
        RandomNumberGenerator.Fill(nonce);
        var body = stored.AsSpan(_ownPrefix.Length + NonceSize);
        using var aes = new AesGcm(_keys[0].Secret, TagSize);
        aes.Encrypt(nonce, json, body[..json.Length], body[json.Length..], Place(resource, key));
        return stored;
    }

    /// <summary>The JSON of stored bytes. Throws <see cref="UnreadableObjectException"/>.</summary>
    public ReadOnlyMemory<byte> Open(string resource, string key, ReadOnlyMemory<byte> stored)
    {
        var bytes = stored.Span;
        if (!bytes.StartsWith(Sealed))
        {
            return stored;
        }

        bytes = bytes[Sealed.Length..];
        var end = bytes.IndexOf((byte)':');
        var name = end < 0 ? "" : Encoding.UTF8.GetString(bytes[..end]);
        if (_keys.FirstOrDefault(k => k.Name == name) is not { } secret)
        {
            throw new UnreadableObjectException($"{resource} {key} is encrypted with the key '{name}', which is not in actorkube.apiserver.encryption.key-file");
        }

        bytes = bytes[(end + 1)..];
        var length = bytes.Length - NonceSize - TagSize;
        if (length < 0)
        {
            throw new UnreadableObjectException($"{resource} {key} is encrypted, but its bytes in the store are too few");
        }

        var json = new byte[length];
        using var aes = new AesGcm(secret.Secret, TagSize);
        try
        {
            aes.Decrypt(bytes[..NonceSize], bytes.Slice(NonceSize, length), bytes[(NonceSize + length)..], json, Place(resource, key));
        }
        catch (AuthenticationTagMismatchException)
        {
            throw new UnreadableObjectException($"{resource} {key} is encrypted with a key that is not the '{name}' of actorkube.apiserver.encryption.key-file, or its bytes in the store were changed");
        }

        return json;
    }

    private static byte[] Prefix(string name) => [.. Sealed, .. Encoding.UTF8.GetBytes(name), (byte)':'];

    private static byte[] Place(string resource, string key) => Encoding.UTF8.GetBytes($"{resource}/{key}");
}
