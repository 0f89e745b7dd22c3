using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>Takes fields and items out of a value.</summary>
public static class StructuredRemoval
{
    /// <summary>The value without the set's fields; a new tree. What loses all it held becomes null.</summary>
    public static JsonNode? Remove(JsonNode? value, FieldSet fields, IFieldSchema schema)
    {
        switch (JsonSlot.FormOf(schema, value))
        {
            case SchemaForm.Map when value is JsonObject { Count: > 0 } map && !schema.Map!.IsAtomic:
                return RemoveFields(map, fields, schema.Map);
            case SchemaForm.List when value is JsonArray { Count: > 0 } list && !schema.List!.IsAtomic:
                return RemoveItems(list, fields, schema.List);
            default:
                return value is JsonValue ? value.DeepClone() : null;
        }
    }

    private static JsonObject? RemoveFields(JsonObject map, FieldSet fields, IMapSchema schema)
    {
        var kept = new JsonObject();
        foreach (var (key, item) in map)
        {
            var entry = fields.Find(PathElement.Field(key));
            if (entry is { IsMember: true })
            {
                continue;
            }

            kept[key] = entry?.Children is { } children && JsonSlot.TypeOf(schema, key) is { } type ? Remove(item, children, type) : item?.DeepClone();
        }

        return kept.Count == 0 ? null : kept;
    }

    private static JsonArray? RemoveItems(JsonArray list, FieldSet fields, IListSchema schema)
    {
        var kept = new JsonArray();
        foreach (var item in list)
        {
            var entry = JsonSlot.TryStep(schema, item, out var step, out _) ? fields.Find(step) : null;
            if (entry is { IsMember: true })
            {
                continue;
            }

            kept.Add(entry?.Children is { } children ? Remove(item, children, schema.Element) : item?.DeepClone());
        }

        return kept.Count == 0 ? null : kept;
    }
}
