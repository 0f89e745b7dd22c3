using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>
/// The annotation in which <c>kubectl apply</c> without <c>--server-side</c> keeps what it applied. kubectl may take those fields over when it applies on the
/// server's side, and the annotation follows, so that it can go back.
/// </summary>
internal static class LastApplied
{
    private const string Annotation = "kubectl.kubernetes.io/last-applied-configuration";

    /// <summary>Fields that the annotation gives and that still have its values: kubectl owned them, whoever is recorded. Null where there is no such annotation.</summary>
    public static FieldSet? AllowedConflicts(JsonObject live, IFieldSchema schema, string apiVersion)
    {
        if (Of(live) is not { } text || !JsonTree.TryParse(Encoding.UTF8.GetBytes(text), out var node, out _) || node is not JsonObject applied
            || applied["apiVersion"] is not JsonValue version || !version.TryGetValue<string>(out var given) || given != apiVersion
            || SchemaValidation.Validate(applied, schema).Count > 0)
        {
            return null;
        }

        var comparison = JsonComparison.Of(applied, live, schema);
        return JsonFieldSet.Of(applied, schema).Difference(comparison.Modified).Difference(comparison.Added).Difference(comparison.Removed);
    }

    /// <summary>The applied object with the annotation brought up to date, where it has one.</summary>
    /// <param name="live">The object as it was.</param>
    /// <param name="changed">The object as it shall be; null when it stays.</param>
    /// <param name="configuration">What was applied.</param>
    public static JsonObject? Follow(JsonObject live, JsonObject? changed, JsonObject configuration)
    {
        var target = changed ?? live;
        if (Of(target) is not { } text)
        {
            return changed;
        }

        var copy = configuration.DeepClone().AsObject();
        (copy["metadata"]?["annotations"] as JsonObject)?.Remove(Annotation);
        var buffer = new ArrayBufferWriter<byte>(1024);
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            WriteSorted(writer, copy);
        }

        // As Go writes it: letters stay as they are, quotes get a backslash, and what HTML would read is escaped.
        var current = GoJson.EscapeHtml(Encoding.UTF8.GetString(buffer.WrittenSpan)) + "\n";
        if (current == text)
        {
            return changed;
        }

        changed ??= live.DeepClone().AsObject();
        changed["metadata"]!["annotations"]![Annotation] = current;
        return changed;
    }

    private static string? Of(JsonObject value) =>
        value["metadata"]?["annotations"]?[Annotation] is JsonValue annotation && annotation.TryGetValue<string>(out var text) && text.Length > 0 ? text : null;

    private static void WriteSorted(Utf8JsonWriter writer, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject map:
                writer.WriteStartObject();
                foreach (var (key, value) in map.OrderBy(p => p.Key, StringComparer.Ordinal))
                {
                    writer.WritePropertyName(key);
                    WriteSorted(writer, value);
                }

                writer.WriteEndObject();
                break;
            case JsonArray list:
                writer.WriteStartArray();
                foreach (var item in list)
                {
                    WriteSorted(writer, item);
                }

                writer.WriteEndArray();
                break;
            case null:
                writer.WriteNullValue();
                break;
            default:
                node.WriteTo(writer);
                break;
        }
    }
}
