using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.Authentication;

/// <summary>
/// Bootstrap tokens, <c>id.secret</c>, kept in secrets of kube-system: who holds one may join a node.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/bootstrap-tokens/
/// </summary>
internal sealed class BootstrapTokenAuthenticator(ResourceRegistry registry, TimeProvider time)
{
    private const int IdLength = 6;
    private const int SecretLength = 16;
    private const string Group = "system:bootstrappers";

    /// <summary>Whether a bearer token has the form of these.</summary>
    public static bool IsBootstrapToken(string token) => token.Length == IdLength + 1 + SecretLength && token[IdLength] == '.'
        && token.AsSpan(0, IdLength).IndexOfAnyExcept(Characters) < 0 && token.AsSpan(IdLength + 1).IndexOfAnyExcept(Characters) < 0;

    private static readonly System.Buffers.SearchValues<char> Characters = System.Buffers.SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789");

    /// <summary>The token's user, or null when it is not good.</summary>
    public async ValueTask<UserInfo?> AuthenticateAsync(string token, CancellationToken cancellationToken)
    {
        var id = token[..IdLength];
        var secrets = await Freshness.AnyAsync(registry.Of<V1Secret>(), cancellationToken).ConfigureAwait(false);
        return secrets.Objects.Find($"kube-system/bootstrap-token-{id}")?.Object.As<V1Secret>() is { Type: "bootstrap.kubernetes.io/token", Metadata.DeletionTimestamp: null } secret
            ? Judge(secret, id, token[(IdLength + 1)..], time.GetUtcNow())
            : null;
    }

    /// <summary>What a secret says of a token. Pure.</summary>
    public static UserInfo? Judge(V1Secret secret, string id, string password, DateTimeOffset now)
    {
        var stored = Encoding.UTF8.GetBytes(Text(secret, "token-secret"));
        if (stored.Length == 0 || !CryptographicOperations.FixedTimeEquals(stored, Encoding.UTF8.GetBytes(password)) || Text(secret, "token-id") != id
            || Text(secret, "usage-bootstrap-authentication") != "true")
        {
            return null;
        }

        // An expiration that cannot be read is one that has passed.
        if (Text(secret, "expiration") is { Length: > 0 } expiration
            && (!DateTimeOffset.TryParse(expiration, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var end) || now > end))
        {
            return null;
        }

        var extra = Text(secret, "auth-extra-groups").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return extra.All(g => g.StartsWith(Group + ":", StringComparison.Ordinal))
            ? new UserInfo($"system:bootstrap:{id}", [Group, .. extra.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal), UserInfo.Authenticated])
            : null;
    }

    private static string Text(V1Secret secret, string key) => secret.Data?.TryGetValue(key, out var value) is true ? Encoding.UTF8.GetString(value) : "";
}
