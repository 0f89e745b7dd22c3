using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Schemas;

namespace ActorKube.ApiServer.CustomResources.Definitions;

/// <summary>Defaults must themselves be what their schema allows.</summary>
internal static class DefaultRules
{
    /// <summary>Adds what is wrong with the defaults of a structural schema.</summary>
    public static void Validate(JsonObject schema, FieldPath path, FieldErrors errors)
    {
        if (schema["default"] is { } given)
        {
            Validate(given, StructuralSchema.From(schema), path.Child("default"), errors);
        }

        foreach (var name in (ReadOnlySpan<string>)["items", "additionalProperties"])
        {
            if (schema[name] is JsonObject child)
            {
                Validate(child, path.Child(name), errors);
            }
        }

        foreach (var (name, child) in schema["properties"] as JsonObject ?? [])
        {
            if (child is JsonObject property)
            {
                Validate(property, path.Child("properties").Key(name), errors);
            }
        }
    }

    private static void Validate(JsonNode given, StructuralSchema schema, FieldPath path, FieldErrors errors)
    {
        if (Pruning.HasUnknown(given, schema))
        {
            errors.Add(new FieldError("FieldValueInvalid", path.ToString(), $"Invalid value: {SchemaErrors.Show(given)}: must not have unknown fields"));
        }

        EmbeddedObjects.Validate(given, schema, path.ToString(), errors);

        // What stands below the default is named from there: "spec.versions[0]….default.foo in body must be …".
        foreach (var error in SchemaValidation.Validate(given, schema).Errors)
        {
            var field = error.Field is "" or "<nil>" ? path.ToString() : $"{path}.{error.Field}";
            errors.Add(error with { Field = field });
        }
    }
}
