namespace ActorKube.Client.Kubeconfigs;

/// <summary>
/// A kubeconfig: clusters, users, and contexts that pair them.
/// Source: https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/
/// </summary>
public sealed class KubeConfig
{
    /// <summary>Always <c>v1</c>.</summary>
    public string ApiVersion { get; set; } = "v1";

    /// <summary>Always <c>Config</c>.</summary>
    public string Kind { get; set; } = "Config";

    /// <summary>The context to use where none is named.</summary>
    public string CurrentContext { get; set; } = "";

    /// <summary>Clusters by name.</summary>
    public List<NamedCluster> Clusters { get; set; } = [];

    /// <summary>Contexts by name.</summary>
    public List<NamedContext> Contexts { get; set; } = [];

    /// <summary>Users by name.</summary>
    public List<NamedUser> Users { get; set; } = [];
}

/// <summary>A cluster and its name.</summary>
public sealed class NamedCluster
{
    /// <summary>The name.</summary>
    public string Name { get; set; } = "";

    /// <summary>The cluster.</summary>
    public ClusterEntry Cluster { get; set; } = new();
}

/// <summary>Where a cluster is and how to know it.</summary>
public sealed class ClusterEntry
{
    /// <summary>URL of the API server.</summary>
    public string? Server { get; set; }

    /// <summary>File with the authorities' certificates; in a loaded config an absolute path.</summary>
    public string? CertificateAuthority { get; set; }

    /// <summary>The authorities' certificates, base64 of PEM.</summary>
    public string? CertificateAuthorityData { get; set; }

    /// <summary>Name to expect in the server's certificate.</summary>
    public string? TlsServerName { get; set; }

    /// <summary>Whether any certificate will do.</summary>
    public bool InsecureSkipTlsVerify { get; set; }
}

/// <summary>A context and its name.</summary>
public sealed class NamedContext
{
    /// <summary>The name.</summary>
    public string Name { get; set; } = "";

    /// <summary>The context.</summary>
    public ContextEntry Context { get; set; } = new();
}

/// <summary>Who talks to which cluster, in which namespace.</summary>
public sealed class ContextEntry
{
    /// <summary>Name of the cluster.</summary>
    public string Cluster { get; set; } = "";

    /// <summary>Name of the user.</summary>
    public string User { get; set; } = "";

    /// <summary>Namespace where a command names none.</summary>
    public string? Namespace { get; set; }
}

/// <summary>A user and their name.</summary>
public sealed class NamedUser
{
    /// <summary>The name.</summary>
    public string Name { get; set; } = "";

    /// <summary>The user.</summary>
    public UserEntry User { get; set; } = new();
}

/// <summary>How a user proves who they are.</summary>
public sealed class UserEntry
{
    /// <summary>File with the certificate; in a loaded config an absolute path.</summary>
    public string? ClientCertificate { get; set; }

    /// <summary>The certificate, base64 of PEM.</summary>
    public string? ClientCertificateData { get; set; }

    /// <summary>File with the private key; in a loaded config an absolute path.</summary>
    public string? ClientKey { get; set; }

    /// <summary>The private key, base64 of PEM.</summary>
    public string? ClientKeyData { get; set; }

    /// <summary>Bearer token.</summary>
    public string? Token { get; set; }

    /// <summary>File with the bearer token, read anew for each request; wins over <see cref="Token"/>.</summary>
    public string? TokenFile { get; set; }

    /// <summary>User name for basic authentication.</summary>
    public string? Username { get; set; }

    /// <summary>Password for basic authentication.</summary>
    public string? Password { get; set; }

    /// <summary>A program that gives the credential. Read so that it can be refused by name: it is not supported.</summary>
    public object? Exec { get; set; }
}
