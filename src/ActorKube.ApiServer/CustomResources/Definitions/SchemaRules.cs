using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Schemas;

namespace ActorKube.ApiServer.CustomResources.Definitions;

/// <summary>
/// The rules of a version's schema: it must be structural, its defaults must be valid, and it may use only what Kubernetes supports of OpenAPI.
/// </summary>
internal static class SchemaRules
{
    private static readonly string[] Types = ["array", "boolean", "integer", "number", "object", "string"];

    private static readonly string[] AllowedAtRoot =
    [
        "Description", "Type", "Format", "Title", "Maximum", "ExclusiveMaximum", "Minimum", "ExclusiveMinimum", "MaxLength", "MinLength", "Pattern", "MaxItems", "MinItems", "UniqueItems", "MultipleOf",
        "Required", "Items", "Properties", "ExternalDocs", "Example", "XPreserveUnknownFields", "XValidations",
    ];

    private static readonly string[] MetaFields = ["metadata", "kind", "apiVersion"];

    /// <summary>Where a schema stands in the whole one.</summary>
    private readonly record struct Place(bool IsRoot, bool InMetadata, string? NoDefaults);

    /// <summary>Adds what is wrong with a schema.</summary>
    public static void Validate(JsonObject schema, bool hasStatus, FieldPath path, FieldErrors errors)
    {
        if (hasStatus)
        {
            ValidateRoot(schema, path, errors);
        }

        if (StructuralSchema.Flag(schema, "nullable"))
        {
            errors.Forbidden(path.Child("nullable"), "nullable cannot be true at the root");
        }

        var structural = StructuralRules.Validate(schema, path);
        errors.AddRange(structural);
        if (structural.Count == 0)
        {
            DefaultRules.Validate(schema, path, errors);
        }

        Validate(schema, path, new Place(true, false, null), errors);
    }

    // The schema of the status is taken out of the whole one, so nothing at the root may say something about both.
    private static void ValidateRoot(JsonObject schema, FieldPath path, FieldErrors errors)
    {
        foreach (var (name, _) in schema)
        {
            if (name == "type")
            {
                if (StructuralSchema.Text(schema, "type") is { } type && type != "object")
                {
                    errors.Invalid(path.Child("type"), type, "only \"object\" is allowed as the type at the root of the schema if the status subresource is enabled");
                    return;
                }

                continue;
            }

            if (!AllowedAtRoot.Contains(GoName(name)))
            {
                errors.Invalid(path, schema, $"only [{string.Join(' ', AllowedAtRoot)}] fields are allowed at the root of the schema if the status subresource is enabled");
                return;
            }
        }
    }

    private static string GoName(string json)
    {
        var words = (json.StartsWith("x-kubernetes-", StringComparison.Ordinal) ? "x-" + json["x-kubernetes-".Length..] : json).Split('-');
        return string.Concat(words.Select(w => w.Length == 0 ? w : char.ToUpperInvariant(w[0]) + w[1..]));
    }

    private static void Validate(JsonObject schema, FieldPath path, Place place, FieldErrors errors)
    {
        ValidateSupported(schema, path, place, errors);
        if (StructuralSchema.Flag(schema, "uniqueItems"))
        {
            errors.Forbidden(path.Child("uniqueItems"), "uniqueItems cannot be set to true since the runtime complexity becomes quadratic");
        }

        var inner = place with { IsRoot = false };
        var properties = schema["properties"] as JsonObject;
        if (schema["additionalProperties"] is { } additional)
        {
            if (properties is { Count: > 0 } && (additional is JsonObject || additional.GetValueKind() == JsonValueKind.False))
            {
                errors.Forbidden(path.Child("additionalProperties"), "additionalProperties and properties are mutual exclusive");
            }

            if (additional is JsonObject values)
            {
                Validate(values, path.Child("additionalProperties"), place.InMetadata ? inner with { NoDefaults = "inside additionalProperties applying to object metadata" } : inner, errors);
            }
        }

        foreach (var (name, child) in (properties ?? []).OrderBy(p => p.Key, StringComparer.Ordinal))
        {
            if (child is JsonObject property)
            {
                var isMeta = (place.IsRoot || StructuralSchema.Flag(schema, "x-kubernetes-embedded-resource")) && MetaFields.Contains(name);
                var at = isMeta ? inner with { InMetadata = true, NoDefaults = place.IsRoot ? $"in top-level {name}" : inner.NoDefaults } : inner;
                Validate(property, path.Child("properties").Key(name), at, errors);
            }
        }

        if (schema["not"] is JsonObject not)
        {
            Validate(not, path.Child("not"), inner, errors);
        }

        foreach (var junctor in (ReadOnlySpan<string>)["allOf", "oneOf", "anyOf"])
        {
            var i = 0;
            foreach (var child in (schema[junctor] as JsonArray ?? []).OfType<JsonObject>())
            {
                Validate(child, path.Child(junctor).Index(i++), inner, errors);
            }
        }

        if (schema["items"] is JsonObject items)
        {
            Validate(items, path.Child("items"), inner, errors);
        }

        ListTypeRules.Validate(schema, path, errors);
        ValidateRules(schema, path.Child("x-kubernetes-validations"), errors);
    }

    private static void ValidateSupported(JsonObject schema, FieldPath path, Place place, FieldErrors errors)
    {
        if (StructuralSchema.Text(schema, "type") is { Length: > 0 } type && !Types.Contains(type))
        {
            errors.NotSupported(path.Child("type"), type, Types);
        }

        if (schema["default"] is not null && place.NoDefaults is { } reason)
        {
            errors.Forbidden(path.Child("default"), $"must not be set {reason}");
        }

        foreach (var name in (ReadOnlySpan<string>)["id", "additionalItems", "patternProperties", "definitions", "dependencies", "$ref"])
        {
            if (schema[name] is { } given && given is not JsonObject { Count: 0 } || (name == "dependencies" && schema.ContainsKey(name)))
            {
                errors.Forbidden(path.Child(name), $"{name} is not supported");
            }
        }

        if (StructuralSchema.Text(schema, "type") == "null")
        {
            errors.Forbidden(path.Child("type"), "type cannot be set to null, use nullable as an alternative");
        }

        if (schema["items"] is JsonArray { Count: > 0 })
        {
            errors.Forbidden(path.Child("items"), "items must be a schema object and not an array");
        }

        if (place.InMetadata && StructuralSchema.Flag(schema, "x-kubernetes-embedded-resource"))
        {
            errors.Forbidden(path.Child("x-kubernetes-embedded-resource"), "must not be used inside of resource meta");
        }
    }

    // What can be said of a rule without understanding its expression.
    private static void ValidateRules(JsonObject schema, FieldPath path, FieldErrors errors)
    {
        var i = 0;
        foreach (var rule in (schema["x-kubernetes-validations"] as JsonArray ?? []).OfType<JsonObject>())
        {
            var at = path.Index(i++);
            var (text, message) = (StructuralSchema.Text(rule, "rule") ?? "", StructuralSchema.Text(rule, "message") ?? "");
            if (text.Trim().Length == 0)
            {
                errors.Required(at.Child("rule"), "rule is not specified");
            }
            else if (message.Length > 0 && message.Trim().Length == 0)
            {
                errors.Invalid(at.Child("message"), message, "must be non-empty if specified");
            }
            else if (HasLineBreak(message.Trim()))
            {
                errors.Invalid(at.Child("message"), message, "must not contain line breaks");
            }
            else if (HasLineBreak(text.Trim()) && message.Trim().Length == 0)
            {
                errors.Required(at.Child("message"), "message must be specified if rule contains line breaks");
            }

            if (StructuralSchema.Text(rule, "messageExpression") is { Length: > 0 } expression && expression.Trim().Length == 0)
            {
                errors.Required(at.Child("messageExpression"), "messageExpression must be non-empty if specified");
            }

            if (StructuralSchema.Text(rule, "reason") is { } reason && reason is not ("FieldValueDuplicate" or "FieldValueForbidden" or "FieldValueInvalid" or "FieldValueRequired"))
            {
                errors.NotSupported(at.Child("reason"), reason, "FieldValueDuplicate", "FieldValueForbidden", "FieldValueInvalid", "FieldValueRequired");
            }
        }
    }

    private static bool HasLineBreak(string text) => text.AsSpan().ContainsAny('\n', '\r');
}
