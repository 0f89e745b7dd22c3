using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>A place in a JSON tree where a value is, which may be null, or where none is.</summary>
internal readonly struct JsonSlot(JsonNode? node)
{
    /// <summary>Whether a value is there.</summary>
    public bool IsThere { get; } = true;

    /// <summary>The value; null for JSON's null, and where nothing is.</summary>
    public JsonNode? Node { get; } = node;

    /// <summary>As a map, or null.</summary>
    public JsonObject? Map => Node as JsonObject;

    /// <summary>As a list, or null.</summary>
    public JsonArray? List => Node as JsonArray;

    /// <summary>The value at a key.</summary>
    public static JsonSlot Of(JsonObject? map, string key) => map is not null && map.TryGetPropertyValue(key, out var node) ? new JsonSlot(node) : default;

    /// <summary>Which of a schema's forms the value has: its own where the schema allows it, else the first that the schema has.</summary>
    public static SchemaForm FormOf(IFieldSchema schema, JsonNode? node) => node switch
    {
        JsonObject when schema.Map is not null => SchemaForm.Map,
        JsonArray when schema.List is not null => SchemaForm.List,
        JsonValue when schema.Scalar is not null => SchemaForm.Scalar,
        _ => schema.Map is not null ? SchemaForm.Map : schema.Scalar is not null ? SchemaForm.Scalar : SchemaForm.List,
    };

    /// <summary>Whether the schema allows several forms, of which a null could be any.</summary>
    public static bool IsOneForm(IFieldSchema schema) => (schema.Map is null ? 0 : 1) + (schema.List is null ? 0 : 1) + (schema.Scalar is null ? 0 : 1) == 1;

    /// <summary>Type of the values at a key.</summary>
    public static IFieldSchema? TypeOf(IMapSchema schema, string key) => schema.TryGetField(key, out var field) ? field.Schema : schema.Element;

    /// <summary>What tells an item of a list apart from the others. The error says why nothing does.</summary>
    public static bool TryStep(IListSchema schema, JsonNode? item, out PathElement step, out string error)
    {
        (step, error) = (null!, "");
        if (schema.Keys.Count == 0)
        {
            error = item switch
            {
                null => "associative list without keys has an element that's an explicit null",
                JsonObject => "associative list without keys has an element that's a map type",
                JsonArray => "not supported: associative list with lists as elements",
                _ => "",
            };
            step = error.Length == 0 ? PathElement.Member(FieldValue.Of(item)) : null!;
            return error.Length == 0;
        }

        if (item is not JsonObject map)
        {
            error = item is null ? "associative list with keys may not have a null element" : "associative list with keys may not have non-map elements";
            return false;
        }

        var keys = new List<KeyValuePair<string, FieldValue>>(schema.Keys.Count);
        foreach (var key in schema.Keys)
        {
            if (map.TryGetPropertyValue(key, out var value))
            {
                keys.Add(new(key, FieldValue.Of(value)));
            }
            else if (schema.Element.Map is null)
            {
                error = $"couldn't find default value for {key}: associative list may not have non-map types";
                return false;
            }
            else if (schema.Element.Map.TryGetField(key, out var field) && field.Default is { } given)
            {
                keys.Add(new(key, FieldValue.Of(given)));
            }
        }

        if (keys.Count == 0)
        {
            error = $"associative list with keys has an element that omits all key fields [{string.Join(' ', schema.Keys.Select(k => $"\"{k}\""))}] (and doesn't have default values for any key fields)";
            return false;
        }

        step = PathElement.Key([.. keys]);
        return true;
    }

    /// <summary>Whether two values are equal; numbers by amount.</summary>
    public static bool AreEqual(JsonNode? left, JsonNode? right) => JsonNode.DeepEquals(left, right);

    /// <summary>Whether a value is a zero, an empty text, an empty struct or nothing.</summary>
    public static bool IsZero(JsonNode? node) => node switch
    {
        null => true,
        JsonObject map => map.Count == 0,
        JsonArray list => list.Count == 0,
        _ => node.GetValueKind() switch
        {
            JsonValueKind.String => node.GetValue<string>().Length == 0,
            JsonValueKind.False => true,
            JsonValueKind.Number => node.ToJsonString() == "0",
            _ => false,
        },
    };
}

/// <summary>Forms that a value may have.</summary>
internal enum SchemaForm
{
    Map,
    Scalar,
    List,
}
