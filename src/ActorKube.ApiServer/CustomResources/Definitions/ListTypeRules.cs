using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Schemas;

namespace ActorKube.ApiServer.CustomResources.Definitions;

/// <summary>The rules of <c>x-kubernetes-list-type</c>, <c>-list-map-keys</c>, <c>-map-type</c> and <c>-preserve-unknown-fields</c>.</summary>
internal static class ListTypeRules
{
    private const string ListType = "x-kubernetes-list-type";
    private const string MapType = "x-kubernetes-map-type";
    private const string MapKeys = "x-kubernetes-list-map-keys";
    private const string PreserveUnknown = "x-kubernetes-preserve-unknown-fields";

    /// <summary>Adds what is wrong with one schema.</summary>
    public static void Validate(JsonObject schema, FieldPath path, FieldErrors errors)
    {
        if (schema[PreserveUnknown] is not null && !StructuralSchema.Flag(schema, PreserveUnknown))
        {
            errors.Invalid(path.Child(PreserveUnknown), false, "must be true or undefined");
        }

        if (StructuralSchema.Text(schema, MapType) is { } mapType)
        {
            TypeMustBe(schema, "object", MapType, path, errors);
            if (mapType is not ("atomic" or "granular"))
            {
                errors.NotSupported(path.Child(MapType), mapType, "atomic", "granular");
            }
        }

        var listType = StructuralSchema.Text(schema, ListType);
        var items = schema["items"] as JsonObject;
        if (listType is not null)
        {
            if (StructuralSchema.Text(schema, "type") != "array")
            {
                TypeMustBe(schema, "array", ListType, path, errors);
            }
            else if (listType == "set" && items is not null)
            {
                ValidateSetItems(items, path.Child("items"), errors);
            }

            if (listType is not ("atomic" or "set" or "map"))
            {
                errors.NotSupported(path.Child(ListType), listType, "atomic", "set", "map");
            }
        }

        var keys = StructuralSchema.Texts(schema[MapKeys]);
        if (keys.Count > 0 && listType is null)
        {
            errors.Required(path.Child(ListType), "must be map if x-kubernetes-list-map-keys is non-empty");
        }
        else if (keys.Count > 0 && listType != "map")
        {
            errors.Invalid(path.Child(ListType), listType, "must be map if x-kubernetes-list-map-keys is non-empty");
        }

        if (listType == "map")
        {
            ValidateMap(keys, items, path, errors);
        }

        if (listType is "set" or "map" && items is not null)
        {
            ValidateNulls(listType, keys, items, path.Child("items"), errors);
        }
    }

    private static void TypeMustBe(JsonObject schema, string type, string because, FieldPath path, FieldErrors errors)
    {
        var given = StructuralSchema.Text(schema, "type") ?? "";
        if (given.Length == 0)
        {
            errors.Required(path.Child("type"), $"must be {type} if {because} is specified");
        }
        else if (given != type)
        {
            errors.Invalid(path.Child("type"), given, $"must be {type} if {because} is specified");
        }
    }

    private static void ValidateSetItems(JsonObject items, FieldPath path, FieldErrors errors)
    {
        const string rule = "must be atomic as item of a list with x-kubernetes-list-type=set";
        switch (StructuralSchema.Text(items, "type"))
        {
            case "array" when StructuralSchema.Text(items, ListType) is { } inner and not "atomic":
                errors.Invalid(path.Child(ListType), inner, rule);
                break;
            case "object" when StructuralSchema.Text(items, MapType) is not "atomic":
                errors.Invalid(path.Child(MapType), StructuralSchema.Text(items, ListType), rule);
                break;
        }
    }

    private static void ValidateMap(IReadOnlyList<string> keys, JsonObject? items, FieldPath path, FieldErrors errors)
    {
        if (keys.Count == 0)
        {
            errors.Required(path.Child(MapKeys), "must not be empty if x-kubernetes-list-type is map");
        }

        if (items is null)
        {
            errors.Required(path.Child("items"), "must have a schema if x-kubernetes-list-type is map");
            return;
        }

        if (StructuralSchema.Text(items, "type") != "object")
        {
            errors.Invalid(path.Child("items").Child("type"), StructuralSchema.Text(items, "type") ?? "", "must be object if parent array's x-kubernetes-list-type is map");
            return;
        }

        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var key in keys)
        {
            if (items["properties"]?[key] is not JsonObject property)
            {
                errors.Invalid(path.Child(MapKeys), keys, "entries must all be names of item properties");
            }
            else if (StructuralSchema.Text(property, "type") is "array" or "object")
            {
                errors.Invalid(path.Child("items").Child("properties").Key(key).Child("type"), "object", "must be a scalar type if parent array's x-kubernetes-list-type is map");
            }

            if (!seen.Add(key))
            {
                errors.Invalid(path.Child(MapKeys), keys, "must not contain duplicate entries");
            }
        }
    }

    private static void ValidateNulls(string listType, IReadOnlyList<string> keys, JsonObject items, FieldPath path, FieldErrors errors)
    {
        if (StructuralSchema.Flag(items, "nullable"))
        {
            errors.Forbidden(path.Child("nullable"), "cannot be nullable when x-kubernetes-list-type is " + listType);
        }

        if (listType != "map")
        {
            return;
        }

        var required = StructuralSchema.Texts(items["required"]);
        foreach (var key in keys)
        {
            if (items["properties"]?[key] is not JsonObject property)
            {
                continue;
            }

            var at = path.Child("properties").Key(key);
            if (!required.Contains(key) && property["default"] is null)
            {
                errors.Required(at.Child("default"), "this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property");
            }

            if (StructuralSchema.Flag(property, "nullable"))
            {
                errors.Forbidden(at.Child("nullable"), "this property is in x-kubernetes-list-map-keys, so it cannot be nullable");
            }
        }
    }
}
