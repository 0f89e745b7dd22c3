using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.CustomResources.Schemas;
using k8s.Models;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>The schemas of custom resources as they are published: with apiVersion, kind and metadata, and for OpenAPI v2 without what that cannot say.</summary>
internal static class CustomSchema
{
    private const string Preserve = "x-kubernetes-preserve-unknown-fields";

    /// <summary>The name under which a kind is published: the group backwards, the version, the kind.</summary>
    public static string NameOf(CustomResourceKind kind, bool list = false) =>
        $"{string.Join('.', kind.Group.Split('.').Reverse())}.{kind.Version}.{(list ? kind.ListKind : kind.Kind)}";

    /// <summary>Adds the schemas of a kind and of lists of it.</summary>
    public static void Add(SchemaBuilder schemas, CustomResourceKind kind, bool version3)
    {
        var name = NameOf(kind);
        if (schemas.Has(name))
        {
            return;
        }

        schemas.Add(name, Object(schemas, kind, version3));
        schemas.Add(NameOf(kind, true), List(schemas, kind, name));
    }

    private static JsonObject Object(SchemaBuilder schemas, CustomResourceKind kind, bool version3)
    {
        // Where there is no schema, or anything may stand beside the fields, kubectl would take the fields for all there are.
        var schema = kind.PublishedSchema is { } given && (version3 || !StructuralSchema.Flag(given, Preserve)) ? (JsonObject)given.DeepClone() : null;
        if (schema is null)
        {
            schema = new JsonObject { ["type"] = "object" };
        }
        else
        {
            if (version3)
            {
                Unfold(schema);
            }
            else
            {
                Reduce(schema);
            }

            SetMeta(schemas, schema, typeof(V1ConfigMap), version3);
            AddEmbedded(schemas, schema, version3);
        }

        schema["x-kubernetes-group-version-kind"] = Identity(kind, kind.Kind);
        if (kind.DefinedVersion.SelectableFields is { Count: > 0 } fields)
        {
            schema["x-kubernetes-selectable-fields"] = new JsonArray([.. fields.Select(f => new JsonObject { ["fieldPath"] = f.JsonPath.TrimStart('.') })]);
        }

        return schema;
    }

    private static JsonObject List(SchemaBuilder schemas, CustomResourceKind kind, string name)
    {
        var items = $"List of {kind.Resource}. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md";
        var schema = new JsonObject
        {
            ["description"] = $"{kind.ListKind} is a list of {kind.Kind}",
            ["type"] = "object",
            ["required"] = new JsonArray("items"),
            ["properties"] = new JsonObject { ["items"] = new JsonObject { ["type"] = "array", ["description"] = items, ["items"] = schemas.Reference(name) } },
        };
        SetMeta(schemas, schema, typeof(V1ConfigMapList), schemas.IsVersion3);
        schema["x-kubernetes-group-version-kind"] = Identity(kind, kind.ListKind);
        return schema;
    }

    // The fields that every object has, in the words that a built-in kind has for them.
    private static void SetMeta(SchemaBuilder schemas, JsonObject schema, Type like, bool version3)
    {
        var properties = schema["properties"] as JsonObject ?? [];
        properties["apiVersion"] = Text(like, "ApiVersion");
        properties["kind"] = Text(like, "Kind");
        var metadata = like.GetProperty("Metadata")!;
        var reference = schemas.Reference(metadata.PropertyType);
        properties["metadata"] = version3 ? new JsonObject { ["allOf"] = new JsonArray(reference) } : reference;
        properties["metadata"]!["description"] = ModelDefinitions.DescriptionOf(metadata);
        schema["properties"] = properties;
    }

    private static JsonObject Text(Type like, string property) => new() { ["type"] = "string", ["description"] = ModelDefinitions.DescriptionOf(like.GetProperty(property)!) };

    private static void AddEmbedded(SchemaBuilder schemas, JsonObject schema, bool version3)
    {
        foreach (var child in Children(schema))
        {
            AddEmbedded(schemas, child, version3);
        }

        if (!StructuralSchema.Flag(schema, "x-kubernetes-embedded-resource") || (!version3 && StructuralSchema.Flag(schema, Preserve)))
        {
            return;
        }

        SetMeta(schemas, schema, typeof(V1ConfigMap), version3);
        var required = schema["required"] as JsonArray ?? [];
        foreach (var name in (string[])["kind", "apiVersion"])
        {
            if (!required.Any(r => (string?)r == name))
            {
                required.Add((JsonNode)name);
            }
        }

        schema["required"] = required;
    }

    // What an int-or-string may be is said in full where alternatives can be said.
    private static void Unfold(JsonObject schema)
    {
        if (StructuralSchema.Flag(schema, "x-kubernetes-int-or-string") && schema["anyOf"] is null && schema["allOf"] is null)
        {
            schema["anyOf"] = new JsonArray(new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" });
        }

        foreach (var child in Children(schema))
        {
            Unfold(child);
        }
    }

    private static IEnumerable<JsonObject> Children(JsonObject schema) =>
        ((string[])["items", "additionalProperties"]).Select(name => schema[name])
            .Concat((schema["properties"] as JsonObject ?? []).Select(p => p.Value))
            .OfType<JsonObject>();

    private static JsonArray Identity(CustomResourceKind kind, string name) => new(new JsonObject { ["group"] = kind.Group, ["kind"] = name, ["version"] = kind.Version });

    // OpenAPI v2 has no alternatives and no null; and kubectl reads fields only where there are no unknown ones beside them.
    private static void Reduce(JsonObject schema)
    {
        foreach (var name in (ReadOnlySpan<string>)["allOf", "anyOf", "oneOf", "not"])
        {
            schema.Remove(name);
        }

        var (nullable, preserves) = (StructuralSchema.Flag(schema, "nullable"), StructuralSchema.Flag(schema, Preserve));
        if (nullable || preserves)
        {
            schema.Remove("properties");
            schema.Remove("items");
        }

        var type = StructuralSchema.Text(schema, "type");
        if (nullable || (type == "array" && schema["items"] is null) || (type == "object" && preserves))
        {
            schema.Remove("type");
        }

        schema.Remove("nullable");
        if (schema["required"] is JsonArray required)
        {
            var left = required.Where(r => schema["properties"]?[(string)r!] is not JsonObject field || !StructuralSchema.Flag(field, "nullable")).Select(r => r!.DeepClone()).ToArray();
            schema["required"] = new JsonArray(left);
            if (left.Length == 0)
            {
                schema.Remove("required");
            }
        }

        if (schema["additionalProperties"] is JsonObject values && StructuralSchema.Flag(values, "nullable"))
        {
            schema.Remove("required");
        }

        foreach (var child in Children(schema))
        {
            Reduce(child);
        }
    }
}
