using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Apply;

/// <summary>
/// The annotation that keeps what was applied last, so that the next apply knows which fields are gone from the manifest.
/// It is the same text whether kubectl or akctl wrote it, so that the two can take turns.
/// </summary>
internal static class LastApplied
{
    /// <summary>The annotation's key.</summary>
    public const string Key = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>The object with the annotation that says what it is without the annotation.</summary>
    public static JsonObject Annotate(JsonObject manifest)
    {
        var plain = manifest.DeepClone().AsObject();
        var annotations = AnnotationsOf(plain);
        annotations.Remove(Key);
        var text = JsonText.Compact(plain) + "\n";
        annotations[Key] = text;
        return plain;
    }

    /// <summary>What was applied last to the live object; null where nothing was.</summary>
    public static JsonObject? Of(JsonObject live) => live.Text("metadata", "annotations", Key) is { Length: > 0 } text ? JsonNode.Parse(text) as JsonObject : null;

    private static JsonObject AnnotationsOf(JsonObject json)
    {
        if (json["metadata"] is not JsonObject metadata)
            json["metadata"] = metadata = [];
        if (metadata["annotations"] is not JsonObject annotations)
            metadata["annotations"] = annotations = [];
        return annotations;
    }
}
