using ActorKube.Api.Meta;
using Microsoft.AspNetCore.Http;

namespace ActorKube.ApiServer.Authentication;

/// <summary>Finds out who makes an HTTPS request: by client certificate, by bearer token, or nobody.</summary>
internal sealed class RequestAuthenticator(CertificateAuthenticator certificates, BearerAuthenticator tokens, AuthenticationSettings settings)
{
    private const string Bearer = "Bearer ";

    /// <summary>The user; anonymous without a credential; null for a credential that is not good.</summary>
    public ValueTask<UserInfo?> AuthenticateAsync(HttpContext http)
    {
        var certificate = http.Connection.ClientCertificate;
        if (certificate is not null && certificates.Authenticate(certificate) is { } user)
        {
            return new(user);
        }

        var authorization = http.Request.Headers.Authorization.ToString();
        return authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase)
            ? tokens.AuthenticateAsync(authorization[Bearer.Length..].Trim(), http.RequestAborted)
            : new(certificate is null && settings.Anonymous ? UserInfo.Anonymous : null);
    }
}
