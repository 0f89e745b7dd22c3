using k8s;
using k8s.Models;

namespace ActorKube.Client;

/// <summary>An object's namespace and name; the namespace is empty for cluster-scoped kinds.</summary>
/// <param name="Namespace">Namespace or empty.</param>
/// <param name="Name">Name.</param>
public readonly record struct ObjectKey(string Namespace, string Name)
{
    /// <summary>The key of an object.</summary>
    public static ObjectKey Of(IMetadata<V1ObjectMeta> value) => new(value.Metadata.NamespaceProperty ?? "", value.Metadata.Name);

    /// <inheritdoc/>
    public override string ToString() => Namespace.Length == 0 ? Name : $"{Namespace}/{Name}";
}
