using System.Collections.Concurrent;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.Kubelet.Volumes;

/// <summary>A service account's token and when to get a newer one.</summary>
/// <param name="Text">The token.</param>
/// <param name="RefreshAt">When four fifths of its life, or a day, are over.</param>
internal sealed record PodToken(string Text, DateTimeOffset RefreshAt);

/// <summary>
/// The tokens of pods: each is asked for once and kept until it is due, however often the pod's volumes are looked at meanwhile.
/// Source: https://kubernetes.io/docs/concepts/storage/projected-volumes/#serviceaccounttoken
/// </summary>
internal sealed class PodTokens(IObjectSource objects, TimeProvider time)
{
    private readonly record struct Key(string PodUid, string Account, string Audience, long Seconds);

    private sealed record Held(string Text, DateTimeOffset RefreshAt, DateTimeOffset ExpiresAt);

    private static readonly TimeSpan LongestAge = TimeSpan.FromHours(24);
    private static readonly TimeSpan Retry = TimeSpan.FromSeconds(10);

    private readonly ConcurrentDictionary<Key, Held> _held = new();

    /// <summary>The token for the audience, asked for when there is none or it is due. While the server gives no newer one, one that is still good will do.</summary>
    /// <exception cref="ApiException">The server gives none.</exception>
    public async Task<PodToken> GetAsync(V1Pod pod, string? audience, long seconds, CancellationToken cancellationToken)
    {
        var key = new Key(pod.Metadata.Uid, AccountOf(pod), audience ?? "", seconds);
        _held.TryGetValue(key, out var held);
        if (held is not null && time.GetUtcNow() < held.RefreshAt)
            return new PodToken(held.Text, held.RefreshAt);
        try
        {
            var token = await objects.TokenAsync(pod, audience, seconds, cancellationToken).ConfigureAwait(false);
            var now = time.GetUtcNow();
            var expires = token.ExpirationTimestamp is { } end ? new DateTimeOffset(DateTime.SpecifyKind(end, DateTimeKind.Utc)) : now.AddSeconds(seconds);
            held = new Held(token.Token, now + Min(0.8 * (expires - now), LongestAge), expires);
            _held[key] = held;
            return new PodToken(held.Text, held.RefreshAt);
        }
        catch (ApiException) when (held is not null && time.GetUtcNow() < held.ExpiresAt)
        {
            return new PodToken(held.Text, time.GetUtcNow() + Retry);
        }
    }

    /// <summary>Forgets a pod that is gone.</summary>
    public void Forget(string podUid)
    {
        foreach (var key in _held.Keys.Where(k => k.PodUid == podUid))
            _held.TryRemove(key, out _);
    }

    /// <summary>The name of the pod's service account.</summary>
    public static string AccountOf(V1Pod pod) => pod.Spec.ServiceAccountName is { Length: > 0 } name ? name : "default";

    private static TimeSpan Min(TimeSpan a, TimeSpan b) => a < b ? a : b;
}
