using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery;

/// <summary>
/// Strategic merge patch: like a merge patch, but lists that have a merge key are merged element by element.
/// Directives: <c>$patch: replace|delete|merge</c>, <c>$retainKeys</c>, <c>$setElementOrder/field</c>, <c>$deleteFromPrimitiveList/field</c>.
/// Source: https://github.com/kubernetes/community/blob/master/contributors/devel/sig-api-machinery/strategic-merge-patch.md
/// </summary>
public static class StrategicMergePatch
{
    internal const string Directive = "$patch";
    internal const string RetainKeys = "$retainKeys";
    internal const string OrderPrefix = "$setElementOrder/";
    internal const string DeletePrefix = "$deleteFromPrimitiveList/";

    /// <summary>
    /// Merges <paramref name="patch"/> into <paramref name="original"/> (both are used up) by the list semantics of the model class,
    /// and returns the result. Throws <see cref="StrategicPatchException"/> for a patch that is wrong in itself.
    /// </summary>
    public static JsonObject Apply(JsonObject original, JsonObject patch, Type type) => MergeMap(original, patch, TypeShape.Of(type));

    private static JsonObject MergeMap(JsonObject original, JsonObject patch, TypeShape? shape)
    {
        if (patch.TryGetPropertyValue(Directive, out var directive))
        {
            switch (TextOf(directive))
            {
                case "replace":
                    return (JsonObject)Adopt(patch)!;
                case "delete":
                    return [];
                case "merge":
                    break;
                default:
                    throw new StrategicPatchException($"unknown patch type: {JsonTree.GoText(directive)} in map: {JsonTree.GoText(patch)}");
            }
        }

        ApplyRetainKeys(original, patch);
        foreach (var key in Keys(patch, OrderPrefix))
        {
            ApplyOrder(original, patch, key[OrderPrefix.Length..], shape);
        }

        foreach (var key in Keys(patch, DeletePrefix))
        {
            if (original[key[DeletePrefix.Length..]] is JsonArray values)
            {
                var gone = (patch[key] as JsonArray ?? throw StrategicPatchException.Bad("invalid patch format of primitive list")).Select(KeyText).ToHashSet();
                StrategicListMerge.RemoveWhere(values, v => gone.Contains(KeyText(v)));
            }
        }

        foreach (var (key, value) in patch.ToArray())
        {
            if (key is Directive or RetainKeys || key.StartsWith(OrderPrefix, StringComparison.Ordinal) || key.StartsWith(DeletePrefix, StringComparison.Ordinal))
            {
                continue;
            }

            MergeField(original, key, value, shape);
        }

        return original;
    }

    private static void MergeField(JsonObject original, string key, JsonNode? value, TypeShape? shape)
    {
        if (value is null)
        {
            original.Remove(key);
            return;
        }

        var present = original.TryGetPropertyValue(key, out var current);
        if (!present || current is null || current.GetValueKind() != value.GetValueKind())
        {
            original[key] = Adopt(value);
            return;
        }

        var (child, field) = Lookup(shape, key);
        switch (current)
        {
            case JsonObject map:
                var merged = MergeMap(map, (JsonObject)value, child);
                if (!ReferenceEquals(merged, map))
                {
                    original[key] = merged;
                }

                break;
            case JsonArray list when field is { Merge: true }:
                original[key] = MergeList(list, (JsonArray)value, child?.Element, field.MergeKey);
                break;
            default:
                original[key] = Adopt(value);
                break;
        }
    }

    /// <summary>Merges a list that has merge semantics; <paramref name="order"/> is a <c>$setElementOrder</c> list, or null.</summary>
    private static JsonArray MergeList(JsonArray original, JsonArray patch, TypeShape? element, string mergeKey, JsonArray? order = null)
    {
        var before = original.ToList();
        var items = mergeKey.Length == 0
            ? StrategicListMerge.Union(original, patch)
            : StrategicListMerge.ByKey(original, patch, mergeKey, (target, change) => MergeMap(target, change, element), out before);
        return StrategicListMerge.Arrange(items, order ?? patch, before, mergeKey);
    }

    private static void ApplyOrder(JsonObject original, JsonObject patch, string key, TypeShape? shape)
    {
        var order = patch[OrderPrefix + key] as JsonArray ?? throw StrategicPatchException.Bad("invalid patch format of setElementOrder list");
        var (child, field) = Lookup(shape, key);
        if (shape is { Kind: ShapeKind.Struct } && field is null)
        {
            throw new StrategicPatchException($"unable to find api field in struct {shape.GoName} for the json field \"{key}\"");
        }

        var list = original[key] as JsonArray;
        var changes = patch[key] as JsonArray;
        var mergeKey = field?.MergeKey ?? "";
        if (changes is not null)
        {
            StrategicListMerge.CheckOrder(changes, order, mergeKey);
        }

        if (list is null && changes is null)
        {
            return;
        }

        patch.Remove(key);
        if (field is { Merge: false })
        {
            original[key] = Adopt(changes ?? list);
            return;
        }

        list ??= [];
        original[key] = MergeList(list, changes ?? [], child?.Element, mergeKey, order);
    }

    private static void ApplyRetainKeys(JsonObject original, JsonObject patch)
    {
        if (!patch.TryGetPropertyValue(RetainKeys, out var node))
        {
            return;
        }

        var keys = (node as JsonArray ?? throw StrategicPatchException.Bad("invalid patch format of retainKeys")).Select(TextOf).ToHashSet();
        foreach (var (key, value) in patch)
        {
            if (value is not null && !key.StartsWith('$') && !keys.Contains(key))
            {
                throw StrategicPatchException.Bad("invalid patch format of retainKeys");
            }
        }

        foreach (var key in original.Select(p => p.Key).Where(k => !keys.Contains(k)).ToList())
        {
            original.Remove(key);
        }
    }

    /// <summary>A patch's value where there was none before: a copy without nulls and directives.</summary>
    internal static JsonNode? Adopt(JsonNode? value)
    {
        switch (value)
        {
            case JsonObject map:
                var copy = new JsonObject();
                if (TextOf(map[Directive]) == "delete")
                {
                    return copy;
                }

                foreach (var (key, item) in map)
                {
                    if (item is not null && !(key is Directive or RetainKeys || key.StartsWith(OrderPrefix, StringComparison.Ordinal) || key.StartsWith(DeletePrefix, StringComparison.Ordinal)))
                    {
                        copy[key] = Adopt(item);
                    }
                }

                return copy;
            case JsonArray list:
                return new JsonArray([.. list.Where(i => i is not JsonObject m || !m.ContainsKey(Directive)).Select(Adopt)]);
            default:
                return value?.DeepClone();
        }
    }

    internal static string? TextOf(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    internal static string KeyText(JsonNode? node) => node?.ToJsonString() ?? "null";

    private static (TypeShape? Child, FieldShape? Field) Lookup(TypeShape? shape, string key) => shape?.Kind switch
    {
        ShapeKind.Struct when shape.Fields.TryGetValue(key, out var field) => (field.Shape, field),
        ShapeKind.Map => (shape.Element, null),
        _ => (null, null),
    };

    private static List<string> Keys(JsonObject patch, string prefix) =>
        [.. patch.Select(p => p.Key).Where(k => k.StartsWith(prefix, StringComparison.Ordinal))];
}

/// <summary>A strategic merge patch that is wrong. Some mistakes are answered with 400, the others with 422 and the bare message.</summary>
public sealed class StrategicPatchException(string message, int code = 422) : Exception(message)
{
    /// <summary>HTTP code.</summary>
    public int Code { get; } = code;

    internal static StrategicPatchException Bad(string message) => new(message, 400);
}
