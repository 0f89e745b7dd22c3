using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery;

/// <summary>
/// JSON as a tree that patches work on. Unlike <see cref="JsonNode.Parse(string, JsonNodeOptions?, JsonDocumentOptions)"/> it takes bodies in which
/// a field stands twice: the last one counts, and the repetition is reported.
/// </summary>
public static class JsonTree
{
    // Bodies are JSON on their own, never inside HTML, so other letters than ASCII stay as they are.
    private static readonly JsonSerializerOptions Writing = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, MaxDepth = 512 };

    /// <summary>Reads JSON. The error is worded as Go words it.</summary>
    public static bool TryParse(ReadOnlySpan<byte> json, out JsonNode? root, out string? error, List<string>? duplicates = null)
    {
        (root, error) = (null, null);
        try
        {
            var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 512 });
            reader.Read();
            root = Read(ref reader, "", duplicates);
            reader.Read();
            return true;
        }
        catch (JsonException e)
        {
            error = StrictDecoder.SyntaxError(json, e);
            return false;
        }
    }

    /// <summary>Reads JSON that we wrote ourselves. Throws <see cref="JsonException"/> when it is none.</summary>
    public static JsonNode? Parse(ReadOnlySpan<byte> json) => TryParse(json, out var root, out var error) ? root : throw new JsonException(error);

    /// <summary>The tree as UTF-8.</summary>
    public static byte[] ToUtf8(JsonNode? node) => JsonSerializer.SerializeToUtf8Bytes(node, Writing);

    /// <summary>The tree as text.</summary>
    public static string ToText(JsonNode? node) => JsonSerializer.Serialize(node, Writing);

    /// <summary>The tree as Go's <c>%v</c> prints it, which is how it stands in some of Kubernetes' messages: <c>map[name:x ports:[1 2]]</c>.</summary>
    public static string GoText(JsonNode? node) => node switch
    {
        null => "<nil>",
        JsonObject map => $"map[{string.Join(' ', map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}:{GoText(p.Value)}"))}]",
        JsonArray list => $"[{string.Join(' ', list.Select(GoText))}]",
        _ when node.GetValueKind() == JsonValueKind.String => node.GetValue<string>(),
        _ => node.ToJsonString(),
    };

    /// <summary>Go's name for the type of a decoded value, as it stands in messages.</summary>
    internal static string GoType(JsonNode? node) => node?.GetValueKind() switch
    {
        null or JsonValueKind.Null => "%!s(<nil>)",
        JsonValueKind.Object => "map[string]interface {}",
        JsonValueKind.Array => "[]interface {}",
        JsonValueKind.String => "string",
        JsonValueKind.Number => node.ToJsonString().AsSpan().ContainsAny('.', 'e', 'E') ? "float64" : "int64",
        _ => "bool",
    };

    /// <summary>The value that the reader stands on.</summary>
    internal static JsonNode? Read(ref Utf8JsonReader reader, string path = "", List<string>? duplicates = null)
    {
        switch (reader.TokenType)
        {
            case JsonTokenType.StartObject:
                var map = new JsonObject();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var key = reader.GetString()!;
                    reader.Read();
                    var child = duplicates is null ? "" : path.Length == 0 ? key : $"{path}.{key}";
                    if (map.ContainsKey(key))
                    {
                        duplicates?.Add($"duplicate field \"{child}\"");
                    }

                    map[key] = Read(ref reader, child, duplicates);
                }

                return map;
            case JsonTokenType.StartArray:
                var list = new JsonArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    list.Add(Read(ref reader, duplicates is null ? "" : $"{path}[{list.Count}]", duplicates));
                }

                return list;
            case JsonTokenType.String:
                return JsonValue.Create(reader.GetString());
            case JsonTokenType.True or JsonTokenType.False:
                return JsonValue.Create(reader.GetBoolean());
            case JsonTokenType.Number:
                return reader.TryGetInt64(out var integer) ? JsonValue.Create(integer)
                    : reader.TryGetDouble(out var number) && double.IsFinite(number) ? JsonValue.Create(number)
                    : throw new JsonException(string.Create(CultureInfo.InvariantCulture, $"number {Encoding.UTF8.GetString(reader.ValueSpan)} is out of range"));
            default:
                return null;
        }
    }
}
