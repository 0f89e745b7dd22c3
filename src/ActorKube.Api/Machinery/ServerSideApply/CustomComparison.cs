using System.Text.Json.Nodes;
using k8s.Models;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>Compares custom resources: their metadata as models, the rest as JSON.</summary>
public static class CustomComparison
{
    private static readonly ModelSchema Metadata = ModelSchema.Of(typeof(V1ObjectMeta));

    /// <summary>What <paramref name="changed"/> has over <paramref name="old"/>; <paramref name="old"/> is null for an object that is new.</summary>
    public static Comparison Of(CustomObject? old, CustomObject changed, IFieldSchema content)
    {
        ComparisonBuilder below = default, metadata = default;
        var difference = Metadata.Node.Compare(old?.Metadata, changed.Metadata, leftThere: old is not null, rightThere: true, ref metadata);
        if (difference != Difference.None || !metadata.IsEmpty)
        {
            below.Add(PathElement.Field("metadata"), difference, metadata);
        }

        JsonComparison.Compare(new JsonSlot(old?.Content ?? new JsonObject()), new JsonSlot(changed.Content), content, ref below);
        return below.Build();
    }
}
