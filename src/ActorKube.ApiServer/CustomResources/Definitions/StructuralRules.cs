using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Schemas;

namespace ActorKube.ApiServer.CustomResources.Definitions;

/// <summary>
/// What makes a schema structural: every field has one type outside of <c>allOf</c>, <c>anyOf</c>, <c>oneOf</c> and <c>not</c>, and what is within them only
/// restricts values of fields that are specified outside too.
/// </summary>
internal static class StructuralRules
{
    private static readonly JsonArray IntOrStringAnyOf = [new JsonObject { ["type"] = "integer" }, new JsonObject { ["type"] = "string" }];

    private static readonly (string Name, string Rule)[] NotWithin =
    [
        ("type", "must be empty to be structural"), ("additionalProperties", "must be undefined to be structural"), ("default", "must be undefined to be structural"),
        ("title", "must be empty to be structural"), ("description", "must be empty to be structural"), ("nullable", "must be false to be structural"),
        ("x-kubernetes-preserve-unknown-fields", "must be false to be structural"), ("x-kubernetes-embedded-resource", "must be false to be structural"),
        ("x-kubernetes-int-or-string", "must be false to be structural"), ("x-kubernetes-list-map-keys", "must be empty to be structural"),
        ("x-kubernetes-list-type", "must be undefined to be structural"), ("x-kubernetes-map-type", "must be undefined to be structural"),
        ("x-kubernetes-validations", "must be empty to be structural"),
    ];

    private enum Level
    {
        Root,
        Item,
        Field,
    }

    /// <summary>What is not structural, in the order of its text.</summary>
    public static List<FieldError> Validate(JsonObject schema, FieldPath path)
    {
        var errors = new FieldErrors();
        Invariants(schema, Level.Root, path, errors);
        Completeness(schema, schema, path, errors);
        return [.. errors.OrderBy(e => e.ToString(), StringComparer.Ordinal)];
    }

    private static void Invariants(JsonObject schema, Level level, FieldPath path, FieldErrors errors)
    {
        var type = StructuralSchema.Text(schema, "type") ?? "";
        var properties = schema["properties"] as JsonObject;
        var (embedded, preserves, intOrString) = (
            StructuralSchema.Flag(schema, "x-kubernetes-embedded-resource"), StructuralSchema.Flag(schema, "x-kubernetes-preserve-unknown-fields"), StructuralSchema.Flag(schema, "x-kubernetes-int-or-string"));
        if (type == "array" && schema["items"] is not JsonObject)
        {
            errors.Required(path.Child("items"), "must be specified");
        }

        if (schema["items"] is JsonObject items)
        {
            Invariants(items, Level.Item, path.Child("items"), errors);
        }

        foreach (var (name, child) in properties ?? [])
        {
            if (child is JsonObject property)
            {
                Invariants(property, Level.Field, path.Child("properties").Key(name), errors);
            }
        }

        if (schema["additionalProperties"] is { } additional)
        {
            if (level == Level.Root)
            {
                errors.Forbidden(path.Child("additionalProperties"), "must not be used at the root");
            }

            if (additional is JsonObject values)
            {
                Invariants(values, Level.Field, path.Child("additionalProperties"), errors);
            }
        }

        if (intOrString && preserves)
        {
            errors.Invalid(path.Child("x-kubernetes-preserve-unknown-fields"), true, "must be false if x-kubernetes-int-or-string is true");
        }

        if (intOrString && embedded)
        {
            errors.Invalid(path.Child("x-kubernetes-embedded-resource"), true, "must be false if x-kubernetes-int-or-string is true");
        }

        var skipAnyOf = JsonNode.DeepEquals(schema["anyOf"], IntOrStringAnyOf);
        var skipInAllOf = schema["allOf"] is JsonArray { Count: > 0 } all && all[0] is JsonObject first && JsonNode.DeepEquals(first["anyOf"], IntOrStringAnyOf);
        Values(schema, skipAnyOf, skipInAllOf, path, errors);
        if (embedded && type != "object")
        {
            WrongType(type, "must be object if x-kubernetes-embedded-resource is true", path, errors);
        }
        else if (type.Length == 0 && !intOrString && !preserves)
        {
            errors.Required(path.Child("type"), level switch
            {
                Level.Root => "must not be empty at the root",
                Level.Item => "must not be empty for specified array items",
                _ => "must not be empty for specified object fields",
            });
        }

        if (embedded && schema["additionalProperties"] is not null)
        {
            errors.Forbidden(path.Child("additionalProperties"), "must not be used if x-kubernetes-embedded-resource is set");
        }

        if (level == Level.Root && type.Length > 0 && type != "object")
        {
            errors.Invalid(path.Child("type"), type, "must be object at the root");
        }

        if (level == Level.Root || embedded)
        {
            MetaFields(properties, level, path.Child("properties"), errors);
        }

        if (embedded && !preserves && (properties is null || properties.Count == 0))
        {
            errors.Required(path.Child("properties"), "must not be empty if x-kubernetes-embedded-resource is true without x-kubernetes-preserve-unknown-fields");
        }
    }

    private static void MetaFields(JsonObject? properties, Level level, FieldPath path, FieldErrors errors)
    {
        foreach (var name in (ReadOnlySpan<string>)["kind", "apiVersion"])
        {
            if (properties?[name] is JsonObject field && (StructuralSchema.Text(field, "type") ?? "") is var type && type != "string")
            {
                errors.Invalid(path.Key(name).Child("type"), type, "must be string");
            }
        }

        if (properties?["metadata"] is not JsonObject metadata)
        {
            return;
        }

        if ((StructuralSchema.Text(metadata, "type") ?? "") is var given && given != "object")
        {
            errors.Invalid(path.Key("metadata").Child("type"), given, "must be object");
        }

        if (level == Level.Root
            && (metadata.Any(p => p.Key is not ("type" or "properties" or "default" or "description") && p.Value is not JsonArray { Count: 0 })
                || metadata.ContainsKey("description")
                || metadata["properties"] is JsonObject named && named.Any(p => p.Key is not ("name" or "generateName"))))
        {
            errors.Forbidden(path.Key("metadata"), "must not specify anything other than name and generateName, but metadata is implicitly specified");
        }
    }

    private static void Values(JsonObject schema, bool skipAnyOf, bool skipInAllOf, FieldPath path, FieldErrors errors)
    {
        foreach (var junctor in (ReadOnlySpan<string>)["anyOf", "allOf", "oneOf"])
        {
            if (junctor == "anyOf" && skipAnyOf)
            {
                continue;
            }

            var i = 0;
            foreach (var nested in (schema[junctor] as JsonArray ?? []).OfType<JsonObject>())
            {
                Nested(nested, junctor == "allOf" && skipInAllOf && i == 0, path.Child(junctor).Index(i), errors);
                i++;
            }
        }

        if (schema["not"] is JsonObject not)
        {
            Nested(not, false, path.Child("not"), errors);
        }

        if (StructuralSchema.Text(schema, "pattern") is { Length: > 0 } pattern && GoRegex.Error(pattern) is { } error)
        {
            errors.Invalid(path.Child("pattern"), pattern, $"must be a valid regular expression, but isn't: {error}");
        }
    }

    private static void Nested(JsonObject schema, bool skipAnyOf, FieldPath path, FieldErrors errors)
    {
        Values(schema, skipAnyOf, false, path, errors);
        if (schema["items"] is JsonObject items)
        {
            Nested(items, false, path.Child("items"), errors);
        }

        foreach (var (name, child) in schema["properties"] as JsonObject ?? [])
        {
            if (child is JsonObject property)
            {
                Nested(property, false, path.Child("properties").Key(name), errors);
            }
        }

        foreach (var (name, rule) in NotWithin)
        {
            if (schema[name] is { } given && given.GetValueKind() != JsonValueKind.False && given is not JsonArray { Count: 0 } && (given.GetValueKind() != JsonValueKind.String || given.GetValue<string>().Length > 0))
            {
                errors.Forbidden(path.Child(name), rule);
            }
        }

        if (schema["properties"]?["metadata"] is not null)
        {
            errors.Forbidden(path.Child("properties").Key("metadata"), "must not be specified in a nested context");
        }
    }

    // Fields and items that a nested schema speaks of must be specified outside of it.
    private static void Completeness(JsonObject schema, JsonObject values, FieldPath path, FieldErrors errors)
    {
        foreach (var junctor in (ReadOnlySpan<string>)["allOf", "anyOf", "oneOf"])
        {
            var i = 0;
            foreach (var nested in (values[junctor] as JsonArray ?? []).OfType<JsonObject>())
            {
                Specified(schema, nested, path, path.Child(junctor).Index(i++), errors);
            }
        }

        if (values["not"] is JsonObject not)
        {
            Specified(schema, not, path, path.Child("not"), errors);
        }

        if (!ReferenceEquals(schema, values))
        {
            return;
        }

        foreach (var (name, child) in schema["properties"] as JsonObject ?? [])
        {
            if (child is JsonObject property)
            {
                Completeness(property, property, path.Child("properties").Key(name), errors);
            }
        }

        foreach (var name in (ReadOnlySpan<string>)["items", "additionalProperties"])
        {
            if (schema[name] is JsonObject child)
            {
                Completeness(child, child, path.Child(name), errors);
            }
        }
    }

    private static void Specified(JsonObject? schema, JsonObject nested, FieldPath schemaPath, FieldPath nestedPath, FieldErrors errors)
    {
        if (schema is null)
        {
            errors.Required(schemaPath, $"because it is defined in {nestedPath}");
            return;
        }

        Completeness(schema, nested, schemaPath, errors);
        if (nested["items"] is JsonObject items)
        {
            Specified(schema["items"] as JsonObject, items, schemaPath.Child("items"), nestedPath.Child("items"), errors);
        }

        foreach (var (name, child) in nested["properties"] as JsonObject ?? [])
        {
            if (child is JsonObject property)
            {
                Specified(schema["properties"]?[name] as JsonObject, property, schemaPath.Child("properties").Key(name), nestedPath.Child("properties").Key(name), errors);
            }
        }
    }

    private static void WrongType(string type, string rule, FieldPath path, FieldErrors errors)
    {
        if (type.Length == 0)
        {
            errors.Required(path.Child("type"), rule);
        }
        else
        {
            errors.Invalid(path.Child("type"), type, rule);
        }
    }
}
