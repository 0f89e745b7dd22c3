using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Explain;

/// <summary>The schemas of an OpenAPI v3 document. Pure.</summary>
internal sealed class Schemas(JsonNode document)
{
    private const string Prefix = "#/components/schemas/";

    /// <summary>The schema of a kind, or null where the document has none.</summary>
    public JsonNode? Of(string group, string version, string kind) => document.Map("components", "schemas").Select(s => s.Value).FirstOrDefault(s =>
        s.List("x-kubernetes-group-version-kind").Any(k => k.Text("group") == group && k.Text("version") == version && k.Text("kind") == kind));

    /// <summary>The schema that has the fields: a reference followed, of a list its items, of a map its values.</summary>
    public JsonNode? Inner(JsonNode? schema)
    {
        schema = Follow(schema);
        return schema.Text("type") == "array" ? Inner(schema.At("items"))
            : schema.At("additionalProperties") is JsonObject values && schema.At("properties") is null ? Inner(values)
            : schema;
    }

    /// <summary>The name of a type: <c>string</c>, <c>[]Container</c>, <c>map[string]Quantity</c>.</summary>
    public static string TypeOf(JsonNode? schema)
    {
        if (Reference(schema) is { } reference)
            return reference[(reference.LastIndexOf('.') + 1)..];
        return schema.Text("type") switch
        {
            "array" => "[]" + TypeOf(schema.At("items")),
            "object" when schema.At("additionalProperties") is JsonObject values => "map[string]" + TypeOf(values),
            "object" => "Object",
            "" => schema.List("anyOf").Concat(schema.List("oneOf")).Any() || schema.IsTrue("x-kubernetes-int-or-string") ? "IntOrString" : "Object",
            var type => type,
        };
    }

    /// <summary>What is said about a field: at the field, and about its type.</summary>
    public string Description(JsonNode? schema)
    {
        var (own, type) = (schema.Text("description"), Reference(schema) is null && schema.At("items") is null && schema.At("additionalProperties") is not JsonObject ? "" : Inner(schema).Text("description"));
        return own == type || type.Length == 0 ? own : own.Length == 0 ? type : $"{own}\n{type}";
    }

    /// <summary>The values that the field may have, where the schema lists them.</summary>
    public static IReadOnlyList<string> Values(JsonNode? schema) => [.. schema.List("enum").Select(v => v.Text()).Where(v => v.Length > 0)];

    private static string? Reference(JsonNode? schema)
    {
        var text = schema.Text("$ref") is { Length: > 0 } own ? own : schema.List("allOf") is [var only] ? only.Text("$ref") : "";
        return text.StartsWith(Prefix, StringComparison.Ordinal) ? text[Prefix.Length..] : null;
    }

    private JsonNode? Follow(JsonNode? schema) => Reference(schema) is { } name ? Follow(document.At("components", "schemas", name)) : schema;
}
