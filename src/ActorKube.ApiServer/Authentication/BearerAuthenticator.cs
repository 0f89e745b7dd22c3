using ActorKube.Api.Meta;

namespace ActorKube.ApiServer.Authentication;

/// <summary>Bearer tokens of every kind: static ones, those of service accounts, bootstrap tokens.</summary>
internal sealed class BearerAuthenticator(
    TokenAuthenticator known, ServiceAccountAuthenticator accounts, BootstrapTokenAuthenticator bootstrap, AuthenticationSettings settings)
{
    /// <summary>Static tokens; the join token among them.</summary>
    public TokenAuthenticator Static => known;

    /// <summary>Whom a token must be for that is presented to this server.</summary>
    public IReadOnlyList<string> ApiAudiences => settings.ApiAudiences;

    /// <summary>The token's user, or null when it is not good.</summary>
    public async ValueTask<UserInfo?> AuthenticateAsync(string token, CancellationToken cancellationToken) =>
        (await ReviewAsync(token, settings.ApiAudiences, cancellationToken).ConfigureAwait(false))?.User;

    /// <summary>Whose token it is and for which of the audiences; null when it is not good.</summary>
    public async ValueTask<TokenIdentity?> ReviewAsync(string token, IReadOnlyList<string> audiences, CancellationToken cancellationToken)
    {
        if (token.Length == 0)
        {
            return null;
        }

        if (known.Authenticate(token) is { } user)
        {
            return Own(user, audiences);
        }

        if (ServiceAccountTokens.IsJwt(token))
        {
            return await accounts.AuthenticateAsync(token, audiences, cancellationToken).ConfigureAwait(false);
        }

        return settings.BootstrapTokens && BootstrapTokenAuthenticator.IsBootstrapToken(token)
            && await bootstrap.AuthenticateAsync(token, cancellationToken).ConfigureAwait(false) is { } joining ? Own(joining, audiences) : null;
    }

    // A token that knows of no audience is for the API server.
    private TokenIdentity? Own(UserInfo user, IReadOnlyList<string> audiences) =>
        audiences.Where(settings.ApiAudiences.Contains).ToList() is { Count: > 0 } good ? new TokenIdentity(user, good) : null;
}
