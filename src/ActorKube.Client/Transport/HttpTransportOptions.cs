using System.Security.Cryptography.X509Certificates;

namespace ActorKube.Client.Transport;

/// <summary>How an <see cref="HttpTransport"/> reaches an API server.</summary>
public sealed record HttpTransportOptions
{
    /// <summary>Such as <c>https://127.0.0.1:6443</c>; a path in it is kept as a prefix.</summary>
    public required Uri Server { get; init; }

    /// <summary>Certificates that may have signed the server's; empty for the machine's own trust.</summary>
    public IReadOnlyList<X509Certificate2> CertificateAuthorities { get; init; } = [];

    /// <summary>The client's certificate with its private key.</summary>
    public X509Certificate2? ClientCertificate { get; init; }

    /// <summary>Gives the bearer token for each request; null for none.</summary>
    public Func<string?>? Token { get; init; }

    /// <summary>User and password for basic authentication, <c>user:password</c>.</summary>
    public string? BasicCredential { get; init; }

    /// <summary>The name the server's certificate must carry, where it is not the host of <see cref="Server"/>.</summary>
    public string? TlsServerName { get; init; }

    /// <summary>Whether any server certificate will do. Only for trying things out.</summary>
    public bool InsecureSkipTlsVerify { get; init; }

    /// <summary>How long a request may take; watches are not bound by it.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(32);
}
