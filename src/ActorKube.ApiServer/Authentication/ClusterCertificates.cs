using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace ActorKube.ApiServer.Authentication;

/// <summary>
/// The cluster's certificates: files in one directory under kubeadm's names, made when they are missing, made anew when they are
/// about to expire or lack a name. Keys are ECDSA on P-256: quick to make and quick to shake hands with.
/// </summary>
public sealed class ClusterCertificates : IDisposable
{
    private static readonly TimeSpan CaLifetime = TimeSpan.FromDays(3650);
    private static readonly TimeSpan Lifetime = TimeSpan.FromDays(365);
    private static readonly TimeSpan RenewBefore = TimeSpan.FromDays(30);
    private static readonly TimeSpan ClockSkew = TimeSpan.FromHours(1);
    private static readonly Oid ServerAuth = new("1.3.6.1.5.5.7.3.1");
    private static readonly Oid ClientAuth = new("1.3.6.1.5.5.7.3.2");

    private readonly string _directory;
    private readonly TimeProvider _time;

    private ClusterCertificates(string directory, TimeProvider time)
    {
        _directory = directory;
        _time = time;
        Directory.CreateDirectory(directory);
        Authority = LoadAuthority();
    }

    /// <summary>The certificate authority, with its key.</summary>
    public X509Certificate2 Authority { get; }

    /// <summary>The certificate authority's certificate as PEM, for kubeconfigs.</summary>
    public string AuthorityPem => Authority.ExportCertificatePem();

    /// <summary>Opens a directory, making the certificate authority when it has none.</summary>
    public static ClusterCertificates Open(string directory, TimeProvider time) => new(directory, time);

    /// <summary>The API server's serving certificate: <c>apiserver.crt</c>.</summary>
    /// <param name="serviceAddress">Cluster IP of the Service <c>kubernetes</c>.</param>
    /// <param name="more">Further names and addresses.</param>
    public X509Certificate2 ApiServer(string serviceAddress, IEnumerable<string> more) => Serving("apiserver", "kube-apiserver",
    [
        "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", "localhost", Dns.GetHostName(),
        "127.0.0.1", "::1", serviceAddress, .. more,
    ]);

    /// <summary>The API server's client certificate towards kubelets: <c>apiserver-kubelet-client.crt</c>.</summary>
    public X509Certificate2 KubeletClient() => Client("apiserver-kubelet-client", "kube-apiserver-kubelet-client", "system:masters");

    /// <summary>The administrator's client certificate: <c>admin.crt</c>.</summary>
    public X509Certificate2 Admin() => Client("admin", "kubernetes-admin", "system:masters");

    /// <summary>A client certificate of that user and those groups, kept under the file name.</summary>
    public X509Certificate2 Client(string file, string user, params IEnumerable<string> groups) =>
        LoadOrMake(file, Subject(user, groups), [], ClientAuth);

    /// <summary>A serving certificate for those names and addresses, kept under the file name.</summary>
    public X509Certificate2 Serving(string file, string commonName, IEnumerable<string> names) =>
        LoadOrMake(file, Subject(commonName, []), [.. names.Distinct(StringComparer.Ordinal)], ServerAuth);

    /// <summary>A kubelet's certificate, for serving and as <c>system:node:&lt;name&gt;</c> towards the API server: <c>kubelet-&lt;name&gt;.crt</c>.</summary>
    public X509Certificate2 Kubelet(string node, IEnumerable<string> names) =>
        LoadOrMake($"kubelet-{node}", Subject($"system:node:{node}", ["system:nodes"]), [.. new[] { node, "localhost", "127.0.0.1" }.Concat(names).Distinct(StringComparer.Ordinal)], ServerAuth, ClientAuth);

    /// <summary>
    /// What only those can know who hold the authority's private key, as every control-plane process does and no node: it opens the store to them. The key cannot be
    /// found from it.
    /// </summary>
    public byte[] ControlPlaneProof()
    {
        using AsymmetricAlgorithm? key = (AsymmetricAlgorithm?)Authority.GetECDsaPrivateKey() ?? Authority.GetRSAPrivateKey();
        return HMACSHA256.HashData((key ?? throw new InvalidOperationException("The certificate authority has no private key.")).ExportPkcs8PrivateKey(), "actorkube control plane"u8);
    }

    /// <summary>Where a certificate's files lie.</summary>
    public (string Certificate, string Key) Files(string file) => (Path.Combine(_directory, file + ".crt"), Path.Combine(_directory, file + ".key"));

    /// <inheritdoc/>
    public void Dispose() => Authority.Dispose();

    private X509Certificate2 LoadAuthority()
    {
        var (certificate, key) = Files("ca");
        if (File.Exists(certificate) && File.Exists(key))
        {
            return X509Certificate2.CreateFromPemFile(certificate, key);
        }

        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(new X500DistinguishedName("CN=kubernetes"), own, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign | X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var now = _time.GetUtcNow();
        var made = request.CreateSelfSigned(now - ClockSkew, now + CaLifetime);
        Save("ca", made, own);
        return made;
    }

    private X509Certificate2 LoadOrMake(string file, X500DistinguishedName subject, string[] names, params Oid[] usages)
    {
        var (certificate, key) = Files(file);
        if (File.Exists(certificate) && File.Exists(key))
        {
            var found = X509Certificate2.CreateFromPemFile(certificate, key);
            if (found.NotAfter.ToUniversalTime() - _time.GetUtcNow().UtcDateTime > RenewBefore
                && found.IssuerName.RawData.AsSpan().SequenceEqual(Authority.SubjectName.RawData)
                && found.SubjectName.RawData.AsSpan().SequenceEqual(subject.RawData)
                && IsSignedByAuthority(found)
                && names.All(n => HasName(found, n)))
            {
                return found;
            }

            found.Dispose();
        }

        return Make(file, subject, names, usages);
    }

    private X509Certificate2 Make(string file, X500DistinguishedName subject, string[] names, Oid[] usages)
    {
        using var own = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest(subject, own, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([.. usages], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(Authority, true, false));
        if (names.Length > 0)
        {
            var alternatives = new SubjectAlternativeNameBuilder();
            foreach (var name in names)
            {
                if (IPAddress.TryParse(name, out var address))
                {
                    alternatives.AddIpAddress(address);
                }
                else
                {
                    alternatives.AddDnsName(name);
                }
            }

            request.CertificateExtensions.Add(alternatives.Build());
        }

        var serial = new byte[16];
        RandomNumberGenerator.Fill(serial);
        serial[0] &= 0x7f;
        var now = _time.GetUtcNow();
        var end = now + Lifetime < Authority.NotAfter ? now + Lifetime : Authority.NotAfter;
        using var made = request.Create(Authority, now - ClockSkew, end, serial);
        Save(file, made, own);
        return made.CopyWithPrivateKey(own);
    }

    // The key is written first and moved into place last, readable by the owner only.
    private void Save(string file, X509Certificate2 made, ECDsa key)
    {
        var (certificatePath, keyPath) = Files(file);
        var temporary = keyPath + ".new";
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        using (var writer = new StreamWriter(temporary, options))
        {
            writer.Write(key.ExportPkcs8PrivateKeyPem());
            writer.Write('\n');
        }

        File.WriteAllText(certificatePath, made.ExportCertificatePem() + "\n");
        File.Move(temporary, keyPath, true);
    }

    private bool IsSignedByAuthority(X509Certificate2 certificate)
    {
        using var chain = ChainTo(Authority, _time.GetUtcNow());
        return chain.Build(certificate);
    }

    /// <summary>A chain that trusts that authority only.</summary>
    internal static X509Chain ChainTo(X509Certificate2 authority, DateTimeOffset now)
    {
        var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.Add(authority);
        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
        chain.ChainPolicy.DisableCertificateDownloads = true;
        chain.ChainPolicy.VerificationTime = now.UtcDateTime;
        chain.ChainPolicy.VerificationTimeIgnored = false;
        return chain;
    }

    private static bool HasName(X509Certificate2 certificate, string name)
    {
        var alternatives = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>().FirstOrDefault();
        return alternatives is not null && (IPAddress.TryParse(name, out var address)
            ? alternatives.EnumerateIPAddresses().Contains(address)
            : alternatives.EnumerateDnsNames().Contains(name, StringComparer.OrdinalIgnoreCase));
    }

    private static X500DistinguishedName Subject(string commonName, IEnumerable<string> organizations)
    {
        var builder = new X500DistinguishedNameBuilder();
        foreach (var organization in organizations)
        {
            builder.AddOrganizationName(organization);
        }

        builder.AddCommonName(commonName);
        return builder.Build();
    }
}
