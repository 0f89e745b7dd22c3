using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorKube.ControllerManager.Certificates;
using ActorKube.ControllerManager.Shell;
using ActorKube.ControllerManager.Tests.Fakes;
using k8s.Models;

namespace ActorKube.ControllerManager.Tests.Certificates;

public sealed class CsrSigningTests : IDisposable
{
    private const string Node = "CN=system:node:n1, O=system:nodes";
    private const string KubeletSan = "DNS or IP subjectAltName is required";

    private readonly X509Certificate2 _authority = Csr.Authority();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void An_approved_request_gets_a_certificate_of_the_authority()
    {
        var request = Csr.Of("CN=jane, O=dev", SignerRules.Client, Csr.ClientUsages, rsa: true).With("Approved");

        using var certificate = Issued(Plan(request));

        Assert.Equal("CN=jane, O=dev", certificate.Subject);
        Assert.Equal(_authority.SubjectName.RawData, certificate.IssuerName.RawData);
        Assert.Equal(Some.Now.AddMinutes(-5), new DateTimeOffset(certificate.NotBefore.ToUniversalTime()));
        Assert.Equal(Some.Now.AddDays(365).AddMinutes(-5), new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));
        Assert.Equal(X509KeyUsageFlags.DigitalSignature, certificate.Extensions.OfType<X509KeyUsageExtension>().Single().KeyUsages);
        Assert.Equal(["1.3.6.1.5.5.7.3.2"], certificate.Extensions.OfType<X509EnhancedKeyUsageExtension>().Single().EnhancedKeyUsages.Cast<System.Security.Cryptography.Oid>().Select(o => o.Value!));
        Assert.False(certificate.Extensions.OfType<X509BasicConstraintsExtension>().Single().CertificateAuthority);
        Assert.True(Chains(certificate));
    }

    [Fact]
    public void A_kubelet_gets_a_serving_certificate_with_its_names()
    {
        var request = Csr.Of(Node, SignerRules.KubeletServing, Csr.ServingUsages, ["n1"], ["10.0.0.1", "fd00::1"]).With("Approved");

        using var certificate = Issued(Plan(request));

        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Equal(["n1"], names.EnumerateDnsNames());
        Assert.Equal(["10.0.0.1", "fd00::1"], names.EnumerateIPAddresses().Select(a => a.ToString()));
    }

    [Theory]
    [InlineData(null, 365 * 24 * 60)]
    [InlineData(600, 10)]
    [InlineData(60, 10)]
    [InlineData(3600, 60)]
    [InlineData(int.MaxValue, 365 * 24 * 60)]
    public void The_asked_duration_counts_within_bounds(int? seconds, int minutes) =>
        Assert.Equal(TimeSpan.FromMinutes(minutes), CertificateSigner.Of(_authority, TimeSpan.FromDays(365)).Duration(seconds));

    [Fact]
    public void A_short_certificate_gets_all_of_its_time_and_none_outlives_the_authority()
    {
        var request = Csr.Of("CN=jane", SignerRules.Client, Csr.ClientUsages).With("Approved");
        request.Spec.ExpirationSeconds = 3600;
        using (var certificate = Issued(Plan(request)))
            Assert.Equal(Some.Now.AddHours(1), new DateTimeOffset(certificate.NotAfter.ToUniversalTime()));

        using var ending = Csr.Authority(Some.Now.AddMinutes(30));
        using var capped = Issued(CsrSigningController.Reconcile(request, CertificateSigner.Of(ending, TimeSpan.FromDays(365)), Some.Now));
        Assert.Equal(Some.Now.AddMinutes(30), new DateTimeOffset(capped.NotAfter.ToUniversalTime()));

        var late = CsrSigningController.Reconcile(request, CertificateSigner.Of(ending, TimeSpan.FromDays(365)), Some.Now.AddHours(1));
        Assert.Equal("SignerExpired", Assert.Single(late.Of<Tell>()).Announce!.Reason);
    }

    [Theory]
    [InlineData("CN=jane", SignerRules.Client, "server auth,client auth", "", "", "invalid usage for client certificate: server auth")]
    [InlineData("CN=jane", SignerRules.Client, "digital signature", "", "", "missing required usage for client certificate: client auth")]
    [InlineData("CN=system:node:n1, O=others", SignerRules.KubeletClient, "digital signature,client auth", "", "", "subject organization is not system:nodes")]
    [InlineData("CN=n1, O=system:nodes", SignerRules.KubeletClient, "digital signature,client auth", "", "", "subject common name does not begin with system:node:")]
    [InlineData(Node, SignerRules.KubeletClient, "digital signature,client auth", "n1", "", "DNS subjectAltNames are not allowed")]
    [InlineData(Node, SignerRules.KubeletClient, "digital signature,client auth", "", "10.0.0.1", "IP subjectAltNames are not allowed")]
    [InlineData(Node, SignerRules.KubeletClient, "digital signature,client auth,server auth", "", "", "usages did not match [client auth digital signature key encipherment]")]
    [InlineData(Node, SignerRules.KubeletServing, "digital signature,server auth", "", "", KubeletSan)]
    [InlineData(Node, SignerRules.KubeletServing, "digital signature", "n1", "", "usages did not match [digital signature key encipherment server auth]")]
    public void What_a_signer_does_not_sign_has_failed_for_good(string subject, string signer, string usages, string dns, string address, string message)
    {
        var request = Csr.Of(subject, signer, usages.Split(','), dns.Length > 0 ? [dns] : null, address.Length > 0 ? [address] : null).With("Approved");

        var written = (V1CertificateSigningRequest)Assert.Single(Plan(request).Of<UpdateStatus>()).Object;

        Assert.Null(written.Status.Certificate);
        var failed = written.Status.Conditions[^1];
        Assert.Equal(("Failed", "True", "SignerValidationFailure", message), (failed.Type, failed.Status, failed.Reason, failed.Message));
        Assert.Empty(Plan(written).Actions);
    }

    [Fact]
    public void Emails_are_not_for_kubelets() => Assert.Equal(
        "Email subjectAltNames are not allowed",
        ((V1CertificateSigningRequest)Plan(Csr.Of(Node, SignerRules.KubeletServing, Csr.ServingUsages, ["n1"], email: "a@b.c").With("Approved")).Of<UpdateStatus>()[0].Object).Status.Conditions[^1].Message);

    [Fact]
    public void Only_approved_requests_to_own_signers_are_signed_and_only_once()
    {
        Assert.Empty(Plan(Csr.Of("CN=jane", SignerRules.Client, Csr.ClientUsages)).Actions);
        Assert.Empty(Plan(Csr.Of("CN=jane", SignerRules.Client, Csr.ClientUsages).With("Denied")).Actions);
        Assert.Empty(Plan(Csr.Of("CN=jane", "example.com/signer", Csr.ClientUsages).With("Approved")).Actions);
        Assert.Empty(Plan(Csr.Of("CN=jane", "kubernetes.io/legacy-unknown", Csr.ClientUsages).With("Approved")).Actions);
        Assert.Empty(Plan((V1CertificateSigningRequest)Plan(Csr.Of("CN=jane", SignerRules.Client, Csr.ClientUsages).With("Approved")).Of<UpdateStatus>()[0].Object).Actions);
    }

    private Plan Plan(V1CertificateSigningRequest request) => CsrSigningController.Reconcile(request, CertificateSigner.Of(_authority, TimeSpan.FromDays(365)), Some.Now);

    private static X509Certificate2 Issued(Plan plan) =>
        X509Certificate2.CreateFromPem(Encoding.ASCII.GetString(((V1CertificateSigningRequest)Assert.Single(plan.Of<UpdateStatus>()).Object).Status.Certificate));

    private bool Chains(X509Certificate2 certificate)
    {
        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(_authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.VerificationTime = Some.Now.UtcDateTime;
        return chain.Build(certificate);
    }
}
