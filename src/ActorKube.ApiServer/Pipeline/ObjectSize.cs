using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry;

namespace ActorKube.ApiServer.Pipeline;

/// <summary>Keeps objects within the size that Kubernetes' storage takes, so that what is written here can be written there.</summary>
internal static class ObjectSize
{
    /// <summary>Bytes of an object as it is stored. Source: https://etcd.io/docs/v3.5/dev-guide/limit/</summary>
    public const int Max = 1536 * 1024;

    /// <summary>
    /// The bytes that the store keeps of an object, which is given away. One that is too large only by the record of who owns its fields goes without it, unless the
    /// writer applies, for whom that record is the point.
    /// </summary>
    public static (byte[] Bytes, object Stored) Encode(RequestContext context, object value)
    {
        var encoded = ObjectWriter.Encode(context.Resource, value);
        if (encoded.Bytes.Length <= Max)
        {
            return encoded;
        }

        var metadata = ObjectMetadata.Of(value);
        if (metadata.ManagedFields is { Count: > 0 } && !context.IsApply)
        {
            metadata.ManagedFields = null;
            encoded = ObjectWriter.Encode(context.Resource, value);
        }

        // The words are the storage's, and clients look for them.
        return encoded.Bytes.Length <= Max ? encoded : throw ApiError.From(ApiError.Status(500, "", "etcdserver: request is too large"));
    }
}
