using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Fakes;

/// <summary>Certificate signing requests and an authority for tests.</summary>
internal static class Csr
{
    public static readonly string[] ClientUsages = ["digital signature", "client auth"];
    public static readonly string[] ServingUsages = ["digital signature", "key encipherment", "server auth"];

    public static V1CertificateSigningRequest Of(
        string subject, string signer, string[] usages, string[]? dns = null, string[]? addresses = null, string? email = null, string user = "someone", bool rsa = false) => new()
    {
        ApiVersion = "certificates.k8s.io/v1",
        Kind = "CertificateSigningRequest",
        Metadata = new V1ObjectMeta { Name = "csr", Uid = "uid-csr", ResourceVersion = "1", CreationTimestamp = Some.Now.UtcDateTime },
        Spec = new V1CertificateSigningRequestSpec { Request = Encoding.ASCII.GetBytes(Pem(subject, dns, addresses, email, rsa)), SignerName = signer, Usages = usages, Username = user },
    };

    public static V1CertificateSigningRequest With(this V1CertificateSigningRequest request, string type, DateTimeOffset? at = null)
    {
        request.Status ??= new V1CertificateSigningRequestStatus();
        request.Status.Conditions =
        [
            .. request.Status.Conditions ?? [], new V1CertificateSigningRequestCondition { Type = type, Status = "True", Reason = "Test", LastUpdateTime = (at ?? Some.Now).UtcDateTime },
        ];
        return request;
    }

    public static X509Certificate2 Authority(DateTimeOffset? until = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=kubernetes", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        return request.CreateSelfSigned(Some.Now.AddDays(-1), until ?? Some.Now.AddYears(10));
    }

    private static string Pem(string subject, string[]? dns, string[]? addresses, string? email, bool rsa)
    {
        using var curve = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var other = RSA.Create(2048);
        var name = new X500DistinguishedName(subject);
        var request = rsa ? new CertificateRequest(name, other, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) : new CertificateRequest(name, curve, HashAlgorithmName.SHA256);
        if (dns is not null || addresses is not null || email is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            foreach (var one in dns ?? [])
                names.AddDnsName(one);
            foreach (var one in addresses ?? [])
                names.AddIpAddress(IPAddress.Parse(one));
            if (email is not null)
                names.AddEmailAddress(email);
            request.CertificateExtensions.Add(names.Build());
        }

        return request.CreateSigningRequestPem();
    }
}
