using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Authentication;

/// <summary>
/// Tokens of service accounts. Signature and claims of a token are looked at once; that its service account and what it is bound to are
/// still there is looked at with each request, in the watch caches.
/// </summary>
internal sealed class ServiceAccountAuthenticator(ServiceAccountTokens tokens, AuthenticationSettings settings, ResourceRegistry registry, LegacyTokenUse uses, TimeProvider time)
{
    private const string ExtraPrefix = "authentication.kubernetes.io/";
    private const int Remembered = 4096;

    // An object that is being deleted keeps its tokens good for so long, for what its containers do at their end.
    private static readonly TimeSpan DeletionGrace = TimeSpan.FromSeconds(60);

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    /// <summary>Whose token it is; null when it is not good.</summary>
    /// <param name="token">The token.</param>
    /// <param name="audiences">For at least one of these it must be.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async ValueTask<TokenIdentity?> AuthenticateAsync(string token, IReadOnlyList<string> audiences, CancellationToken cancellationToken)
    {
        if (await ClaimsAsync(token).ConfigureAwait(false) is not { } known)
        {
            return null;
        }

        var claims = known.Claims;
        var now = time.GetUtcNow().ToUnixTimeSeconds();
        if (claims.Issuer != settings.Issuer && !claims.IsLegacy || (claims.ExpiresAt > 0 && now >= claims.ExpiresAt) || now < claims.NotBefore)
        {
            return null;
        }

        // A token of a secret is for the API server, whatever name the server goes by.
        var good = audiences.Where((claims.IsLegacy ? settings.ApiAudiences : claims.Audiences).Contains).ToList();
        if (good.Count == 0 || !await IsLiveAsync(token, claims, cancellationToken).ConfigureAwait(false))
        {
            return null;
        }

        return new TokenIdentity(known.User, good);
    }

    private async ValueTask<Known?> ClaimsAsync(string token)
    {
        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        if (_known.TryGetValue(key, out var known))
        {
            return known;
        }

        if (await tokens.ReadAsync(token).ConfigureAwait(false) is not { } claims)
        {
            return null;
        }

        if (_known.Count >= Remembered)
        {
            _known.Clear();
        }

        return _known.GetOrAdd(key, new Known(claims, User(claims)));
    }

    private async ValueTask<bool> IsLiveAsync(string token, ServiceAccountClaims claims, CancellationToken cancellationToken)
    {
        if (await FindAsync<V1ServiceAccount>($"{claims.Namespace}/{claims.ServiceAccount.Name}", claims.ServiceAccount.Uid, cancellationToken).ConfigureAwait(false) is null)
        {
            return false;
        }

        if (claims.Secret is { } secret)
        {
            var found = await FindAsync<V1Secret>($"{claims.Namespace}/{secret.Name}", secret.Uid, cancellationToken).ConfigureAwait(false);
            if (found is null || (claims.IsLegacy && !IsTokenOf(found, token)))
            {
                return false;
            }

            if (claims.IsLegacy)
            {
                await uses.NoteAsync(found).ConfigureAwait(false);
            }
        }

        if (claims.Pod is { } pod)
        {
            // The node of a pod's token is told for information; the pod decides.
            return await FindAsync<V1Pod>($"{claims.Namespace}/{pod.Name}", pod.Uid, cancellationToken).ConfigureAwait(false) is not null;
        }

        return claims.Node is not { } node || await FindAsync<V1Node>(node.Name, node.Uid, cancellationToken).ConfigureAwait(false) is not null;
    }

    private static bool IsTokenOf(V1Secret secret, string token) =>
        secret.Data?.TryGetValue("token", out var stored) is true && CryptographicOperations.FixedTimeEquals(stored, Encoding.UTF8.GetBytes(token))
        && secret.Metadata.Labels?.ContainsKey("kubernetes.io/legacy-token-invalid-since") is not true;

    // What the cache at hand does not show may have been made a moment ago by another server.
    private async ValueTask<T?> FindAsync<T>(string key, string uid, CancellationToken cancellationToken) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var resource = registry.Of<T>();
        var state = await Freshness.AnyAsync(resource, cancellationToken).ConfigureAwait(false);
        return Good(state.Objects.Find(key)?.Object.As<T>(), uid)
            ?? Good((await Freshness.ConsistentAsync(resource, cancellationToken).ConfigureAwait(false)).Objects.Find(key)?.Object.As<T>(), uid);
    }

    private T? Good<T>(T? found, string uid) where T : class, IKubernetesObject<V1ObjectMeta> =>
        found is not null && (uid.Length == 0 || found.Metadata.Uid == uid) && (found.Metadata.DeletionTimestamp is not { } deleted || time.GetUtcNow() < deleted + DeletionGrace) ? found : null;

    private static UserInfo User(ServiceAccountClaims claims)
    {
        var extra = new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal);
        if (claims.Id.Length > 0)
        {
            extra[ExtraPrefix + "credential-id"] = [$"JTI={claims.Id}"];
        }

        if (claims.Pod is { } pod)
        {
            extra[ExtraPrefix + "pod-name"] = [pod.Name];
            extra[ExtraPrefix + "pod-uid"] = [pod.Uid];
        }

        if (claims.Node is { } node)
        {
            extra[ExtraPrefix + "node-name"] = [node.Name];
            extra[ExtraPrefix + "node-uid"] = [node.Uid];
        }

        return ServiceAccountUser.Of(claims.Namespace, claims.ServiceAccount.Name, claims.ServiceAccount.Uid) with { Extra = extra };
    }

    private sealed record Known(ServiceAccountClaims Claims, UserInfo User);
}
