using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>Lays an applied configuration over an object: nothing goes, plain values and atomic parts are the configuration's, the items of lists are matched.</summary>
public static class StructuredMerge
{
    /// <summary>The object with the configuration over it; a new tree. Both must be of the type.</summary>
    public static JsonNode? Merge(JsonNode? live, JsonNode? configuration, IFieldSchema schema) => Merge(new JsonSlot(live), new JsonSlot(configuration), schema);

    private static JsonNode? Merge(JsonSlot left, JsonSlot right, IFieldSchema schema)
    {
        if (!right.IsThere || !left.IsThere)
        {
            return (right.IsThere ? right : left).Node?.DeepClone();
        }

        switch (JsonSlot.FormOf(schema, right.Node))
        {
            case SchemaForm.Map when !schema.Map!.IsAtomic && (left.Map is { Count: > 0 } || right.Map is { Count: > 0 }):
                return MergeMaps(left.Map, right.Map, schema.Map);
            case SchemaForm.List when !schema.List!.IsAtomic && (left.List is { Count: > 0 } || right.List is { Count: > 0 }):
                return MergeLists(left.List, right.List, schema.List);
            default:
                return right.Node?.DeepClone();
        }
    }

    private static JsonObject MergeMaps(JsonObject? left, JsonObject? right, IMapSchema schema)
    {
        var merged = new JsonObject();
        foreach (var (key, item) in left ?? [])
        {
            merged[key] = right is not null && right.TryGetPropertyValue(key, out var other) && JsonSlot.TypeOf(schema, key) is { } type
                ? Merge(new JsonSlot(item), new JsonSlot(other), type)
                : item?.DeepClone();
        }

        foreach (var (key, item) in right ?? [])
        {
            if (left is null || !left.ContainsKey(key))
            {
                merged[key] = item?.DeepClone();
            }
        }

        return merged;
    }

    // The items that both have stand in the configuration's order; those that only the object has keep their place among their neighbours.
    private static JsonArray MergeLists(JsonArray? left, JsonArray? right, IListSchema schema)
    {
        var (had, has) = (Steps(left, schema), Steps(right, schema));
        var (before, after) = (had.GroupBy(h => h.Step).ToDictionary(g => g.Key, g => g.ToList()), has.GroupBy(h => h.Step).ToDictionary(g => g.Key, g => g.First()));
        var shared = new Queue<PathElement>(has.Where(h => before.ContainsKey(h.Step)).Select(h => h.Step));
        var done = new HashSet<PathElement>();
        var merged = new JsonArray();
        var (i, j) = (0, 0);
        while (i < had.Count || j < has.Count)
        {
            if (i < had.Count && j < has.Count)
            {
                var step = had[i].Step;
                if (step.Equals(has[j].Step))
                {
                    i++;
                    Take();
                    continue;
                }

                // A shared item whose turn comes later in the configuration.
                if (after.ContainsKey(step) && shared.TryPeek(out var next) && !next.Equals(step))
                {
                    i++;
                    continue;
                }
            }

            if (i < had.Count)
            {
                if (!after.ContainsKey(had[i].Step))
                {
                    merged.Add(had[i++].Item?.DeepClone());
                    continue;
                }

                if (done.Contains(had[i].Step))
                {
                    i++;
                }
            }

            if (j < has.Count)
            {
                Take();
            }
        }

        return merged;

        // The configuration's next item, over the object's where it has the item once.
        void Take()
        {
            var (step, item) = has[j++];
            done.Add(step);
            merged.Add(before.TryGetValue(step, out var old) ? Merge(new JsonSlot(old.Count == 1 ? old[0].Item : null), new JsonSlot(item), schema.Element) : item?.DeepClone());
            if (shared.TryPeek(out var next) && next.Equals(step))
            {
                shared.Dequeue();
            }
        }
    }

    private static List<(PathElement Step, JsonNode? Item)> Steps(JsonArray? list, IListSchema schema)
    {
        var steps = new List<(PathElement, JsonNode?)>(list?.Count ?? 0);
        foreach (var item in list ?? [])
        {
            if (JsonSlot.TryStep(schema, item, out var step, out _))
            {
                steps.Add((step, item));
            }
        }

        return steps;
    }
}
