using System.Security.Cryptography;
using System.Text;
using ActorKube.ApiServer.Encryption;
using Akka.Configuration;
using CsCheck;

namespace ActorKube.ApiServer.Tests.Encryption;

public sealed class EncryptionAtRestTests
{
    private static readonly EncryptionKey First = new("first", RandomNumberGenerator.GetBytes(32));
    private static readonly EncryptionKey Second = new("second", RandomNumberGenerator.GetBytes(16));
    private static readonly EncryptionAtRest Encryption = new(["secrets"], [First, Second]);

    [Fact]
    public void What_is_sealed_opens_again_and_shows_nothing() => Gen.Byte.Array[0, 500].Sample(body =>
    {
        byte[] json = [.. "{\"data\":\"hunter2-"u8, .. body, (byte)'}'];
        var stored = Encryption.Seal("secrets", "default/a", json);
        return stored.AsSpan().StartsWith("k8s:enc:aesgcm:v1:first:"u8)
            && stored.AsSpan().IndexOf("hunter2"u8) < 0
            && Encryption.Open("secrets", "default/a", stored).Span.SequenceEqual(json)
            && !stored.AsSpan().SequenceEqual(Encryption.Seal("secrets", "default/a", json));
    });

    [Fact]
    public void Other_types_stay_as_they_are()
    {
        var json = "{}"u8.ToArray();
        Assert.Same(json, Encryption.Seal("configmaps", "default/a", json));
        Assert.Equal(json, Encryption.Open("configmaps", "default/a", json).ToArray());
    }

    [Fact]
    public void An_object_is_stale_until_it_is_under_the_first_key()
    {
        var old = new EncryptionAtRest(["secrets"], [Second]).Seal("secrets", "default/a", "{}"u8.ToArray());
        Assert.Equal("{}", Encoding.UTF8.GetString(Encryption.Open("secrets", "default/a", old).Span));
        Assert.True(Encryption.IsStale("secrets", old));
        Assert.True(Encryption.IsStale("secrets", "{}"u8));
        Assert.False(Encryption.IsStale("secrets", Encryption.Seal("secrets", "default/a", "{}"u8.ToArray())));
        Assert.False(Encryption.IsStale("configmaps", "{}"u8));
        Assert.True(new EncryptionAtRest([], [Second]).IsStale("secrets", old));
    }

    [Fact]
    public void Bytes_under_another_name_or_changed_or_of_an_unknown_key_do_not_open()
    {
        var stored = Encryption.Seal("secrets", "default/a", "{}"u8.ToArray());
        Assert.Contains("were changed", Assert.Throws<UnreadableObjectException>(() => Encryption.Open("secrets", "default/b", stored)).Message);
        Assert.Contains("the key 'first', which is not in", Assert.Throws<UnreadableObjectException>(() => new EncryptionAtRest([], [Second]).Open("secrets", "default/a", stored)).Message);
        stored[^1] ^= 1;
        Assert.Throws<UnreadableObjectException>(() => Encryption.Open("secrets", "default/a", stored));
        Assert.Throws<UnreadableObjectException>(() => Encryption.Open("secrets", "default/a", stored.AsMemory(0, 30)));
    }

    [Fact]
    public void A_file_of_keys_is_read_and_its_errors_name_the_line_and_not_the_key()
    {
        var keys = EncryptionKeys.Parse(["# comment", "", "a:" + Convert.ToBase64String(new byte[32]), " b: " + Convert.ToBase64String(new byte[16])], "keys");
        Assert.Equal([("a", 32), ("b", 16)], keys.Select(k => (k.Name, k.Secret.Length)));
        foreach (var (line, error) in new[]
        {
            ("hunter2", "keys: line 2 is not name:key"),
            ("a b:hunter2", "keys: line 2 is not name:key"),
            ("b:hunter2", "keys: line 2 has no key of 16, 24 or 32 bytes in base64"),
            ("b:" + Convert.ToBase64String(new byte[31]), "keys: line 2 has no key of 16, 24 or 32 bytes in base64"),
            ("a:" + Convert.ToBase64String(new byte[16]), "keys: line 2 names the key a a second time"),
        })
        {
            Assert.EndsWith(error, Assert.Throws<ConfigurationException>(() => EncryptionKeys.Parse(["a:" + Convert.ToBase64String(new byte[32]), line], "keys")).Message, StringComparison.Ordinal);
        }
    }
}
