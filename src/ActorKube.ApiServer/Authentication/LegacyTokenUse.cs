using ActorKube.Api.Machinery;
using ActorKube.Api.Meta;
using ActorKube.ApiServer.Pipeline;
using ActorKube.ApiServer.Registry;
using ActorKube.Store.Protocol;
using k8s.Models;

namespace ActorKube.ApiServer.Authentication;

/// <summary>
/// Notes at a secret with a service account's token the day on which the token was last used, so that tokens nobody uses can be found and ended.
/// Source: https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#legacy-serviceaccount-token-tracking-controller
/// </summary>
internal sealed class LegacyTokenUse(ResourceRegistry registry, ObjectWriter writer, TimeProvider time)
{
    /// <summary>Notes that the secret's token was used just now: one write a day. Where somebody else wrote the secret meanwhile, the next use notes it.</summary>
    public async ValueTask NoteAsync(V1Secret secret)
    {
        var (metadata, now) = (secret.Metadata, time.GetUtcNow());
        if (metadata.Labels?.TryGetValue(LegacyTokens.LastUsed, out var noted) is true && noted == LegacyTokens.Day(now))
        {
            return;
        }

        var resource = registry.Of<V1Secret>();
        var key = resource.Key(metadata.NamespaceProperty, metadata.Name);
        var state = await Freshness.AnyAsync(resource, CancellationToken.None).ConfigureAwait(false);
        if (state.Objects.Find(key) is not { } entry || entry.Object.Metadata.Uid != metadata.Uid)
        {
            return;
        }

        var changed = ApiJson.Copy(entry.Object.As<V1Secret>());
        changed.Metadata.Labels = new Dictionary<string, string>(changed.Metadata.Labels ?? new Dictionary<string, string>()) { [LegacyTokens.LastUsed] = LegacyTokens.Day(now) };
        var cause = new Cause("system:apiserver", "patch", "kube-apiserver", now.ToUnixTimeMilliseconds());
        await writer.PutAsync(resource, key, ObjectWriter.Encode(resource, changed), Expected.At(entry.Revision), cause).ConfigureAwait(false);
    }
}
