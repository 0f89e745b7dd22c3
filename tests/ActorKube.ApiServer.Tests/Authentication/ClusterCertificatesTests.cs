using System.Runtime.Versioning;
using System.Security.Cryptography.X509Certificates;
using ActorKube.ApiServer.Authentication;

namespace ActorKube.ApiServer.Tests.Authentication;

public sealed class ClusterCertificatesTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("actorkube-pki-").FullName;

    public void Dispose() => Directory.Delete(_directory, true);

    [Fact]
    public void Are_made_once_and_found_again()
    {
        using var first = ClusterCertificates.Open(_directory, TimeProvider.System);
        using var admin = first.Admin();
        using var second = ClusterCertificates.Open(_directory, TimeProvider.System);
        using var again = second.Admin();
        Assert.Equal(admin.Thumbprint, again.Thumbprint);
        Assert.Equal(first.Authority.Thumbprint, second.Authority.Thumbprint);
        Assert.True(again.HasPrivateKey);
    }

    [Fact]
    public void A_serving_certificate_that_lacks_a_name_is_made_anew()
    {
        using var certificates = ClusterCertificates.Open(_directory, TimeProvider.System);
        using var before = certificates.ApiServer("10.96.0.1", []);
        using var same = certificates.ApiServer("10.96.0.1", []);
        using var after = certificates.ApiServer("10.96.0.1", ["api.example.com", "192.0.2.7"]);
        Assert.Equal(before.Thumbprint, same.Thumbprint);
        Assert.NotEqual(before.Thumbprint, after.Thumbprint);
        var names = after.Extensions.OfType<X509SubjectAlternativeNameExtension>().Single();
        Assert.Contains("kubernetes.default.svc.cluster.local", names.EnumerateDnsNames());
        Assert.Contains("api.example.com", names.EnumerateDnsNames());
        Assert.Contains(names.EnumerateIPAddresses(), a => a.ToString() == "192.0.2.7");
    }

    [Fact]
    public void An_expiring_certificate_is_made_anew()
    {
        using var certificates = ClusterCertificates.Open(_directory, TimeProvider.System);
        using var before = certificates.Admin();
        using var later = ClusterCertificates.Open(_directory, new Shifted(TimeSpan.FromDays(340)));
        using var after = later.Admin();
        Assert.NotEqual(before.Thumbprint, after.Thumbprint);
    }

    [Fact]
    public void A_client_certificate_names_the_user_and_the_groups()
    {
        using var certificates = ClusterCertificates.Open(_directory, TimeProvider.System);
        var authenticator = new CertificateAuthenticator(certificates.Authority, TimeProvider.System);
        var user = authenticator.Authenticate(certificates.Kubelet("n1", []))!;
        Assert.Equal("system:node:n1", user.Name);
        Assert.Equal(["system:nodes", "system:authenticated"], user.Groups);
    }

    [Fact]
    public void Certificates_of_others_and_of_other_times_name_nobody()
    {
        using var certificates = ClusterCertificates.Open(_directory, TimeProvider.System);
        using var others = ClusterCertificates.Open(Path.Combine(_directory, "others"), TimeProvider.System);
        Assert.Null(new CertificateAuthenticator(certificates.Authority, TimeProvider.System).Authenticate(others.Admin()));
        Assert.Null(new CertificateAuthenticator(certificates.Authority, new Shifted(TimeSpan.FromDays(400))).Authenticate(certificates.Admin()));
        Assert.Null(new CertificateAuthenticator(certificates.Authority, TimeProvider.System).Authenticate(certificates.ApiServer("10.96.0.1", [])));
    }

    [SkippableFact]
    [UnsupportedOSPlatform("windows")]
    public void Keys_are_readable_by_the_owner_only()
    {
        Skip.If(OperatingSystem.IsWindows(), "file modes are Unix's");
        using var certificates = ClusterCertificates.Open(_directory, TimeProvider.System);
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(certificates.Files("ca").Key));
    }

    private sealed class Shifted(TimeSpan by) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + by;
    }
}
