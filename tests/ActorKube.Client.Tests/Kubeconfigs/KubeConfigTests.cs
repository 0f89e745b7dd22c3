using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorKube.Client.Kubeconfigs;
using ActorKube.Client.Transport;
using k8s.Models;

namespace ActorKube.Client.Tests.Kubeconfigs;

public sealed class KubeConfigTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("kubeconfig").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Finds_the_current_context()
    {
        var context = KubeConfigContext.Of(KubeConfigLoader.Parse("""
            apiVersion: v1
            kind: Config
            current-context: dev
            clusters:
            - name: local
              cluster: {server: "https://127.0.0.1:6443"}
            contexts:
            - name: dev
              context: {cluster: local, user: admin, namespace: shop}
            users:
            - name: admin
              user: {token: abc}
            """));

        Assert.Equal(("dev", "shop"), (context.Name, context.Namespace));
        Assert.Equal("abc", context.ToTransportOptions().Token!());
    }

    [Fact]
    public void The_first_file_wins_name_by_name()
    {
        var merged = KubeConfigLoader.Merge([
            new KubeConfig { Clusters = [new NamedCluster { Name = "a", Cluster = new ClusterEntry { Server = "https://first" } }] },
            new KubeConfig
            {
                CurrentContext = "c",
                Clusters = [
                    new NamedCluster { Name = "a", Cluster = new ClusterEntry { Server = "https://second" } },
                    new NamedCluster { Name = "b", Cluster = new ClusterEntry { Server = "https://b" } },
                ],
            },
        ]);

        Assert.Equal(["https://first", "https://b"], merged.Clusters.Select(c => c.Cluster.Server));
        Assert.Equal("c", merged.CurrentContext);
    }

    [Fact]
    public void The_variable_lists_files_like_PATH()
    {
        Assert.Equal(["/a", "/b"], KubeConfigLoader.DefaultFiles($"/a{Path.PathSeparator}/b", "/home/me"));
        Assert.Equal([Path.Combine("/home/me", ".kube", "config")], KubeConfigLoader.DefaultFiles("", "/home/me"));
    }

    [Fact]
    public void Paths_are_relative_to_the_file()
    {
        var file = Path.Combine(_folder, "config");
        File.WriteAllText(file, "users:\n- name: u\n  user: {client-key: keys/u.key}\nclusters: null\n");

        Assert.Equal(Path.Combine(_folder, "keys", "u.key"), KubeConfigLoader.Read(file).Users[0].User.ClientKey);
    }

    [Fact]
    public void Errors_name_what_is_wrong()
    {
        var file = Path.Combine(_folder, "broken");
        File.WriteAllText(file, "clusters: {");
        Assert.StartsWith(file, Assert.Throws<KubeConfigException>(() => KubeConfigLoader.Read(file)).Message);
        Assert.Equal("context \"nope\" does not exist", Assert.Throws<KubeConfigException>(() => KubeConfigContext.Of(new KubeConfig(), "nope")).Message);
    }

    [Fact]
    public void Writes_what_it_can_read_again()
    {
        var config = KubeConfigLoader.Parse(KubeConfigLoader.ToYaml(new KubeConfig
        {
            CurrentContext = "c",
            Contexts = [new NamedContext { Name = "c", Context = new ContextEntry { Cluster = "k", User = "u" } }],
        }));

        Assert.Equal(("c", "k", "u"), (config.CurrentContext, config.Contexts[0].Context.Cluster, config.Contexts[0].Context.User));
    }

    [Fact]
    public async Task Proves_itself_with_a_client_certificate_and_knows_the_server_by_its_authority()
    {
        using var authority = Authority("ca");
        using var server = Signed(authority, "server", san => san.AddIpAddress(IPAddress.Loopback));
        using var admin = Signed(authority, "admin", _ => { });
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var seen = ServeOnce(listener, server);
        var config = new KubeConfig
        {
            CurrentContext = "c",
            Contexts = [new NamedContext { Name = "c", Context = new ContextEntry { Cluster = "k", User = "u" } }],
            Clusters = [new NamedCluster
            {
                Name = "k",
                Cluster = new ClusterEntry { Server = $"https://127.0.0.1:{((IPEndPoint)listener.LocalEndpoint).Port}", CertificateAuthorityData = Base64(authority.ExportCertificatePem()) },
            }],
            Users = [new NamedUser
            {
                Name = "u",
                User = new UserEntry
                {
                    ClientCertificateData = Base64(admin.ExportCertificatePem()),
                    ClientKeyData = Base64(admin.GetECDsaPrivateKey()!.ExportPkcs8PrivateKeyPem()),
                },
            }],
        };

        await using var transport = new HttpTransport(KubeConfigContext.Of(config).ToTransportOptions());
        var pod = await new ApiClient(transport, "test").For<V1Pod>().GetAsync("default", "a");

        Assert.Equal("a", pod.Metadata.Name);
        Assert.Equal("CN=admin", await seen);

        using var stranger = Authority("ca");
        config.Clusters[0].Cluster.CertificateAuthorityData = Base64(stranger.ExportCertificatePem());
        _ = ServeOnce(listener, server);
        await using var wary = new HttpTransport(KubeConfigContext.Of(config).ToTransportOptions());
        await Assert.ThrowsAsync<ApiUnreachableException>(() => new ApiClient(wary, "test").For<V1Pod>().GetAsync("default", "a"));
    }

    private static async Task<string> ServeOnce(TcpListener listener, X509Certificate2 certificate)
    {
        using var connection = await listener.AcceptTcpClientAsync();
        await using var tls = new SslStream(connection.GetStream(), false, (_, _, _, _) => true);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = certificate, ClientCertificateRequired = true });
        var buffer = new byte[16384];
        var text = "";
        while (!text.Contains("\r\n\r\n", StringComparison.Ordinal))
            text += Encoding.ASCII.GetString(buffer, 0, await tls.ReadAsync(buffer));
        var body = """{"kind":"Pod","apiVersion":"v1","metadata":{"name":"a"}}""";
        await tls.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\nConnection: close\r\n\r\n{body}"));
        return tls.RemoteCertificate!.Subject;
    }

    private static X509Certificate2 Authority(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1));
    }

    private static X509Certificate2 Signed(X509Certificate2 authority, string name, Action<SubjectAlternativeNameBuilder> names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var san = new SubjectAlternativeNameBuilder();
        san.AddDnsName(name);
        names(san);
        request.CertificateExtensions.Add(san.Build());
        using var certificate = request.Create(authority, DateTimeOffset.UtcNow.AddMinutes(-5), DateTimeOffset.UtcNow.AddMinutes(30), RandomNumberGenerator.GetBytes(8));
        return X509CertificateLoader.LoadPkcs12(certificate.CopyWithPrivateKey(key).Export(X509ContentType.Pkcs12), null, X509KeyStorageFlags.Exportable);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));
}
