using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.CustomResources.Schemas;

/// <summary>Removes the fields that a structural schema does not know.</summary>
internal static class Pruning
{
    private static readonly string[] MetaFields = ["apiVersion", "kind", "metadata"];

    /// <summary>Removes unknown fields. Their paths, such as <c>spec.foo[0].bar</c>, are added to <paramref name="unknown"/>, unless it is null.</summary>
    public static void Prune(JsonNode? value, StructuralSchema? schema, string path = "", List<string>? unknown = null) =>
        Prune(value, schema, schema is { PreservesUnknown: true }, path, unknown);

    /// <summary>Whether <see cref="Prune(JsonNode?, StructuralSchema?, string, List{string}?)"/> would change the value.</summary>
    public static bool HasUnknown(JsonNode? value, StructuralSchema? schema) => HasUnknown(value, schema, schema is { PreservesUnknown: true });

    private static void Prune(JsonNode? value, StructuralSchema? schema, bool keep, string path, List<string>? unknown)
    {
        if (schema is null && keep)
        {
            return;
        }

        if (value is JsonObject map)
        {
            List<string>? gone = null;
            foreach (var (name, part) in map)
            {
                if (schema is { Embedded: true } && MetaFields.Contains(name))
                {
                    continue;
                }

                if (Known(schema, name) is { } known)
                {
                    Prune(part, known, Child(path, name, unknown), unknown);
                }
                else if (!keep && schema is { AllowsAdditional: true })
                {
                    Prune(part, null, false, Child(path, name, unknown), unknown);
                }
                else if (!keep)
                {
                    (gone ??= []).Add(name);
                }
            }

            foreach (var name in gone ?? [])
            {
                unknown?.Add(Child(path, name, unknown));
                map.Remove(name);
            }
        }
        else if (value is JsonArray list)
        {
            for (var i = 0; i < list.Count; i++)
            {
                if (list[i] is JsonObject or JsonArray)
                {
                    Prune(list[i], schema?.Items, keep || schema?.Items is { PreservesUnknown: true }, unknown is null ? path : $"{path}[{i}]", unknown);
                }
            }
        }
    }

    private static bool HasUnknown(JsonNode? value, StructuralSchema? schema, bool keep)
    {
        if (schema is null && keep)
        {
            return false;
        }

        if (value is JsonObject map)
        {
            foreach (var (name, part) in map)
            {
                if (schema is { Embedded: true } && MetaFields.Contains(name))
                {
                    continue;
                }

                var known = Known(schema, name);
                if (known is not null ? HasUnknown(part, known) : !keep && (schema is not { AllowsAdditional: true } || HasUnknown(part, null, false)))
                {
                    return true;
                }
            }
        }
        else if (value is JsonArray list)
        {
            foreach (var item in list)
            {
                if (item is JsonObject or JsonArray && HasUnknown(item, schema?.Items, keep || schema?.Items is { PreservesUnknown: true }))
                {
                    return true;
                }
            }
        }

        return false;
    }

    private static StructuralSchema? Known(StructuralSchema? schema, string name) =>
        schema is null ? null : schema.Properties.TryGetValue(name, out var property) ? property : schema.AdditionalProperties;

    private static string Child(string path, string name, List<string>? unknown) => unknown is null || path.Length == 0 ? name : $"{path}.{name}";
}
