using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Registry;

/// <summary>The metadata of objects whose class is not known at compile time.</summary>
internal static class ObjectMetadata
{
    /// <summary>The metadata of an object.</summary>
    public static V1ObjectMeta Of(object value) => ((IMetadata<V1ObjectMeta>)value).Metadata;

    /// <summary>The annotations, made when there are none.</summary>
    public static IDictionary<string, string> EnsureAnnotations(this V1ObjectMeta metadata) => metadata.Annotations ??= new Dictionary<string, string>();
}
