using ActorKube.Api.Meta;
using Microsoft.AspNetCore.Http;

namespace ActorKube.ApiServer.Authentication;

/// <summary>Finds out who makes an HTTPS request: by client certificate, by bearer token, or nobody.</summary>
internal sealed class RequestAuthenticator(CertificateAuthenticator certificates, TokenAuthenticator tokens)
{
    private const string Bearer = "Bearer ";

    /// <summary>The user; anonymous without a credential; null for a credential that is not good.</summary>
    public UserInfo? Authenticate(HttpContext http)
    {
        if (http.Connection.ClientCertificate is { } certificate && certificates.Authenticate(certificate) is { } user)
        {
            return user;
        }

        var authorization = http.Request.Headers.Authorization.ToString();
        return authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? tokens.Authenticate(authorization[Bearer.Length..].Trim())
            : http.Connection.ClientCertificate is null ? UserInfo.Anonymous : null;
    }
}
