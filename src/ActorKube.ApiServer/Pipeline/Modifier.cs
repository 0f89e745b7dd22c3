using ActorKube.Api.Machinery;
using ActorKube.ApiServer.FieldManagement;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Store.Protocol;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>
/// Makes the new form of an object from its current one, which is shared and must not be changed. May run more than once: when
/// somebody else wrote in between, it is asked again with what is there then. Throws an <see cref="ApiException"/> to refuse.
/// </summary>
internal delegate ValueTask<IKubernetesObject<V1ObjectMeta>> Change(ApiObject current);

/// <summary>
/// Changes an object with compare-and-set. It starts from the watch cache, which may be a moment old; when the change is refused on
/// that ground, or the store has something newer, it starts again from what is there now.
/// </summary>
internal sealed class Modifier(ObjectWriter writer)
{
    private const int MaxAttempts = 20;

    /// <summary>The object after the change; the object as it last was when the change removed its last finalizer.</summary>
    /// <param name="context">The request.</param>
    /// <param name="key">Which object.</param>
    /// <param name="change">The change.</param>
    public async Task<ApiObject> ModifyAsync(RequestContext context, string key, Change change)
    {
        var resource = context.Resource;
        var fresh = false;
        for (var attempt = 1; ; attempt++)
        {
            var state = fresh
                ? await Freshness.ConsistentAsync(resource, CancellationToken.None).ConfigureAwait(false)
                : await Freshness.AnyAsync(resource, CancellationToken.None).ConfigureAwait(false);
            if (state.Objects.Find(key) is not { } entry)
            {
                if (fresh)
                {
                    throw ApiError.NotFound(context.Kind, context.Request.Name);
                }

                fresh = true;
                continue;
            }

            IKubernetesObject<V1ObjectMeta> value;
            var current = resource.View(entry.Object);
            try
            {
                value = await change(current).ConfigureAwait(false);
            }
            catch (ApiException e) when (!fresh && e.IsConflict)
            {
                fresh = true;
                continue;
            }

            var result = await WriteAsync(context, entry, current, value).ConfigureAwait(false);
            if (result.Object is not null)
            {
                return result.Object;
            }

            if (attempt == MaxAttempts)
            {
                throw ApiError.Conflict(context.Kind, context.Request.Name);
            }

            fresh = true;
        }
    }

    /// <summary>Whether an update leaves nothing that keeps a deleted object: no finalizer and no grace period.</summary>
    public static bool EndsObject(object value, object old)
    {
        var was = ObjectMetadata.Of(old);
        return was.DeletionTimestamp is not null
            && was.DeletionGracePeriodSeconds is null or 0
            && ObjectMetadata.Of(value).Finalizers is null or { Count: 0 }
            && value is not V1Namespace { Spec.Finalizers.Count: > 0 };
    }

    private async Task<(ApiObject? Object, long CurrentRevision)> WriteAsync(RequestContext context, CachedObject entry, ApiObject current, IKubernetesObject<V1ObjectMeta> value)
    {
        var resource = context.Resource;
        var ends = EndsObject(value, current.Value);
        var encoded = ObjectSize.Encode(context, value);
        if (!ends && !entry.Stale && UnchangedWrites.IsSame(entry.Stored.Span, current.Metadata, encoded.Bytes, ObjectMetadata.Of(encoded.Stored)))
        {
            return (current, entry.Revision);
        }

        if (context.DryRun)
        {
            return (resource.View(ObjectBytes.ToApiObject(encoded.Bytes, entry.Revision, resource.Cache.Type)), entry.Revision);
        }

        var expected = Expected.At(entry.Revision);
        var result = ends
            ? await writer.RemoveAsync(resource, entry.Key, encoded.Bytes, expected, context.Cause()).ConfigureAwait(false)
            : await writer.PutAsync(resource, entry.Key, encoded, expected, context.Cause()).ConfigureAwait(false);
        return (result.Written is { } written ? resource.View(written.Object) : null, result.CurrentRevision);
    }
}
