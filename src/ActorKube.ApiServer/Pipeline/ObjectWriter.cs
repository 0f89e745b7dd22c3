using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Encryption;
using ActorKube.ApiServer.Monitoring;
using ActorKube.ApiServer.Registry;
using ActorKube.ApiServer.Services;
using ActorKube.ApiServer.WatchCache;
using ActorKube.Store.Protocol;
using Akka.Actor;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>How a write ended.</summary>
/// <param name="Written">The object as everybody now sees it; null when the store refused.</param>
/// <param name="CurrentRevision">When refused: the revision that is there, 0 for none.</param>
internal readonly record struct WriteResult(CachedObject? Written, long CurrentRevision);

/// <summary>Writes objects to the store and waits until the watch cache shows them, so that a client can read what it wrote.</summary>
internal sealed class ObjectWriter(IActorRef store, TimeSpan timeout, EncryptionAtRest? encryption = null)
{
    /// <summary>The bytes that the store keeps of an object: the stored version without resourceVersion. The object is given away.</summary>
    public static (byte[] Bytes, object Stored) Encode(ServedResource resource, object value)
    {
        var metadata = ObjectMetadata.Of(value);
        metadata.ResourceVersion = null;
        metadata.SelfLink = null;
        var stored = resource.Converter is null ? value : resource.Converter.ToStored(value);
        return (ApiJson.Serialize(stored), stored);
    }

    /// <summary>Writes an object that <see cref="Encode"/> made.</summary>
    public async Task<WriteResult> PutAsync(ServedResource resource, string key, (byte[] Bytes, object Stored) value, Expected expected, Cause cause)
    {
        ObjectBytes.Remember(value.Bytes, value.Stored);
        return await PutAsync(resource, key, value.Bytes, expected, cause, ServiceClaims.Of(value.Stored)).ConfigureAwait(false);
    }

    /// <summary>Writes JSON as <see cref="Encode"/> makes it.</summary>
    public Task<WriteResult> PutAsync(ServedResource resource, string key, byte[] json, Expected expected, Cause cause, IReadOnlyList<string> unique) =>
        WriteAsync(resource, key, new Put(resource.StoreResource, key, Seal(resource, key, json), expected, cause) { Unique = unique }, json);

    /// <summary>Removes an object; its last form is what watchers are told.</summary>
    public Task<WriteResult> RemoveAsync(ServedResource resource, string key, ReadOnlyMemory<byte> last, Expected expected, Cause cause) =>
        WriteAsync(resource, key, new Remove(resource.StoreResource, key, Seal(resource, key, last), expected, cause), last);

    private ReadOnlyMemory<byte> Seal(ServedResource resource, string key, ReadOnlyMemory<byte> json) =>
        encryption?.Covers(resource.StoreResource) == true ? encryption.Seal(resource.StoreResource, key, json.ToArray()) : json;

    // The client may be gone meanwhile, but the write goes on: its outcome is awaited without the client's token.
    private async Task<WriteResult> WriteAsync(ServedResource resource, string key, IStoreMessage command, ReadOnlyMemory<byte> bytes)
    {
        using var span = RequestTracing.Step("Store write");
        object answer;
        try
        {
            answer = await store.Ask<object>(command, timeout).ConfigureAwait(false);
        }
        catch (AskTimeoutException)
        {
            throw ApiError.Timeout("request did not complete within the requested timeout - the outcome of the write is unknown");
        }

        switch (answer)
        {
            case Committed committed:
                using (var limit = new CancellationTokenSource(timeout))
                {
                    var written = await resource.Cache.WrittenAsync(key, committed.Revision, limit.Token).ConfigureAwait(false);
                    return new WriteResult(written ?? new CachedObject(key, committed.Revision, ObjectBytes.ToApiObject(bytes, committed.Revision, resource.Cache.Type), bytes), committed.Revision);
                }

            case Rejected { Taken: { Length: > 0 } taken }:
                throw new ClaimTakenException(taken);
            case Rejected rejected:
                return new WriteResult(null, rejected.CurrentRevision);
            case OutcomeUnknown unknown:
                throw ApiError.Internal($"the outcome of the write is unknown: {unknown.Reason}");
            case NotAttempted not:
                throw StoreAway.Refusal(not.Reason);
            default:
                throw new InvalidOperationException($"The store answered a write with {answer.GetType().Name}.");
        }
    }
}
