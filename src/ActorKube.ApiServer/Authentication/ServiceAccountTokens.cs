using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace ActorKube.ApiServer.Authentication;

/// <summary>Signs claims into tokens, and reads them out of tokens that one of the keys signed.</summary>
internal sealed class ServiceAccountTokens(ServiceAccountKeys keys)
{
    private readonly JsonWebTokenHandler _handler = new() { SetDefaultTimesOnTokenCreation = false };

    // Who issued a token, for whom and until when is judged by the authenticator, on the server's own clock.
    private readonly TokenValidationParameters _signature = new()
    {
        IssuerSigningKeys = keys.Verifying,
        ValidateIssuer = false,
        ValidateAudience = false,
        ValidateLifetime = false,
        RequireExpirationTime = false,
        RequireSignedTokens = true,
        ValidAlgorithms = ["ES256", "ES384", "ES512", "RS256", "RS384", "RS512"],
    };

    /// <summary>The keys.</summary>
    public ServiceAccountKeys Keys => keys;

    /// <summary>A token of the claims.</summary>
    public string Sign(ServiceAccountClaims claims) => _handler.CreateToken(claims.ToPayload(), keys.Signing);

    /// <summary>Whether a bearer token looks like one of these, whoever signed it.</summary>
    public static bool IsJwt(string token) => token.StartsWith("eyJ", StringComparison.Ordinal) && token.AsSpan().Count('.') == 2;

    /// <summary>The claims of a token; null when no key of ours signed it or it is not a service account's.</summary>
    public async ValueTask<ServiceAccountClaims?> ReadAsync(string token)
    {
        var result = await _handler.ValidateTokenAsync(token, _signature).ConfigureAwait(false);
        return result is { IsValid: true, SecurityToken: JsonWebToken jwt } ? ServiceAccountClaims.Read(Base64UrlEncoder.DecodeBytes(jwt.EncodedPayload)) : null;
    }
}
