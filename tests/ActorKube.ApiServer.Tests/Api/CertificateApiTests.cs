using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Tests.Api;

/// <summary>Certificate signing requests with kubectl, against a whole server.</summary>
public sealed class CertificateApiTests(TestServer server) : IClassFixture<TestServer>
{
    private static byte[] Request(string subject)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        return Encoding.ASCII.GetBytes(new CertificateRequest(subject, key, HashAlgorithmName.SHA256).CreateSigningRequestPem());
    }

    private static string Manifest(string name, byte[] request, string more = "signerName: example.org/signer, usages: [client auth]") =>
        $"{{apiVersion: certificates.k8s.io/v1, kind: CertificateSigningRequest, metadata: {{name: {name}}}, spec: {{request: {Convert.ToBase64String(request)}, {more}}}}}";

    [Fact]
    public async Task Is_approved_signed_and_then_stays()
    {
        await RunAsync("apply -f -", Manifest("web", Request("CN=web"), "signerName: example.org/signer, usages: [client auth], expirationSeconds: 3600"));
        Assert.Matches(@"web +\S+ +example.org/signer +kubernetes-admin +60m +Pending", await RunAsync("get csr"));
        Assert.Contains("approved", await RunAsync("certificate approve web"));
        Assert.Matches("kubernetes-admin +60m +Approved\n", await RunAsync("get csr web"));
        var time = await RunAsync("get csr web -o jsonpath={.status.conditions[0].lastTransitionTime}");
        Assert.NotEmpty(time);
        Assert.Contains("is already Approved", await FailAsync("certificate deny web"));

        var read = await server.Admin.CertificatesV1.ReadCertificateSigningRequestAsync("web");
        Assert.Contains("system:masters", read.Spec.Groups);
        read.Status.Certificate = Certificate();
        read.Status.Conditions = null;
        var signed = await server.Admin.CertificatesV1.ReplaceCertificateSigningRequestStatusAsync(read, "web");
        Assert.Equal("Approved", signed.Status.Conditions.Single().Type);
        Assert.Matches("Approved,Issued", await RunAsync("get csr web"));
        signed.Status.Certificate = Certificate();
        var refused = await Assert.ThrowsAsync<k8s.Autorest.HttpOperationException>(() => server.Admin.CertificatesV1.ReplaceCertificateSigningRequestStatusAsync(signed, "web"));
        Assert.Contains("updates may not modify existing certificate content", refused.Response.Content);
    }

    [Fact]
    public async Task Cannot_approve_itself_or_change_what_it_asks()
    {
        await RunAsync("apply -f -", Manifest("self", Request("CN=self")));
        var read = await server.Admin.CertificatesV1.ReadCertificateSigningRequestAsync("self");
        read.Spec.SignerName = "example.org/other";
        read.Status = new V1CertificateSigningRequestStatus { Conditions = [new V1CertificateSigningRequestCondition { Type = "Approved", Status = "True" }] };
        var after = await server.Admin.CertificatesV1.ReplaceCertificateSigningRequestAsync(read, "self");
        Assert.Equal("example.org/signer", after.Spec.SignerName);
        Assert.Null(after.Status?.Conditions);
        after.Status = new V1CertificateSigningRequestStatus { Conditions = [new V1CertificateSigningRequestCondition { Type = "Approved", Status = "True" }] };
        Assert.Null((await server.Admin.CertificatesV1.ReplaceCertificateSigningRequestStatusAsync(after, "self")).Status?.Conditions);
    }

    [Theory]
    [InlineData("signerName: example.org/signer", "spec.usages: Required value")]
    [InlineData("signerName: example.org/signer, usages: [flying]", "spec.usages[0]: Unsupported value: \"flying\"")]
    [InlineData("signerName: kubernetes.io/legacy-unknown, usages: [client auth]", "the legacy signerName is not allowed via this API version")]
    [InlineData("signerName: signer, usages: [client auth]", "must be a fully qualified domain and path of the form 'example.com/signer-name'")]
    [InlineData("signerName: org/signer, usages: [client auth]", "should be a domain with at least two segments separated by dots")]
    [InlineData("signerName: example.org/signer, usages: [client auth], expirationSeconds: 60", "may not specify a duration less than 600 seconds (10 minutes)")]
    public async Task Says_what_is_wrong(string more, string expected) => Assert.Contains(expected, await FailAsync("apply -f -", Manifest("wrong", Request("CN=x"), more)));

    [Fact]
    public async Task A_request_must_be_one_and_may_not_ask_for_everything()
    {
        Assert.Contains("PEM block type must be CERTIFICATE REQUEST", await FailAsync("apply -f -", Manifest("wrong", Encoding.ASCII.GetBytes("nothing"))));
        var tampered = Request("CN=x");
        tampered[90] ^= 1;
        Assert.Contains("spec.request: Invalid value", await FailAsync("apply -f -", Manifest("wrong", tampered)));
        Assert.Contains(
            "use of kubernetes.io/kube-apiserver-client signer with system:masters group is not allowed",
            await FailAsync("apply -f -", Manifest("wrong", Request("O=system:masters, CN=x"), "signerName: kubernetes.io/kube-apiserver-client, usages: [client auth]")));
    }

    private static byte[] Certificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=web", key, HashAlgorithmName.SHA256).CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(80));
        return Encoding.ASCII.GetBytes(certificate.ExportCertificatePem());
    }

    private async Task<string> RunAsync(string arguments, string? input = null)
    {
        var (code, output) = await server.KubectlAsync(arguments, input is null ? null : "---\n" + input);
        Assert.True(code == 0, $"kubectl {arguments}: {output}");
        return output;
    }

    private async Task<string> FailAsync(string arguments, string? input = null)
    {
        var (code, output) = await server.KubectlAsync(arguments, input is null ? null : "---\n" + input);
        Assert.True(code != 0, $"kubectl {arguments}: {output}");
        return output;
    }
}
