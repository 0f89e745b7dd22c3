using System.Runtime.CompilerServices;
using System.Security.Cryptography.X509Certificates;
using ActorKube.Api.Meta;

namespace ActorKube.ApiServer.Authentication;

/// <summary>
/// Client certificates: the common name is the user, the organizations are the groups. The certificate must come from the cluster's CA.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#x509-client-certificates
/// </summary>
internal sealed class CertificateAuthenticator(X509Certificate2 authority, TimeProvider time)
{
    private const string ClientAuth = "1.3.6.1.5.5.7.3.2";

    // A connection shows the same certificate object with each request; its chain is built once.
    private readonly ConditionalWeakTable<X509Certificate2, Verdict> _known = [];

    /// <summary>The user, or null when the certificate is not one of ours or not valid now.</summary>
    public UserInfo? Authenticate(X509Certificate2 certificate)
    {
        var verdict = _known.GetValue(certificate, Judge);
        return verdict.User is not null && time.GetUtcNow() <= verdict.Until ? verdict.User : null;
    }

    private Verdict Judge(X509Certificate2 certificate)
    {
        using var chain = ClusterCertificates.ChainTo(authority, time.GetUtcNow());
        chain.ChainPolicy.ApplicationPolicy.Add(new System.Security.Cryptography.Oid(ClientAuth));
        if (!chain.Build(certificate))
        {
            return new Verdict(null, default);
        }

        var subject = SubjectName.Of(certificate.SubjectName);
        return subject.CommonName.Length == 0
            ? new Verdict(null, default)
            : new Verdict(new UserInfo(subject.CommonName, [.. subject.Organizations, "system:authenticated"]), certificate.NotAfter.ToUniversalTime());
    }

    private sealed record Verdict(UserInfo? User, DateTimeOffset Until);
}
