using ActorKube.Api.Machinery.ServerSideApply;
using ActorKube.ApiServer.CustomResources.Schemas;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources;

/// <summary>What server-side apply must know of a custom resource, from its structural schema.</summary>
internal static class CustomFieldSchema
{
    /// <summary>The type of a whole object.</summary>
    public static FieldSchema OfObject(StructuralSchema? content) => Object(content, embedded: true);

    /// <summary>The type of everything but apiVersion, kind and metadata.</summary>
    public static FieldSchema OfContent(StructuralSchema? content) => Object(content, embedded: false);

    private static FieldSchema Object(StructuralSchema? schema, bool embedded)
    {
        var fields = (schema?.Properties ?? System.Collections.Frozen.FrozenDictionary<string, StructuralSchema>.Empty).Where(p => !embedded || p.Key is not ("apiVersion" or "kind" or "metadata"))
            .Select(p => new FieldDeclaration(p.Key, Of(p.Value), p.Value.Default));
        if (embedded)
        {
            fields = fields.Concat(
            [
                new FieldDeclaration("apiVersion", FieldSchema.String), new FieldDeclaration("kind", FieldSchema.String), new FieldDeclaration("metadata", ModelSchema.Of(typeof(V1ObjectMeta))),
            ]);
        }

        return FieldSchema.Struct(fields, schema is null or { PreservesUnknown: true } ? FieldSchema.Deduced : null, schema?.MapType == "atomic");
    }

    private static FieldSchema Of(StructuralSchema schema)
    {
        if (schema.IntOrString)
        {
            return FieldSchema.Untyped;
        }

        switch (schema.Type)
        {
            case "string":
                return FieldSchema.String;
            case "integer" or "number":
                return FieldSchema.Numeric;
            case "boolean":
                return FieldSchema.Boolean;
            case "array":
                var element = schema.Items is { } items ? Of(items) : FieldSchema.Deduced;
                return schema.ListType switch
                {
                    "map" => FieldSchema.MapList(element, schema.ListMapKeys),
                    "set" => FieldSchema.Set(element),
                    _ => FieldSchema.AtomicList(element),
                };
            case "object" when schema.AdditionalProperties is { } values:
                return FieldSchema.MapOf(Of(values), schema.MapType == "atomic");
            case "object" when schema.AllowsAdditional && schema.Properties.Count == 0:
                return FieldSchema.MapOf(FieldSchema.Deduced, schema.MapType == "atomic");
            case "object":
                return Object(schema, schema.Embedded);
            default:
                return FieldSchema.Deduced;
        }
    }
}
