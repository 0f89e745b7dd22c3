using System.Text.Json.Nodes;
using ActorKube.ApiServer.CustomResources.Schemas;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources.Definitions;

/// <summary>What a writer of a definition is told without being refused.</summary>
internal static class DefinitionWarnings
{
    /// <summary>The warnings.</summary>
    public static IEnumerable<string> Of(V1CustomResourceDefinition definition)
    {
        var formats = new List<string>();
        var sets = new SortedSet<string>(StringComparer.Ordinal);
        var hasRules = false;
        foreach (var version in definition.Spec.Versions)
        {
            if (DefinitionRules.SchemaOf(version) is { } schema)
            {
                Visit(schema, node =>
                {
                    var type = StructuralSchema.Text(node, "type") ?? "";
                    if (StructuralSchema.Text(node, "format") is { Length: > 0 } format && !Formats.IsKnown(format, type))
                    {
                        formats.Add($"unrecognized format \"{format}\"");
                    }

                    if (StructuralSchema.Text(node, "x-kubernetes-list-type") == "set" && node["items"] is JsonObject items && StructuralSchema.Text(items, "type") is "object" or "array")
                    {
                        sets.Add($"x-kubernetes-list-type: set for items of type \"{StructuralSchema.Text((JsonObject)node["items"]!, "type")}\" is not supported by server-side apply or CEL validation rules");
                    }

                    hasRules |= node["x-kubernetes-validations"] is JsonArray { Count: > 0 };
                });
            }
        }

        IEnumerable<string> rules = hasRules ? ["x-kubernetes-validations are stored, but not evaluated: CEL rules are not supported by this server yet"] : [];
        return formats.Concat(sets).Concat(rules).Distinct();
    }

    /// <summary>Visits a schema and all schemas within it.</summary>
    public static void Visit(JsonObject schema, Action<JsonObject> visit)
    {
        visit(schema);
        foreach (var name in (ReadOnlySpan<string>)["items", "additionalProperties", "not"])
        {
            if (schema[name] is JsonObject child)
            {
                Visit(child, visit);
            }
        }

        foreach (var name in (ReadOnlySpan<string>)["allOf", "anyOf", "oneOf"])
        {
            foreach (var child in (schema[name] as JsonArray ?? []).OfType<JsonObject>())
            {
                Visit(child, visit);
            }
        }

        foreach (var (_, child) in schema["properties"] as JsonObject ?? [])
        {
            if (child is JsonObject property)
            {
                Visit(property, visit);
            }
        }
    }
}
