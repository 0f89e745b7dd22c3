using Akka.Configuration;

namespace ActorKube.ApiServer.Authentication;

/// <summary>The section <c>actorkube.apiserver.authentication</c>, typed. <c>reference.conf</c> explains each setting.</summary>
public sealed record AuthenticationSettings
{
    /// <summary>Whether requests without a credential are taken, as <c>system:anonymous</c>.</summary>
    public required bool Anonymous { get; init; }

    /// <summary>Whether secrets of type <c>bootstrap.kubernetes.io/token</c> are credentials.</summary>
    public required bool BootstrapTokens { get; init; }

    /// <summary>Bearer tokens beside those of the token file, each <c>token,user,uid,"group1,group2"</c>.</summary>
    public required IReadOnlyList<string> StaticTokens { get; init; }

    /// <summary>Who issues service account tokens: the claim <c>iss</c>, and where the discovery document says it is.</summary>
    public required string Issuer { get; init; }

    /// <summary>Whom tokens are for that name no audience.</summary>
    public required IReadOnlyList<string> ApiAudiences { get; init; }

    /// <summary>File of the key that signs service account tokens; empty: <c>sa.key</c> among the certificates.</summary>
    public required string SigningKeyFile { get; init; }

    /// <summary>Files of further keys that tokens may be signed with.</summary>
    public required IReadOnlyList<string> VerificationKeyFiles { get; init; }

    /// <summary>URL of the key set as the discovery document gives it; empty: on this server.</summary>
    public required string JwksUri { get; init; }

    /// <summary>How long a token may live at most; zero for no limit.</summary>
    public required TimeSpan MaxTokenExpiration { get; init; }

    /// <summary>Whether the tokens that pods get by default live for a year, as Kubernetes lets them for the sake of old clients.</summary>
    public required bool ExtendTokenExpiration { get; init; }

    /// <summary>Reads the section.</summary>
    /// <param name="section">The section <c>actorkube.apiserver.authentication</c>, complete.</param>
    public static AuthenticationSettings From(Config section)
    {
        var accounts = section.GetConfig("service-account");
        var issuer = accounts.GetString("issuer");
        var audiences = accounts.GetStringList("api-audiences");
        return new AuthenticationSettings
        {
            Anonymous = section.GetBoolean("anonymous"),
            BootstrapTokens = section.GetBoolean("bootstrap-tokens"),
            StaticTokens = [.. section.GetStringList("static-tokens")],
            Issuer = issuer.Length > 0 ? issuer : throw new ConfigurationException("actorkube.apiserver.authentication.service-account.issuer is empty"),
            ApiAudiences = audiences.Count > 0 ? [.. audiences] : [issuer],
            SigningKeyFile = accounts.GetString("signing-key-file"),
            VerificationKeyFiles = [.. accounts.GetStringList("verification-key-files")],
            JwksUri = accounts.GetString("jwks-uri"),
            MaxTokenExpiration = accounts.GetTimeSpan("max-token-expiration"),
            ExtendTokenExpiration = accounts.GetBoolean("extend-token-expiration"),
        };
    }
}
