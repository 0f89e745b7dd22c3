using System.Text.Json.Nodes;
using ActorKube.ApiServer.CustomResources;
using ActorKube.ApiServer.CustomResources.Schemas;
using k8s.Models;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>The schemas of custom resources as they are published: with apiVersion, kind and metadata, and for OpenAPI v2 without what that cannot say.</summary>
internal static class CustomSchema
{
    private const string ApiVersionText = "APIVersion defines the versioned schema of this representation of an object.";
    private const string KindText = "Kind is a string value representing the REST resource this object represents.";

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
        // Not even apiVersion and kind: kubectl takes a field for unknown as soon as any is named.
        if (!version3 && (kind.PublishedSchema is null || StructuralSchema.Flag(kind.PublishedSchema, "x-kubernetes-preserve-unknown-fields")))
        {
            return new JsonObject { ["type"] = "object", ["x-kubernetes-group-version-kind"] = Identity(kind, kind.Kind) };
        }

        var schema = (JsonObject?)kind.PublishedSchema?.DeepClone() ?? new JsonObject { ["type"] = "object", ["x-kubernetes-preserve-unknown-fields"] = true };
        if (!version3)
        {
            Reduce(schema);
        }

        var properties = schema["properties"] as JsonObject ?? [];
        properties["apiVersion"] = new JsonObject { ["type"] = "string", ["description"] = ApiVersionText };
        properties["kind"] = new JsonObject { ["type"] = "string", ["description"] = KindText };
        var metadata = schemas.Reference(typeof(V1ObjectMeta));
        properties["metadata"] = version3 ? new JsonObject { ["allOf"] = new JsonArray(metadata), ["description"] = "Standard object's metadata." } : metadata;
        schema["properties"] = properties;
        schema["x-kubernetes-group-version-kind"] = Identity(kind, kind.Kind);
        return schema;
    }

    private static JsonObject List(SchemaBuilder schemas, CustomResourceKind kind, string name) => new()
    {
        ["description"] = $"{kind.ListKind} is a list of {kind.Kind}",
        ["type"] = "object",
        ["required"] = new JsonArray("items"),
        ["properties"] = new JsonObject
        {
            ["apiVersion"] = new JsonObject { ["type"] = "string", ["description"] = ApiVersionText },
            ["kind"] = new JsonObject { ["type"] = "string", ["description"] = KindText },
            ["items"] = new JsonObject { ["type"] = "array", ["description"] = $"List of {kind.Resource}.", ["items"] = schemas.Reference(name) },
            ["metadata"] = schemas.Reference(typeof(V1ListMeta)),
        },
        ["x-kubernetes-group-version-kind"] = Identity(kind, kind.ListKind),
    };

    private static JsonArray Identity(CustomResourceKind kind, string name) => new(new JsonObject { ["group"] = kind.Group, ["kind"] = name, ["version"] = kind.Version });

    // OpenAPI v2 has no alternatives and no null; and kubectl reads fields only where there are no unknown ones beside them.
    private static void Reduce(JsonObject schema)
    {
        foreach (var name in (ReadOnlySpan<string>)["allOf", "anyOf", "oneOf", "not"])
        {
            schema.Remove(name);
        }

        var (nullable, preserves) = (StructuralSchema.Flag(schema, "nullable"), StructuralSchema.Flag(schema, "x-kubernetes-preserve-unknown-fields"));
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

        foreach (var name in (ReadOnlySpan<string>)["items", "additionalProperties"])
        {
            if (schema[name] is JsonObject child)
            {
                Reduce(child);
            }
        }

        foreach (var (_, child) in schema["properties"] as JsonObject ?? [])
        {
            if (child is JsonObject property)
            {
                Reduce(property);
            }
        }
    }
}
