using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Akka.Configuration;

namespace ActorKube.Host.Processes;

/// <summary>
/// What a machine needs to become a node, written by a seed process to <c>&lt;data-dir&gt;/join.conf</c>. Whoever has the file can join a node:
/// it is readable by its owner only and is carried to other machines by hand, as a kubeadm join command would be.
/// </summary>
/// <param name="ClusterNodes"><c>host:port</c> of the seed processes' cluster endpoints.</param>
/// <param name="ApiServer">URL of its API server.</param>
/// <param name="Token">The join token.</param>
/// <param name="AuthorityPem">The cluster's certificate authority.</param>
/// <param name="CertificatePem">Certificate of joining nodes, signed by the authority.</param>
/// <param name="KeyPem">Its private key.</param>
public sealed record JoinFile(IReadOnlyList<string> ClusterNodes, string ApiServer, string Token, string AuthorityPem, string CertificatePem, string KeyPem)
{
    /// <summary>The certificate with its key.</summary>
    public X509Certificate2 Certificate() => X509Certificate2.CreateFromPem(CertificatePem, KeyPem);

    /// <summary>The authority.</summary>
    public X509Certificate2 Authority() => X509Certificate2.CreateFromPem(AuthorityPem);

    /// <summary>Writes the file whole, for its owner only.</summary>
    public void Write(string path)
    {
        var text = $$"""
            # What a machine needs to join this cluster as a node: keep it as safe as a password.
            #   actorkube node --config config/node.conf --set actorkube.node.join-file={{path}}
            join {
              cluster-nodes = [{{string.Join(", ", ClusterNodes.Select(n => $"\"{n}\""))}}]
              api-server = "{{ApiServer}}"
              token = "{{Token}}"
              certificate-authority = "{{Encode(AuthorityPem)}}"
              certificate = "{{Encode(CertificatePem)}}"
              key = "{{Encode(KeyPem)}}"
            }

            """;
        var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        using (var writer = new StreamWriter(path + ".new", options))
            writer.Write(text);
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>Reads a file. Throws <see cref="Configuration.ConfigurationException"/> naming it.</summary>
    public static JoinFile Read(string path)
    {
        try
        {
            var join = ConfigurationFactory.ParseString(File.ReadAllText(path)).GetConfig("join")
                ?? throw new FormatException("it has no section 'join'");
            return new JoinFile(Nodes(join), Text(join, "api-server"), Text(join, "token"),
                Decode(join, "certificate-authority"), Decode(join, "certificate"), Decode(join, "key"));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or CryptographicException)
        {
            throw new Configuration.ConfigurationException($"actorkube.node.join-file: {path}: {e.Message}", e);
        }
    }

    // Files of earlier versions name one.
    private static IReadOnlyList<string> Nodes(Config join)
    {
        if (join.GetStringList("cluster-nodes", []) is { Count: > 0 } nodes)
            return [.. nodes];
        return join.GetString("cluster-node") is { Length: > 0 } node ? [node] : throw new FormatException("it has no 'cluster-nodes'");
    }

    private static string Text(Config join, string key) => join.GetString(key) is { Length: > 0 } text ? text : throw new FormatException($"it has no '{key}'");

    private static string Encode(string pem) => Convert.ToBase64String(Encoding.UTF8.GetBytes(pem));

    private static string Decode(Config join, string key) => Encoding.UTF8.GetString(Convert.FromBase64String(Text(join, key)));
}
