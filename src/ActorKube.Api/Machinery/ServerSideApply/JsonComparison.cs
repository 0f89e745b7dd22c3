using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>Compares JSON field by field. For model classes <see cref="ModelComparison"/> does the same without JSON.</summary>
public static class JsonComparison
{
    /// <summary>What <paramref name="changed"/> has over <paramref name="old"/>; <paramref name="old"/> is null for an object that is new.</summary>
    public static Comparison Of(JsonNode? old, JsonNode changed, IFieldSchema schema)
    {
        ComparisonBuilder below = default;
        Compare(new JsonSlot(old ?? new JsonObject()), new JsonSlot(changed), schema, ref below);
        return below.Build();
    }

    internal static Difference Compare(JsonSlot left, JsonSlot right, IFieldSchema schema, ref ComparisonBuilder below)
    {
        var (was, now) = (JsonSlot.FormOf(schema, left.Node), JsonSlot.FormOf(schema, right.Node));
        if (!right.IsThere)
        {
            return Compare(was, left, right, schema, ref below);
        }

        if (!left.IsThere || was == now || JsonSlot.IsOneForm(schema))
        {
            return Compare(now, left, right, schema, ref below);
        }

        // The form changed: what was there in the old one is gone, what is there in the new one has come.
        var first = Compare(was, left, right, schema, ref below);
        var second = Compare(now, left, right, schema, ref below);
        return first == Difference.None ? second : first;
    }

    private static Difference Compare(SchemaForm form, JsonSlot left, JsonSlot right, IFieldSchema schema, ref ComparisonBuilder below)
    {
        switch (form)
        {
            case SchemaForm.Map:
                var (a, b) = (left.Map, right.Map);
                if (schema.Map!.IsAtomic || (a is null or { Count: 0 } && b is null or { Count: 0 }))
                {
                    return Leaf(left, right);
                }

                CompareMaps(a, b, schema.Map, ref below);
                break;
            case SchemaForm.List:
                var (x, y) = (left.List, right.List);
                if (schema.List!.IsAtomic || (x is null or { Count: 0 } && y is null or { Count: 0 }))
                {
                    return Leaf(left, right);
                }

                CompareLists(x, y, schema.List, ref below);
                break;
            default:
                return Leaf(left, right);
        }

        return !left.IsThere ? Difference.Added : !right.IsThere ? Difference.Removed : Difference.None;
    }

    private static Difference Leaf(JsonSlot left, JsonSlot right) =>
        !left.IsThere ? Difference.Added : !right.IsThere ? Difference.Removed : JsonSlot.AreEqual(left.Node, right.Node) ? Difference.None : Difference.Modified;

    private static void CompareMaps(JsonObject? left, JsonObject? right, IMapSchema schema, ref ComparisonBuilder below)
    {
        foreach (var (key, _) in right ?? [])
        {
            CompareField(key, left, right, schema, ref below);
        }

        foreach (var (key, _) in left ?? [])
        {
            if (right is null || !right.ContainsKey(key))
            {
                CompareField(key, left, right, schema, ref below);
            }
        }
    }

    private static void CompareField(string key, JsonObject? left, JsonObject? right, IMapSchema schema, ref ComparisonBuilder below)
    {
        var declared = schema.TryGetField(key, out var field);
        if ((declared ? field!.Schema : schema.Element) is not { } type)
        {
            return;
        }

        var (a, b) = (JsonSlot.Of(left, key), JsonSlot.Of(right, key));
        if (declared && field!.AlwaysPresent && left is not null && right is not null)
        {
            (a, b) = (Present(a, type), Present(b, type));
            if (JsonSlot.IsZero(a.Node) && JsonSlot.IsZero(b.Node))
            {
                return;
            }
        }

        ComparisonBuilder child = default;
        var difference = Compare(a, b, type, ref child);
        if (difference != Difference.None || !child.IsEmpty)
        {
            below.Add(PathElement.Field(key), difference, child);
        }
    }

    private static JsonSlot Present(JsonSlot slot, IFieldSchema type) => slot.IsThere ? slot : new JsonSlot(type.Map is not null ? new JsonObject() : null);

    private static void CompareLists(JsonArray? left, JsonArray? right, IListSchema schema, ref ComparisonBuilder below)
    {
        var (had, has) = (Group(left, schema), Group(right, schema));
        foreach (var step in had.Keys.Concat(has.Keys.Where(k => !had.ContainsKey(k))))
        {
            var (before, after) = (had.GetValueOrDefault(step) ?? [], has.GetValueOrDefault(step) ?? []);
            ComparisonBuilder child = default;
            switch (before.Count, after.Count)
            {
                case ( <= 1, <= 1):
                    var difference = Compare(First(before), First(after), schema.Element, ref child);
                    if (difference != Difference.None || !child.IsEmpty)
                    {
                        below.Add(step, difference, child);
                    }

                    break;
                case ( >= 2, >= 2):
                    if (before.Count != after.Count || before.Where((item, i) => !JsonSlot.AreEqual(item, after[i])).Any())
                    {
                        below.Add(step, Difference.Modified, default);
                    }

                    break;
                case ( >= 2, _):
                    if (after.Count > 0)
                    {
                        below.Add(step, Compare(default, First(after), schema.Element, ref child), child);
                    }

                    below.Add(step, Difference.Removed, default);
                    break;
                default:
                    if (before.Count > 0)
                    {
                        below.Add(step, Compare(First(before), default, schema.Element, ref child), child);
                    }

                    below.Add(step, Difference.Added, default);
                    break;
            }
        }
    }

    private static JsonSlot First(List<JsonNode?> items) => items.Count == 0 ? default : new JsonSlot(items[0]);

    private static Dictionary<PathElement, List<JsonNode?>> Group(JsonArray? list, IListSchema schema)
    {
        var groups = new Dictionary<PathElement, List<JsonNode?>>();
        foreach (var item in list ?? [])
        {
            if (JsonSlot.TryStep(schema, item, out var step, out _))
            {
                if (!groups.TryGetValue(step, out var items))
                {
                    groups[step] = items = [];
                }

                items.Add(item);
            }
        }

        return groups;
    }
}
