using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ActorKube.ControllerManager.Certificates;

/// <summary>Signs requests with the cluster's certificate authority: subject, key and alternative names as asked, nothing else of the request.</summary>
/// <param name="authority">The certificate authority, with its key.</param>
/// <param name="longest">How long a certificate is good for at most, and when nothing is asked.</param>
/// <param name="serial">Gives a new positive serial number.</param>
internal sealed class CertificateSigner(X509Certificate2 authority, TimeSpan longest, Func<byte[]> serial)
{
    private static readonly TimeSpan Shortest = TimeSpan.FromMinutes(10);

    // Clocks differ: a certificate is good from a little before its time on. What is asked for a short time gets all of it nevertheless.
    private static readonly TimeSpan Backdate = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Short = TimeSpan.FromHours(8);

    private readonly X509SignatureGenerator _generator = Generator(authority);

    /// <summary>A signer with random serial numbers.</summary>
    public static CertificateSigner Of(X509Certificate2 authority, TimeSpan longest) => new(authority, longest, () =>
    {
        var bytes = RandomNumberGenerator.GetBytes(16);
        bytes[0] = (byte)((bytes[0] & 0x7F) | 0x40);
        return bytes;
    });

    /// <summary>How long a certificate is good for.</summary>
    public TimeSpan Duration(int? expirationSeconds)
    {
        if (expirationSeconds is not { } seconds)
            return longest;
        var asked = TimeSpan.FromSeconds(seconds);
        return asked > longest ? longest : asked < Shortest ? Shortest : asked;
    }

    /// <summary>The certificate in PEM; null when the authority's own has expired.</summary>
    public string? Sign(RequestedCertificate asked, IEnumerable<string> usages, int? expirationSeconds, DateTimeOffset now)
    {
        var end = new DateTimeOffset(authority.NotAfter.ToUniversalTime());
        if (end <= now)
            return null;
        var duration = Duration(expirationSeconds);
        var until = now + (duration < Short ? duration : duration - Backdate);
        var request = new CertificateRequest(asked.Subject, asked.PublicKey, HashAlgorithmName.SHA256);
        Extend(request.CertificateExtensions, asked, [.. usages]);
        using var signed = request.Create(authority.SubjectName, _generator, now - Backdate, until < end ? until : end, serial());
        return signed.ExportCertificatePem() + "\n";
    }

    private void Extend(ICollection<X509Extension> extensions, RequestedCertificate asked, HashSet<string> usages)
    {
        var flags = (usages.Contains("digital signature") ? X509KeyUsageFlags.DigitalSignature : 0) | (usages.Contains("key encipherment") ? X509KeyUsageFlags.KeyEncipherment : 0);
        if (flags != 0)
            extensions.Add(new X509KeyUsageExtension(flags, critical: true));
        var purposes = new OidCollection();
        if (usages.Contains("server auth"))
            purposes.Add(new Oid("1.3.6.1.5.5.7.3.1"));
        if (usages.Contains("client auth"))
            purposes.Add(new Oid("1.3.6.1.5.5.7.3.2"));
        if (purposes.Count > 0)
            extensions.Add(new X509EnhancedKeyUsageExtension(purposes, critical: false));
        extensions.Add(new X509BasicConstraintsExtension(certificateAuthority: false, hasPathLengthConstraint: false, 0, critical: true));
        if (authority.Extensions.OfType<X509SubjectKeyIdentifierExtension>().Any())
            extensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(authority, includeKeyIdentifier: true, includeIssuerAndSerial: false));
        if (asked.AlternativeNames is { } names)
            extensions.Add(new X509Extension(names.Oid!, names.RawData, critical: false));
    }

    private static X509SignatureGenerator Generator(X509Certificate2 authority) => authority.GetECDsaPrivateKey() is { } curve
        ? X509SignatureGenerator.CreateForECDsa(curve)
        : X509SignatureGenerator.CreateForRSA(authority.GetRSAPrivateKey() ?? throw new CryptographicException("the certificate authority has no key that can sign"), RSASignaturePadding.Pkcs1);
}
