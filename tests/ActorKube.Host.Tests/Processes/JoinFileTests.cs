using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using ActorKube.Host.Configuration;
using ActorKube.Host.Processes;

namespace ActorKube.Host.Tests.Processes;

public sealed class JoinFileTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("actorkube-join-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_node_reads_what_the_seed_wrote()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = new CertificateRequest("CN=system:node:joining", key, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UnixEpoch, DateTimeOffset.UnixEpoch.AddYears(100));
        var written = new JoinFile(["10.0.0.1:4053", "10.0.0.2:4053"], "https://10.0.0.1:6443", "abc.def", certificate.ExportCertificatePem(), certificate.ExportCertificatePem(), key.ExportPkcs8PrivateKeyPem());
        var path = Path.Combine(_folder, "join.conf");
        written.Write(path);
        var read = JoinFile.Read(path);
        Assert.Equal(written.ClusterNodes, read.ClusterNodes);
        Assert.Equal(written, read with { ClusterNodes = written.ClusterNodes });
        using var joined = read.Certificate();
        Assert.True(joined.HasPrivateKey);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
    }

    [Theory]
    [InlineData("", "it has no section 'join'")]
    [InlineData("join { cluster-node = \"a:1\" }", "it has no 'api-server'")]
    [InlineData("join { cluster-nodes = [\"a:1\", \"b:1\"] }", "it has no 'api-server'")]
    [InlineData("join { api-server = \"https://a:1\" }", "it has no 'cluster-nodes'")]
    public void A_file_that_is_none_is_named(string text, string problem)
    {
        var path = Path.Combine(_folder, "wrong.conf");
        File.WriteAllText(path, text);
        Assert.Equal($"actorkube.node.join-file: {path}: {problem}", Assert.Throws<ConfigurationException>(() => JoinFile.Read(path)).Message);
    }
}
