using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>The fields that an applied configuration gives: what its applier comes to own.</summary>
public static class JsonFieldSet
{
    /// <summary>The set of fields of a value.</summary>
    public static FieldSet Of(JsonNode? value, IFieldSchema schema)
    {
        var builder = new FieldSetBuilder();
        Collect(value, schema, builder);
        return builder.Build();
    }

    // Adds what is below the value. Says whether the value as a whole is a field of its own.
    private static bool Collect(JsonNode? value, IFieldSchema schema, FieldSetBuilder below)
    {
        switch (JsonSlot.FormOf(schema, value))
        {
            case SchemaForm.Map when !schema.Map!.IsAtomic:
                CollectMap(value as JsonObject, schema.Map, below);
                return false;
            case SchemaForm.List when !schema.List!.IsAtomic:
                CollectList(value as JsonArray, schema.List, below);
                return false;
            default:
                return true;
        }
    }

    private static void CollectMap(JsonObject? map, IMapSchema schema, FieldSetBuilder below)
    {
        foreach (var (key, item) in map ?? [])
        {
            var declared = schema.TryGetField(key, out var field);
            if ((declared ? field!.Schema : schema.Element) is not { } type)
            {
                continue;
            }

            var step = PathElement.Field(key);
            var child = new FieldSetBuilder();
            var isLeaf = Collect(item, type, child);
            if (isLeaf || !declared || item is null || item is JsonObject { Count: 0 })
            {
                below.Add(step);
            }

            below.Add(step, child.Build());
        }
    }

    private static void CollectList(JsonArray? list, IListSchema schema, FieldSetBuilder below)
    {
        var steps = (list ?? []).Select(item => JsonSlot.TryStep(schema, item, out var step, out _) ? step : null).ToList();
        var twice = steps.Where(s => s is not null).GroupBy(s => s!).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet();
        for (var i = 0; i < steps.Count; i++)
        {
            if (steps[i] is not { } step)
            {
                continue;
            }

            below.Add(step);
            if (!twice.Contains(step))
            {
                var child = new FieldSetBuilder();
                Collect(list![i], schema.Element, child);
                below.Add(step, child.Build());
            }
        }
    }
}
