using System.Formats.Asn1;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace ActorKube.ControllerManager.Certificates;

/// <summary>What a PKCS#10 request asks for, as far as signers look at it.</summary>
internal sealed record RequestedCertificate
{
    private const string CommonNameOid = "2.5.4.3";
    private const string OrganizationOid = "2.5.4.10";
    private const string AlternativeNamesOid = "2.5.29.17";

    // Choices of GeneralName, RFC 5280 section 4.2.1.6.
    private const int Email = 1;
    private const int Dns = 2;
    private const int Uri = 6;
    private const int Address = 7;

    /// <summary>The whole subject.</summary>
    public required X500DistinguishedName Subject { get; init; }

    /// <summary>The key to certify.</summary>
    public required PublicKey PublicKey { get; init; }

    /// <summary>The subject's common name; empty when it has none.</summary>
    public string CommonName { get; init; } = "";

    /// <summary>The subject's organizations.</summary>
    public IReadOnlyList<string> Organizations { get; init; } = [];

    /// <summary>The extension with the alternative names, as it was asked for.</summary>
    public X509Extension? AlternativeNames { get; init; }

    /// <summary>How many alternative names there are: emails, DNS names, URIs and addresses.</summary>
    public (int Emails, int DnsNames, int Uris, int Addresses) Names { get; init; }

    /// <summary>Reads a request in PEM whose signature holds; null when it is none.</summary>
    public static RequestedCertificate? Read(byte[]? pem)
    {
        try
        {
            var request = CertificateRequest.LoadSigningRequestPem(
                Encoding.ASCII.GetString(pem ?? []), HashAlgorithmName.SHA256, CertificateRequestLoadOptions.UnsafeLoadCertificateExtensions, RSASignaturePadding.Pkcs1);
            var subject = Attributes(request.SubjectName).ToList();
            var names = request.CertificateExtensions.FirstOrDefault(e => e.Oid?.Value == AlternativeNamesOid);
            var kinds = names is null ? [] : NameKinds(names.RawData);
            return new RequestedCertificate
            {
                Subject = request.SubjectName,
                PublicKey = request.PublicKey,
                CommonName = subject.LastOrDefault(a => a.Oid == CommonNameOid).Value ?? "",
                Organizations = [.. subject.Where(a => a.Oid == OrganizationOid).Select(a => a.Value)],
                AlternativeNames = names,
                Names = (kinds.Count(k => k == Email), kinds.Count(k => k == Dns), kinds.Count(k => k == Uri), kinds.Count(k => k == Address)),
            };
        }
        catch (Exception e) when (e is CryptographicException or AsnContentException or NotSupportedException or FormatException or ArgumentException)
        {
            return null;
        }
    }

    // One attribute may have several values in one set: that is how Go writes several organizations.
    private static IEnumerable<(string Oid, string Value)> Attributes(X500DistinguishedName name)
    {
        var reader = new AsnReader(name.RawData, AsnEncodingRules.DER).ReadSequence();
        while (reader.HasData)
        {
            var set = reader.ReadSetOf();
            while (set.HasData)
            {
                var attribute = set.ReadSequence();
                var oid = attribute.ReadObjectIdentifier();
                if (oid is CommonNameOid or OrganizationOid)
                    yield return (oid, attribute.ReadCharacterString((UniversalTagNumber)attribute.PeekTag().TagValue));
            }
        }
    }

    private static List<int> NameKinds(byte[] extension)
    {
        var kinds = new List<int>();
        var reader = new AsnReader(extension, AsnEncodingRules.DER).ReadSequence();
        while (reader.HasData)
        {
            kinds.Add(reader.PeekTag().TagValue);
            reader.ReadEncodedValue();
        }

        return kinds;
    }
}
