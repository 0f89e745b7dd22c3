using System.Security.Cryptography;
using System.Text.Json;
using Microsoft.IdentityModel.Tokens;

namespace ActorKube.ApiServer.Authentication;

/// <summary>
/// The keys of service account tokens: one that signs, and any number that tokens may have been signed with, so that keys can be rotated.
/// ECDSA on P-256 (ES256) where the server makes one; an RSA key (RS256) that is there is used as well.
/// </summary>
internal sealed class ServiceAccountKeys
{
    private ServiceAccountKeys(Key signing, IReadOnlyList<Key> all)
    {
        Signing = signing.Credentials;
        Verifying = [.. all.Select(k => k.Public)];
        JsonWebKeySet = WriteKeySet(all);
        Algorithms = [.. all.Select(k => k.Algorithm).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>Signs tokens.</summary>
    public SigningCredentials Signing { get; }

    /// <summary>Verify tokens.</summary>
    public IReadOnlyList<SecurityKey> Verifying { get; }

    /// <summary>The public keys as a JSON Web Key Set.</summary>
    public ReadOnlyMemory<byte> JsonWebKeySet { get; }

    /// <summary>The algorithms of the keys.</summary>
    public IReadOnlyList<string> Algorithms { get; }

    /// <summary>Reads the keys, making the one that signs when it is missing.</summary>
    /// <param name="settings">Which files.</param>
    /// <param name="pkiDirectory">Where <c>sa.key</c> lies when the settings name no file.</param>
    public static ServiceAccountKeys Open(AuthenticationSettings settings, string pkiDirectory)
    {
        var file = settings.SigningKeyFile.Length > 0 ? settings.SigningKeyFile : Path.Combine(pkiDirectory, "sa.key");
        if (!File.Exists(file))
        {
            Make(file);
        }

        var signing = Key.Read(file);
        if (!signing.HasPrivate)
        {
            throw new CryptographicException($"{file} holds no private key to sign service account tokens with");
        }

        return new ServiceAccountKeys(signing, [.. settings.VerificationKeyFiles.Select(Key.Read).Prepend(signing).DistinctBy(k => k.Public.KeyId)]);
    }

    private static void Make(string file)
    {
        if (Path.GetDirectoryName(file) is { Length: > 0 } directory)
        {
            Directory.CreateDirectory(directory);
        }

        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(file, options))
        {
            writer.Write(key.ExportPkcs8PrivateKeyPem() + "\n");
        }

        File.WriteAllText(Path.ChangeExtension(file, ".pub"), key.ExportSubjectPublicKeyInfoPem() + "\n");
    }

    private static byte[] WriteKeySet(IReadOnlyList<Key> keys)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            json.WriteStartArray("keys");
            foreach (var key in keys)
            {
                key.Write(json);
            }

            json.WriteEndArray();
            json.WriteEndObject();
        }

        return stream.ToArray();
    }

    private sealed class Key
    {
        private readonly ECParameters? _curve;
        private readonly RSAParameters? _rsa;

        private Key(AsymmetricAlgorithm key, bool hasPrivate)
        {
            HasPrivate = hasPrivate;
            Id = Base64UrlEncoder.Encode(SHA256.HashData(key.ExportSubjectPublicKeyInfo()));
            if (key is ECDsa curve)
            {
                (_curve, Algorithm) = (curve.ExportParameters(false), curve.KeySize switch { 384 => "ES384", 521 => "ES512", _ => "ES256" });
                Public = new ECDsaSecurityKey(curve) { KeyId = Id };
            }
            else
            {
                var rsa = (RSA)key;
                (_rsa, Algorithm) = (rsa.ExportParameters(false), "RS256");
                Public = new RsaSecurityKey(rsa) { KeyId = Id };
            }

            Credentials = new SigningCredentials(Public, Algorithm);
        }

        public string Id { get; }

        public string Algorithm { get; }

        public bool HasPrivate { get; }

        public SecurityKey Public { get; }

        public SigningCredentials Credentials { get; }

        public static Key Read(string file)
        {
            var pem = File.ReadAllText(file);
            var hasPrivate = pem.Contains("PRIVATE KEY", StringComparison.Ordinal);
            try
            {
                var curve = ECDsa.Create();
                curve.ImportFromPem(pem);
                return new Key(curve, hasPrivate);
            }
            catch (Exception e) when (e is CryptographicException or ArgumentException)
            {
                // Not an elliptic curve: then it must be RSA, which says what is wrong if it is not.
                var rsa = RSA.Create();
                rsa.ImportFromPem(pem);
                return new Key(rsa, hasPrivate);
            }
        }

        public void Write(Utf8JsonWriter json)
        {
            json.WriteStartObject();
            json.WriteString("use", "sig");
            json.WriteString("kty", _curve is null ? "RSA" : "EC");
            json.WriteString("kid", Id);
            if (_curve is { } curve)
            {
                json.WriteString("crv", Algorithm switch { "ES384" => "P-384", "ES512" => "P-521", _ => "P-256" });
                json.WriteString("alg", Algorithm);
                json.WriteString("x", Base64UrlEncoder.Encode(curve.Q.X));
                json.WriteString("y", Base64UrlEncoder.Encode(curve.Q.Y));
            }
            else
            {
                json.WriteString("alg", Algorithm);
                json.WriteString("n", Base64UrlEncoder.Encode(_rsa!.Value.Modulus));
                json.WriteString("e", Base64UrlEncoder.Encode(_rsa.Value.Exponent));
            }

            json.WriteEndObject();
        }
    }
}
