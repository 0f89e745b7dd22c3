using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;
using ActorKube.Store.Protocol;

namespace ActorKube.ApiServer.WatchCache;

/// <summary>One object of a watch cache.</summary>
/// <param name="Key"><c>namespace/name</c> or <c>name</c>.</param>
/// <param name="Revision">The store's revision of its last write.</param>
/// <param name="Object">The object with its resourceVersion, shared by all readers.</param>
/// <param name="Stored">Its JSON as it was written, without resourceVersion.</param>
/// <param name="Stale">Whether the store has it in another form than it would be written in now, such as encrypted with an older key.</param>
internal sealed record CachedObject(string Key, long Revision, ApiObject Object, ReadOnlyMemory<byte> Stored, bool Stale = false);

/// <summary>One change, as watchers see it.</summary>
/// <param name="Position">Its place in the log: counts up by one.</param>
/// <param name="Type">What happened.</param>
/// <param name="Object">The object after the change, or as it last was (with the revision of its removal) when removed.</param>
/// <param name="Previous">The object before the change; null when it did not exist.</param>
internal sealed record CacheEvent(long Position, StoreEventType Type, CachedObject Object, CachedObject? Previous)
{
    private ApiObject? _left;

    /// <summary>
    /// The object before the change with the revision of the change: what a watcher is told as DELETED when the object leaves its selector.
    /// Made once, shared by all such watchers.
    /// </summary>
    public ApiObject Left => _left ??= ObjectBytes.ToApiObject(Previous!.Stored, Object.Revision, Previous.Object.Value.GetType());
}

/// <summary>Turns the store's bytes into objects with a resourceVersion.</summary>
internal static class ObjectBytes
{
    // A writer leaves the object it serialized here, so that the cache of the same process need not decode it again.
    private static readonly ConditionalWeakTable<byte[], object> Written = [];

    /// <summary>Remembers the object that the bytes were made from. Its resourceVersion will be set by the cache: the writer gives it away.</summary>
    public static void Remember(byte[] stored, object value) => Written.AddOrUpdate(stored, value);

    /// <summary>The object of stored bytes.</summary>
    public static ApiObject ToApiObject(ReadOnlyMemory<byte> stored, long revision, Type type)
    {
        var version = ResourceVersions.Format(revision);
        var json = ResourceVersions.Inject(stored.Span, version);
        if (MemoryMarshal.TryGetArray(stored, out var segment) && segment.Count == segment.Array!.Length && Written.Remove(segment.Array, out var value) && value.GetType() == type)
        {
            ObjectMetadata.Of(value).ResourceVersion = version;
            return new ApiObject(value, json);
        }

        return new ApiObject(json, type);
    }
}
