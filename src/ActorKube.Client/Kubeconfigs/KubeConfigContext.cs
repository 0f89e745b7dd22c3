using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using ActorKube.Client.Transport;

namespace ActorKube.Client.Kubeconfigs;

/// <summary>One context of a kubeconfig with its cluster and user looked up.</summary>
/// <param name="Name">The context's name; empty when the config has none.</param>
/// <param name="Cluster">The cluster.</param>
/// <param name="User">The user.</param>
/// <param name="Namespace">The context's namespace, <c>default</c> where it names none.</param>
public sealed record KubeConfigContext(string Name, ClusterEntry Cluster, UserEntry User, string Namespace)
{
    /// <summary>The context of that name, or the current one. Throws <see cref="KubeConfigException"/> when a name leads nowhere.</summary>
    public static KubeConfigContext Of(KubeConfig config, string? context = null, string? cluster = null, string? user = null)
    {
        var name = string.IsNullOrEmpty(context) ? config.CurrentContext : context;
        var entry = config.Contexts.Find(c => c.Name == name)?.Context;
        if (entry is null && !string.IsNullOrEmpty(name))
            throw new KubeConfigException($"context \"{name}\" does not exist");
        var clusterName = cluster ?? entry?.Cluster ?? throw new KubeConfigException("no context is chosen: the configuration has no current-context");
        var userName = user ?? entry?.User ?? "";
        return new KubeConfigContext(
            name,
            config.Clusters.Find(c => c.Name == clusterName)?.Cluster ?? throw new KubeConfigException($"cluster \"{clusterName}\" does not exist"),
            userName.Length == 0 ? new UserEntry() : config.Users.Find(u => u.Name == userName)?.User ?? throw new KubeConfigException($"user \"{userName}\" does not exist"),
            string.IsNullOrEmpty(entry?.Namespace) ? "default" : entry.Namespace);
    }

    /// <summary>How to reach the cluster as the user. Reads certificate files. Throws <see cref="KubeConfigException"/>.</summary>
    public HttpTransportOptions ToTransportOptions()
    {
        if (User.Exec is not null)
            throw new KubeConfigException("users that get their credential from a program (exec) are not supported");
        if (!Uri.TryCreate(Cluster.Server, UriKind.Absolute, out var server))
            throw new KubeConfigException($"the cluster's server is no URL: \"{Cluster.Server}\"");
        try
        {
            return new HttpTransportOptions
            {
                Server = server,
                CertificateAuthorities = [.. Authorities()],
                ClientCertificate = Certificate(),
                Token = User.TokenFile is { } file ? () => File.ReadAllText(file).Trim() : User.Token is { Length: > 0 } token ? () => token : null,
                BasicCredential = string.IsNullOrEmpty(User.Username) ? null : $"{User.Username}:{User.Password}",
                TlsServerName = Cluster.TlsServerName,
                InsecureSkipTlsVerify = Cluster.InsecureSkipTlsVerify,
            };
        }
        catch (Exception e) when (e is FormatException or CryptographicException or IOException or UnauthorizedAccessException)
        {
            throw new KubeConfigException($"a certificate or key cannot be read: {e.Message}", e);
        }
    }

    private X509Certificate2Collection Authorities()
    {
        var authorities = new X509Certificate2Collection();
        if (Pem(Cluster.CertificateAuthorityData, Cluster.CertificateAuthority) is { } pem)
            authorities.ImportFromPem(pem);
        return authorities;
    }

    private X509Certificate2? Certificate()
    {
        if (Pem(User.ClientCertificateData, User.ClientCertificate) is not { } certificate)
            return null;
        var key = Pem(User.ClientKeyData, User.ClientKey) ?? throw new KubeConfigException("the user has a client certificate, but no key");
        var made = X509Certificate2.CreateFromPem(certificate, key);
        if (OperatingSystem.IsLinux())
            return made;
        using (made)
        {
            // TLS elsewhere takes no key that lives in memory only; a round trip through PKCS#12 gives one that it takes.
            return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pkcs12), null);
        }
    }

    private static string? Pem(string? data, string? file) => !string.IsNullOrEmpty(data)
        ? Encoding.UTF8.GetString(Convert.FromBase64String(data))
        : string.IsNullOrEmpty(file) ? null : File.ReadAllText(file);
}
