using System.Text.Json;
using ActorKube.Api.Machinery;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Common;

/// <summary>Notes that controllers keep as JSON in annotations.</summary>
internal static class JsonAnnotations
{
    /// <summary>The note under a key; null when there is none. What somebody else wrote there is as good as nothing: the next note replaces it.</summary>
    public static T? Read<T>(IMetadata<V1ObjectMeta> value, string key) where T : class
    {
        if (value.Metadata.Annotations is not { } annotations || !annotations.TryGetValue(key, out var text))
            return null;
        try
        {
            return JsonSerializer.Deserialize<T>(text, ApiJson.Options);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    /// <summary>A note's text.</summary>
    public static string Write<T>(T note) => JsonSerializer.Serialize(note, ApiJson.Options);
}
