using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace ActorKube.ControllerManager.ServiceAccounts;

/// <summary>Signs the tokens that lie in secrets: for ever good, as long as the secret is there.</summary>
/// <param name="keyFile">The private key (PEM, ECDSA or RSA) that the API server knows its service accounts' tokens by. The server makes it, so it may come later.</param>
internal sealed class LegacyTokenSigner(string keyFile)
{
    private const string Issuer = "kubernetes/serviceaccount";
    private const string Prefix = "kubernetes.io/serviceaccount/";

    /// <summary>A token; null while there is no key.</summary>
    /// <param name="ns">Namespace of account and secret.</param>
    /// <param name="account">The service account's name.</param>
    /// <param name="uid">The service account's uid.</param>
    /// <param name="secret">The secret's name.</param>
    public string? Sign(string ns, string account, string uid, string secret)
    {
        if (!File.Exists(keyFile))
            return null;
        using var key = Read(File.ReadAllText(keyFile));
        var (algorithm, hash) = key switch
        {
            ECDsa { KeySize: 384 } => ("ES384", HashAlgorithmName.SHA384),
            ECDsa { KeySize: 521 } => ("ES512", HashAlgorithmName.SHA512),
            ECDsa => ("ES256", HashAlgorithmName.SHA256),
            _ => ("RS256", HashAlgorithmName.SHA256),
        };
        var header = Write(("alg", algorithm), ("kid", Base64Url.EncodeToString(SHA256.HashData(key.ExportSubjectPublicKeyInfo()))));
        var payload = Write(
            ("iss", Issuer),
            (Prefix + "namespace", ns),
            (Prefix + "secret.name", secret),
            (Prefix + "service-account.name", account),
            (Prefix + "service-account.uid", uid),
            ("sub", $"system:serviceaccount:{ns}:{account}"));
        var signed = $"{Base64Url.EncodeToString(header)}.{Base64Url.EncodeToString(payload)}";
        var bytes = Encoding.ASCII.GetBytes(signed);
        var signature = key is ECDsa curve ? curve.SignData(bytes, hash) : ((RSA)key).SignData(bytes, hash, RSASignaturePadding.Pkcs1);
        return $"{signed}.{Base64Url.EncodeToString(signature)}";
    }

    private static AsymmetricAlgorithm Read(string pem)
    {
        var curve = ECDsa.Create();
        try
        {
            curve.ImportFromPem(pem);
            return curve;
        }
        catch (Exception e) when (e is CryptographicException or ArgumentException)
        {
            // Not an elliptic curve: then it must be RSA, which says what is wrong if it is not.
            curve.Dispose();
            var rsa = RSA.Create();
            rsa.ImportFromPem(pem);
            return rsa;
        }
    }

    private static byte[] Write(params ReadOnlySpan<(string Name, string Value)> members)
    {
        using var stream = new MemoryStream();
        using (var json = new Utf8JsonWriter(stream))
        {
            json.WriteStartObject();
            foreach (var (name, value) in members)
                json.WriteString(name, value);
            json.WriteEndObject();
        }

        return stream.ToArray();
    }
}
