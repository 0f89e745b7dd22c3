using ActorKube.Api.Kinds;
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
}
