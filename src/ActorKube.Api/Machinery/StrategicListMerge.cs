using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery;

/// <summary>What a strategic merge patch does to a list: which elements it has afterwards, and in which order.</summary>
internal static class StrategicListMerge
{
    /// <summary>A list of plain values: what was there and what the patch adds, each once.</summary>
    public static List<JsonNode?> Union(JsonArray original, JsonArray patch)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return [.. original.Concat(patch).Where(v => seen.Add(StrategicMergePatch.KeyText(v)))];
    }

    /// <summary>
    /// A list of objects told apart by <paramref name="mergeKey"/>: found ones merge, new ones are added, <c>$patch: delete</c> removes,
    /// and one element <c>$patch: replace</c> drops everything that was there. <paramref name="kept"/> is what the original still has.
    /// </summary>
    public static List<JsonNode?> ByKey(
        JsonArray original, JsonArray patch, string mergeKey, Func<JsonObject, JsonObject, JsonObject> merge, out List<JsonNode?> kept)
    {
        var current = original.ToList();
        var changes = new List<JsonObject>();
        var replace = false;
        foreach (var item in patch)
        {
            var change = AsMap(item);
            if (!change.TryGetPropertyValue(StrategicMergePatch.Directive, out var directive))
            {
                changes.Add(change);
                continue;
            }

            switch (StrategicMergePatch.TextOf(directive))
            {
                case "delete":
                    var gone = Key(change, mergeKey);
                    current.RemoveAll(i => i is JsonObject m && m.TryGetPropertyValue(mergeKey, out var k) && StrategicMergePatch.KeyText(k) == gone);
                    break;
                case "replace":
                    replace = true;
                    break;
                case "merge":
                    throw new StrategicPatchException("merging lists cannot yet be specified in the patch");
                default:
                    throw new StrategicPatchException($"unknown patch type: {JsonTree.GoText(directive)} in map: {JsonTree.GoText(change)}");
            }
        }

        if (replace)
        {
            kept = [];
            return [.. changes.Select(StrategicMergePatch.Adopt)];
        }

        kept = [.. current];
        foreach (var change in changes)
        {
            var key = Key(change, mergeKey);
            var at = current.FindIndex(i => AsMap(i, current.IndexOf(i)).TryGetPropertyValue(mergeKey, out var k) && StrategicMergePatch.KeyText(k) == key);
            if (at < 0)
            {
                current.Add(StrategicMergePatch.Adopt(change));
            }
            else
            {
                var merged = merge((JsonObject)current[at]!, change);
                if (kept.IndexOf(current[at]) is var place and >= 0)
                {
                    kept[place] = merged;
                }

                current[at] = merged;
            }
        }

        return current;
    }

    /// <summary>
    /// The elements in their final order. Those that <paramref name="wanted"/> names stand in its order; the others keep the order they had
    /// in <paramref name="before"/>; and one of the others goes before a wanted element only if it stood before it already.
    /// So with a, b there and a patch that brings c, the result is c, a, b.
    /// </summary>
    public static JsonArray Arrange(List<JsonNode?> items, JsonArray wanted, List<JsonNode?> before, string mergeKey)
    {
        var order = Positions(wanted, mergeKey, skipDirectives: true);
        var past = Positions(before, mergeKey, skipDirectives: false);
        var named = items.Where(i => order.ContainsKey(Identity(i, mergeKey))).OrderBy(i => order[Identity(i, mergeKey)]).ToList();
        var others = items.Where(i => !order.ContainsKey(Identity(i, mergeKey)))
            .OrderBy(i => past.TryGetValue(Identity(i, mergeKey), out var position) ? position : int.MaxValue).ToList();
        var result = new List<JsonNode?>(items.Count);
        var next = 0;
        foreach (var item in named)
        {
            while (next < others.Count && StoodBefore(others[next], item))
            {
                result.Add(others[next++]);
            }

            result.Add(item);
        }

        result.AddRange(others.Skip(next));
        foreach (var item in result)
        {
            (item?.Parent as JsonArray)?.Remove(item);
        }

        return new JsonArray([.. result]);

        bool StoodBefore(JsonNode? left, JsonNode? right) =>
            past.TryGetValue(Identity(left, mergeKey), out var l) && past.TryGetValue(Identity(right, mergeKey), out var r) && l < r;
    }

    /// <summary>The elements a patch brings must stand in the order its <c>$setElementOrder</c> list gives.</summary>
    public static void CheckOrder(JsonArray patch, JsonArray order, string mergeKey)
    {
        if (order.Count == 0 || patch.Count == 0)
        {
            return;
        }

        var next = 0;
        foreach (var item in patch)
        {
            if (item is JsonObject map && map.ContainsKey(StrategicMergePatch.Directive))
            {
                continue;
            }

            var identity = Identity(item, mergeKey);
            while (next < order.Count && Identity(order[next], mergeKey) != identity)
            {
                next++;
            }

            if (next++ >= order.Count)
            {
                throw new StrategicPatchException(
                    $"The order in patch list:\n{JsonTree.GoText(patch)}\n doesn't match $setElementOrder list:\n{JsonTree.GoText(order)}\n");
            }
        }
    }

    public static void RemoveWhere(JsonArray list, Predicate<JsonNode?> match)
    {
        for (var i = list.Count - 1; i >= 0; i--)
        {
            if (match(list[i]))
            {
                list.RemoveAt(i);
            }
        }
    }

    private static Dictionary<string, int> Positions(IEnumerable<JsonNode?> items, string mergeKey, bool skipDirectives)
    {
        var positions = new Dictionary<string, int>(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (!(skipDirectives && item is JsonObject map && map.ContainsKey(StrategicMergePatch.Directive)))
            {
                positions.TryAdd(Identity(item, mergeKey), positions.Count);
            }
        }

        return positions;
    }

    private static string Identity(JsonNode? item, string mergeKey) => mergeKey.Length == 0 ? StrategicMergePatch.KeyText(item) : Key(AsMap(item), mergeKey);

    private static string Key(JsonObject map, string mergeKey) => map.TryGetPropertyValue(mergeKey, out var key)
        ? StrategicMergePatch.KeyText(key)
        : throw new StrategicPatchException($"map: {JsonTree.GoText(map)} does not contain declared merge key: {mergeKey}");

    private static JsonObject AsMap(JsonNode? item) => item as JsonObject
        ?? throw new StrategicPatchException($"expected a map[string]interface {{}}, but received a {JsonTree.GoType(item)}");

    private static JsonObject AsMap(JsonNode? item, int index) => item as JsonObject ?? throw new StrategicPatchException($"value for key {index} is not a map.");
}
