using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;

namespace ActorKube.ApiServer.CustomResources.Schemas;

/// <summary>Items of a <c>set</c> list must differ, and those of a <c>map</c> list must differ in their keys.</summary>
internal static class ListTypes
{
    /// <summary>Adds what is wrong with the lists in a value.</summary>
    public static void Validate(JsonNode? value, StructuralSchema schema, string path, List<FieldError> errors)
    {
        switch (value)
        {
            case JsonObject map:
                foreach (var (name, part) in map)
                {
                    if (part is not (JsonObject or JsonArray))
                    {
                        continue;
                    }

                    if (schema.AdditionalProperties is { } values)
                    {
                        Validate(part, values, $"{path}[{name}]", errors);
                    }

                    if (schema.Properties.TryGetValue(name, out var property))
                    {
                        Validate(part, property, path.Length == 0 ? name : $"{path}.{name}", errors);
                    }
                }

                break;
            case JsonArray list:
                switch (schema.ListType)
                {
                    case "set":
                        AddDuplicates(list, path, errors);
                        break;
                    case "map":
                        AddDuplicateKeys(list, schema.ListMapKeys, path, errors);
                        break;
                }

                for (var i = 0; i < list.Count && schema.Items is not null; i++)
                {
                    Validate(list[i], schema.Items, $"{path}[{i}]", errors);
                }

                break;
        }
    }

    private static void AddDuplicateKeys(JsonArray list, IReadOnlyList<string> names, string path, List<FieldError> errors)
    {
        for (var i = 0; i < list.Count; i++)
        {
            if (list[i] is not (null or JsonObject))
            {
                errors.Add(new FieldError("FieldValueInvalid", $"{path}[{i}]", $"Invalid value: {SchemaErrors.Show(list[i])}: must be an object for an array of list-type map"));
                return;
            }
        }

        AddDuplicates([.. list.Select(item => new JsonObject(names
            .Where(n => item is JsonObject map && map.ContainsKey(n))
            .Select(n => KeyValuePair.Create(n, item![n]?.DeepClone()))))], path, errors);
    }

    // Each value that stands more than once is reported at its second place.
    private static void AddDuplicates(JsonArray items, string path, List<FieldError> errors)
    {
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < items.Count; i++)
        {
            var text = items[i] is { } item ? Canonical(item) : "null";
            var times = seen[text] = seen.GetValueOrDefault(text) + 1;
            if (times == 2)
            {
                errors.Add(new FieldError("FieldValueDuplicate", $"{path}[{i}]", $"Duplicate value: {SchemaErrors.Show(items[i])}"));
            }
        }
    }

    private static string Canonical(JsonNode node) => node is JsonObject map
        ? "{" + string.Join(',', map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{JsonSerializer.Serialize(p.Key)}:{(p.Value is null ? "null" : Canonical(p.Value))}")) + "}"
        : node is JsonArray list ? "[" + string.Join(',', list.Select(i => i is null ? "null" : Canonical(i))) + "]"
        : node.ToJsonString();
}
