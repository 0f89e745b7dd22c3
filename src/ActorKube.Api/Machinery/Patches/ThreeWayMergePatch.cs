using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery.Patches;

/// <summary>
/// The strategic merge patch of client-side apply: from what was applied last, what shall be applied now, and what the server has.
/// Fields that others set stay; fields that were applied before and are not any more go.
/// Source: https://kubernetes.io/docs/tasks/manage-kubernetes-objects/declarative-config/#how-apply-calculates-differences-and-merges-changes
/// </summary>
public static class ThreeWayMergePatch
{
    /// <summary>The patch; empty when there is nothing to change.</summary>
    /// <param name="original">The object as applied last; null when it never was.</param>
    /// <param name="modified">The object to apply.</param>
    /// <param name="current">The object as the server has it.</param>
    /// <param name="type">The object's model class, which tells how lists merge.</param>
    public static JsonObject Create(JsonObject? original, JsonObject modified, JsonObject current, Type type) =>
        OfObject(original, modified, current, TypeShape.Of(type));

    private static JsonObject OfObject(JsonObject? original, JsonObject modified, JsonObject current, TypeShape shape)
    {
        var patch = new JsonObject();
        foreach (var (name, value) in modified)
        {
            var field = shape.Kind == ShapeKind.Struct ? shape.Fields.GetValueOrDefault(name) : null;
            var inner = field?.Shape ?? (shape.Kind == ShapeKind.Map ? shape.Element : null);
            var existing = current[name];
            if (value is JsonObject wanted && existing is JsonObject has && inner?.Kind is ShapeKind.Struct or ShapeKind.Map or null)
            {
                if (OfObject(original?[name] as JsonObject, wanted, has, inner ?? TypeShape.Of(typeof(IDictionary<string, object>))) is { Count: > 0 } nested)
                    patch[name] = nested;
            }
            else if (value is JsonArray items && existing is JsonArray present && field is { Merge: true })
            {
                if (field.MergeKey.Length > 0)
                    OfKeyedList(patch, name, field, original?[name] as JsonArray, items, present);
                else
                    OfValueList(patch, name, original?[name] as JsonArray, items, present);
            }
            else if (!JsonNode.DeepEquals(value, existing))
            {
                patch[name] = value?.DeepClone();
            }
        }

        foreach (var (name, _) in original ?? [])
        {
            if (!modified.ContainsKey(name) && current.ContainsKey(name))
                patch[name] = null;
        }

        return patch;
    }

    private static void OfKeyedList(JsonObject patch, string name, FieldShape field, JsonArray? original, JsonArray modified, JsonArray current)
    {
        var element = field.Shape.Element!;
        var changes = new JsonArray();
        foreach (var item in modified.OfType<JsonObject>())
        {
            var key = item[field.MergeKey];
            if (Find(current, field.MergeKey, key) is not { } existing)
            {
                changes.Add(item.DeepClone());
            }
            else if (OfObject(Find(original, field.MergeKey, key), item, existing, element) is { Count: > 0 } change)
            {
                change[field.MergeKey] = key?.DeepClone();
                changes.Add(change);
            }
        }

        foreach (var item in original?.OfType<JsonObject>() ?? [])
        {
            var key = item[field.MergeKey];
            if (Find(modified, field.MergeKey, key) is null && Find(current, field.MergeKey, key) is not null)
                changes.Add(new JsonObject { ["$patch"] = "delete", [field.MergeKey] = key?.DeepClone() });
        }

        if (changes.Count == 0)
            return;
        patch[$"$setElementOrder/{name}"] = new JsonArray([.. modified.OfType<JsonObject>()
            .Select(item => new JsonObject { [field.MergeKey] = item[field.MergeKey]?.DeepClone() })]);
        patch[name] = changes;
    }

    private static void OfValueList(JsonObject patch, string name, JsonArray? original, JsonArray modified, JsonArray current)
    {
        var added = modified.Where(m => !current.Any(c => JsonNode.DeepEquals(c, m))).Select(m => m?.DeepClone()).ToArray();
        var removed = (original ?? []).Where(o => !modified.Any(m => JsonNode.DeepEquals(m, o)) && current.Any(c => JsonNode.DeepEquals(c, o)))
            .Select(o => o?.DeepClone()).ToArray();
        if (added.Length > 0)
            patch[name] = new JsonArray(added);
        if (removed.Length > 0)
            patch[$"$deleteFromPrimitiveList/{name}"] = new JsonArray(removed);
    }

    private static JsonObject? Find(JsonArray? list, string mergeKey, JsonNode? key) =>
        list?.OfType<JsonObject>().FirstOrDefault(item => JsonNode.DeepEquals(item[mergeKey], key));
}
