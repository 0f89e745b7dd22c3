using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Schemas;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources;

/// <summary>Whole objects that stand within a custom resource (<c>x-kubernetes-embedded-resource</c>): their metadata is held to the rules of any object's.</summary>
internal static class EmbeddedObjects
{
    /// <summary>Brings embedded metadata into its form; unknown fields of it go, and their paths are added.</summary>
    public static void Coerce(JsonNode? value, StructuralSchema? schema, string path, List<string>? unknown)
    {
        if (value is JsonObject map && schema is { Embedded: true } && map["metadata"] is JsonObject metadata)
        {
            var decoded = StrictDecoder.Decode(JsonTree.ToUtf8(metadata), typeof(V1ObjectMeta));
            if (decoded.Value is V1ObjectMeta meta)
            {
                unknown?.AddRange(decoded.Strict.Select(s => MetadataPath(s, path)));
                map["metadata"] = JsonTree.Parse(ApiJson.Serialize(meta));
            }
        }

        Visit(value, schema, path, (part, partSchema, partPath) => Coerce(part, partSchema, partPath, unknown));
    }

    /// <summary>Adds what is wrong with embedded objects.</summary>
    public static void Validate(JsonNode? value, StructuralSchema? schema, string path, List<FieldError> errors)
    {
        if (value is JsonObject map && schema is { Embedded: true })
        {
            ValidateObject(map, path, errors);
        }

        Visit(value, schema, path, (part, partSchema, partPath) => Validate(part, partSchema, partPath, errors));
    }

    private static void ValidateObject(JsonObject map, string path, List<FieldError> errors)
    {
        foreach (var name in (ReadOnlySpan<string>)["apiVersion", "kind"])
        {
            var at = Child(path, name);
            if (!map.TryGetPropertyValue(name, out var given))
            {
                errors.Add(FieldError.Required(at));
            }
            else if (given is not JsonValue value || value.GetValueKind() != JsonValueKind.String)
            {
                errors.Add(new FieldError("FieldValueInvalid", at, $"Invalid value: {SchemaErrors.Show(given)}: must be a string"));
            }
            else if (value.GetValue<string>() is var text && text.Length == 0)
            {
                errors.Add(FieldError.Invalid(at, text, "must not be empty"));
            }
            else if (name == "apiVersion" && text.Count(c => c == '/') > 1)
            {
                errors.Add(FieldError.Invalid(at, text, $"unexpected GroupVersion string: {text}"));
            }
            else if (name == "kind" && NameRules.Dns1035Label(text.ToLowerInvariant()) is { Count: > 0 } wrong)
            {
                errors.Add(FieldError.Invalid(at, text, "may have mixed case, but should otherwise match: " + string.Join(",", wrong)));
            }
        }

        if (map["metadata"] is not { } metadata)
        {
            return;
        }

        var decoded = StrictDecoder.Decode(JsonTree.ToUtf8(metadata), typeof(V1ObjectMeta));
        if (decoded.Value is not V1ObjectMeta meta)
        {
            errors.Add(new FieldError("FieldValueInvalid", Child(path, "metadata"), $"Invalid value: {SchemaErrors.Show(metadata)}: {decoded.Error}"));
            return;
        }

        meta.Name = string.IsNullOrEmpty(meta.Name) ? "fakename" : meta.Name;
        errors.AddRange(ObjectMetaRules
            .ValidateCreate(meta, !string.IsNullOrEmpty(meta.NamespaceProperty), (name, _) => NameRules.PathSegment(name))
            .Where(e => !CustomResourceBodies.IsFinalizerStyle(e))
            .Select(e => e with { Field = path.Length == 0 ? e.Field : $"{path}.{e.Field}" }));
    }

    private static void Visit(JsonNode? value, StructuralSchema? schema, string path, Action<JsonNode, StructuralSchema, string> visit)
    {
        switch (value)
        {
            case JsonObject map when schema is not null:
                foreach (var (name, part) in map.ToList())
                {
                    if (part is JsonObject or JsonArray && (schema.Properties.TryGetValue(name, out var known) ? known : schema.AdditionalProperties) is { } child)
                    {
                        visit(part, child, Child(path, name));
                    }
                }

                break;
            case JsonArray list when schema?.Items is { } items:
                for (var i = 0; i < list.Count; i++)
                {
                    if (list[i] is JsonObject or JsonArray)
                    {
                        visit(list[i]!, items, $"{path}[{i}]");
                    }
                }

                break;
        }
    }

    private static string MetadataPath(string strict, string path)
    {
        var quote = strict.IndexOf('"', StringComparison.Ordinal);
        return quote < 0 ? strict : $"{Child(path, "metadata")}.{strict[(quote + 1)..].TrimEnd('"')}";
    }

    private static string Child(string path, string name) => path.Length == 0 ? name : $"{path}.{name}";
}
