using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources;

/// <summary>The kinds that a definition makes this server serve.</summary>
internal static class CustomResourceKinds
{
    /// <summary>The kinds of a definition. Those it had before stay the same when nothing about them changed, so that their watches go on.</summary>
    public static IReadOnlyList<CustomResourceKind> Served(V1CustomResourceDefinition definition, IReadOnlyList<CustomResourceKind> before)
    {
        if (!CustomKinds.IsTrue(definition, "NamesAccepted") && !CustomKinds.IsTrue(definition, "Established"))
        {
            return [];
        }

        if (before.Count > 0 && IsSame(definition, before[0].Definition))
        {
            return before;
        }

        return [.. definition.Spec.Versions.Where(v => v.Served).OrderBy(v => v.Name, VersionOrder.Instance).Select(v => new CustomResourceKind(definition, v))];
    }

    private static bool IsSame(V1CustomResourceDefinition one, V1CustomResourceDefinition other) =>
        one.Metadata.Uid == other.Metadata.Uid
        && one.Metadata.DeletionTimestamp is null == other.Metadata.DeletionTimestamp is null
        && ApiJson.Serialize(one.Spec).AsSpan().SequenceEqual(ApiJson.Serialize(other.Spec))
        && ApiJson.Serialize(one.Status.AcceptedNames).AsSpan().SequenceEqual(ApiJson.Serialize(other.Status.AcceptedNames));
}
