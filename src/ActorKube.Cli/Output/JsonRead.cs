using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.Cli.Output;

/// <summary>Reads objects as they come from the server, where most fields may be absent: what is not there is empty.</summary>
internal static class JsonRead
{
    /// <summary>The node at a path of fields, or null.</summary>
    public static JsonNode? At(this JsonNode? node, params ReadOnlySpan<string> path)
    {
        foreach (var name in path)
            node = (node as JsonObject)?[name];
        return node;
    }

    /// <summary>The text at a path; numbers and booleans as text, nothing as "".</summary>
    public static string Text(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) switch
    {
        null => "",
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        JsonValue value => value.ToJsonString(),
        var other => other.ToJsonString(),
    };

    /// <summary>The number at a path, or null.</summary>
    public static long? Number(this JsonNode? node, params ReadOnlySpan<string> path) =>
        long.TryParse(node.Text(path), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var number) ? number : null;

    /// <summary>Whether the boolean at a path is true.</summary>
    public static bool IsTrue(this JsonNode? node, params ReadOnlySpan<string> path) => node.At(path) is JsonValue value && value.GetValueKind() == JsonValueKind.True;

    /// <summary>The time at a path, or null.</summary>
    public static DateTimeOffset? Time(this JsonNode? node, params ReadOnlySpan<string> path) =>
        DateTimeOffset.TryParse(node.Text(path), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? time : null;

    /// <summary>The fields of the map at a path, in order of their keys; none where there is no map.</summary>
    public static IReadOnlyList<KeyValuePair<string, JsonNode?>> Map(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonObject map ? [.. map.OrderBy(p => p.Key, StringComparer.Ordinal)] : [];

    /// <summary>The items of the list at a path; none where there is no list.</summary>
    public static IReadOnlyList<JsonNode> List(this JsonNode? node, params ReadOnlySpan<string> path) =>
        node.At(path) is JsonArray list ? [.. list.OfType<JsonNode>()] : [];
}
