using System.Security.Cryptography;
using System.Text;
using ActorKube.Api.Kinds;
using ActorKube.ApiServer.CustomResources;
using k8s.Models;

namespace ActorKube.ApiServer.Registry;

/// <summary>Which kind's form a kind is stored in. Only kinds that share their objects with another one differ from themselves.</summary>
internal static class StorageVersions
{
    private static readonly KindRegistry Kinds = KindRegistry.BuiltIn;

    /// <summary>The stored kind, and the converter where it is another one.</summary>
    public static (ResourceKind Stored, VersionConverter? Converter) Of(ResourceKind kind)
    {
        if (kind.ClrType == typeof(Eventsv1Event))
        {
            return (Kinds.Of<Corev1Event>(), new EventConverter());
        }

        return kind.ClrType == typeof(V1HorizontalPodAutoscaler)
            ? (Kinds.Of<V2HorizontalPodAutoscaler>(), new HorizontalPodAutoscalerConverter())
            : (kind, null);
    }

    /// <summary>What discovery says of the stored form: clients see by it that objects have to be written anew. Null for what is not stored.</summary>
    public static string? HashOf(ResourceKind kind)
    {
        if (!kind.IsStored)
        {
            return null;
        }

        var stored = Of(kind).Stored;
        var version = kind is CustomResourceKind custom ? custom.StorageApiVersion : $"{stored.Group}/{stored.Version}";
        return Convert.ToBase64String(SHA256.HashData(Encoding.UTF8.GetBytes($"{version}/{kind.Kind}")).AsSpan(0, 8));
    }
}
