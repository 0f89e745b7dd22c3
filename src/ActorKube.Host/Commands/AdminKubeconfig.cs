using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorKube.ApiServer.Authentication;
using ActorKube.Client.Kubeconfigs;

namespace ActorKube.Host.Commands;

/// <summary>The kubeconfig of the administrator, with everything in it that a client needs.</summary>
internal static class AdminKubeconfig
{
    /// <summary>Writes it.</summary>
    /// <param name="file">Where to.</param>
    /// <param name="server">URL of the API server.</param>
    /// <param name="certificates">The cluster's certificates.</param>
    public static void Write(string file, string server, ClusterCertificates certificates)
    {
        using var admin = certificates.Admin();
        using var key = admin.GetECDsaPrivateKey() ?? throw new CryptographicException("the administrator's certificate has no key");
        KubeConfigLoader.Write(new KubeConfig
        {
            CurrentContext = "actorkube",
            Clusters = [new NamedCluster { Name = "actorkube", Cluster = new ClusterEntry { Server = server, CertificateAuthorityData = Base64(certificates.AuthorityPem) } }],
            Contexts = [new NamedContext { Name = "actorkube", Context = new ContextEntry { Cluster = "actorkube", User = "admin" } }],
            Users =
            [
                new NamedUser
                {
                    Name = "admin",
                    User = new UserEntry { ClientCertificateData = Base64(admin.ExportCertificatePem()), ClientKeyData = Base64(key.ExportPkcs8PrivateKeyPem()) },
                },
            ],
        }, file);
    }

    private static string Base64(string pem) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pem + "\n"));
}
