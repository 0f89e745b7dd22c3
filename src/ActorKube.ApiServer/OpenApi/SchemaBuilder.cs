using System.Reflection;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.OpenApi;

/// <summary>
/// JSON schemas of the API's models, from the model classes, their documentation and the table of list semantics, in the two
/// dialects that Kubernetes publishes: OpenAPI v2 (<c>$ref</c> alone) and v3 (<c>$ref</c> within <c>allOf</c>, with defaults).
/// </summary>
/// <param name="refPrefix"><c>#/definitions/</c> or <c>#/components/schemas/</c>.</param>
/// <param name="version3">Which dialect.</param>
internal sealed class SchemaBuilder(string refPrefix, bool version3)
{
    private readonly Dictionary<string, JsonObject> _schemas = [];

    /// <summary>Which dialect is written.</summary>
    public bool IsVersion3 => version3;

    /// <summary>Every schema that was referred to so far, by definition name.</summary>
    public JsonObject ToJson() => new(_schemas.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => KeyValuePair.Create<string, JsonNode?>(s.Key, s.Value)));

    /// <summary>A reference to a model's schema, which becomes part of the document with all it refers to.</summary>
    public JsonObject Reference(Type type)
    {
        var name = Add(type);
        return new JsonObject { ["$ref"] = refPrefix + name };
    }

    /// <summary>A reference to a schema that was added under a name, or is known by it.</summary>
    public JsonObject Reference(string name)
    {
        if (!_schemas.ContainsKey(name) && PlainSchemas.Of(name) is { } plain)
            _schemas.Add(name, plain);
        return new JsonObject { ["$ref"] = refPrefix + name };
    }

    /// <summary>Whether there is a schema of that name.</summary>
    public bool Has(string name) => _schemas.ContainsKey(name);

    /// <summary>Adds a schema under a name.</summary>
    public void Add(string name, JsonObject schema) => _schemas[name] = schema;

    private string Add(Type type)
    {
        var name = ModelDefinitions.NameOf(type) ?? throw new ArgumentException($"{type} is no API model");
        if (_schemas.ContainsKey(name))
            return name;
        var schema = new JsonObject();
        _schemas.Add(name, schema);
        Describe(schema, ModelDefinitions.DescriptionOf(type) is { Length: > 0 } description ? description : PlainSchemas.DescriptionOf(name));
        if (type == typeof(ResourceQuantity))
        {
            AddUnion(schema, "string", "number", "string");
            return name;
        }

        if (type == typeof(IntOrString))
        {
            AddUnion(schema, "int-or-string", "integer", "string");
            return name;
        }

        schema["type"] = "object";
        var properties = new JsonObject();
        foreach (var (jsonName, property) in ModelDefinitions.PropertiesOf(type))
        {
            var value = OfProperty(name, jsonName, property);
            if (ListSemantics.Of(name, jsonName) is { } semantics)
                AddSemantics(value, semantics);
            properties[jsonName] = value;
        }

        if (properties.Count > 0)
            schema["properties"] = properties;
        if (PublishedFields.RequiredOf(name).Where(properties.ContainsKey).ToList() is { Count: > 0 } required)
            schema["required"] = new JsonArray([.. required.Select(r => JsonValue.Create(r))]);
        if (FieldPresence.IsAtomic(name))
            schema["x-kubernetes-map-type"] = "atomic";
        if (KindsOf(type) is { Count: > 0 } kinds)
            schema["x-kubernetes-group-version-kind"] = kinds;
        if (PublishedFields.UnionsOf(name).Select(Union).ToArray() is { Length: > 0 } unions)
            schema["x-kubernetes-unions"] = new JsonArray(unions);
        return name;
    }

    private JsonObject OfProperty(string definition, string jsonName, PropertyInfo property)
    {
        var known = ModelDefinitions.ReferredBy(definition, jsonName);
        var schema = OfType(property.PropertyType, known);
        if (version3)
        {
            if (schema.ContainsKey("$ref"))
                schema = new JsonObject { ["allOf"] = new JsonArray(schema) };
            if (DefaultOf(definition, jsonName, schema, known is not null) is { } value)
                schema["default"] = JsonNode.Parse(value);
        }

        Describe(schema, ModelDefinitions.DescriptionOf(property));
        return schema;
    }

    // Of a field that Go holds by value, the empty value stands where none is given. The table does not have every definition: there, what must be given is held by value.
    private static string? DefaultOf(string definition, string property, JsonObject schema, bool opaque)
    {
        if (PublishedFields.KnowsDefaultsOf(definition))
            return PublishedFields.DefaultOf(definition, property);
        if (schema.ContainsKey("allOf"))
            return !opaque && (property == "metadata" || PublishedFields.RequiredOf(definition).Contains(property)) ? "{}" : null;
        return !PublishedFields.RequiredOf(definition).Contains(property) ? null : (string?)schema["type"] switch
        {
            "string" => "\"\"",
            "integer" or "number" => "0",
            "boolean" => "false",
            _ => null,
        };
    }

    private static JsonObject Union(FieldUnion union)
    {
        var json = new JsonObject();
        if (union.Discriminator.Length > 0)
            json["discriminator"] = union.Discriminator;
        json["fields-to-discriminateBy"] = new JsonObject(union.Fields.Select(f => KeyValuePair.Create<string, JsonNode?>(f.Field, f.Value)));
        return json;
    }

    private JsonObject OfType(Type type, string? known = null)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(string))
            return new JsonObject { ["type"] = "string" };
        if (type == typeof(bool))
            return new JsonObject { ["type"] = "boolean" };
        if (type == typeof(int) || type == typeof(long))
            return new JsonObject { ["type"] = "integer", ["format"] = type == typeof(int) ? "int32" : "int64" };
        if (type == typeof(double))
            return new JsonObject { ["type"] = "number", ["format"] = "double" };
        if (known is null && (type == typeof(DateTime) || type == typeof(DateTimeOffset)))
            return new JsonObject { ["type"] = "string", ["format"] = "date-time" };
        if (type == typeof(byte[]))
            return new JsonObject { ["type"] = "string", ["format"] = "byte" };
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IList<>))
            return new JsonObject { ["type"] = "array", ["items"] = Item(type.GetGenericArguments()[0], known) };
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(IDictionary<,>))
            return new JsonObject { ["type"] = "object", ["additionalProperties"] = Item(type.GetGenericArguments()[1], known) };
        if (known is not null)
            return Reference(known);
        return ModelDefinitions.NameOf(type) is null ? new JsonObject { ["type"] = "object" } : Reference(type);
    }

    private JsonObject Item(Type type, string? known)
    {
        var schema = OfType(type, known);
        if (version3 && schema.ContainsKey("$ref"))
        {
            var item = new JsonObject { ["allOf"] = new JsonArray(schema) };
            if (known is null)
                item["default"] = new JsonObject();
            return item;
        }

        if (version3 && type == typeof(string))
            schema["default"] = "";
        else if (version3 && (type == typeof(int) || type == typeof(long)))
            schema["default"] = 0;
        return schema;
    }

    private void AddUnion(JsonObject schema, string format, string first, string second)
    {
        if (version3)
        {
            schema["oneOf"] = new JsonArray(new JsonObject { ["type"] = second }, new JsonObject { ["type"] = first });
            if (format != "string")
                schema["format"] = format;
            return;
        }

        schema["type"] = "string";
        if (format != "string")
            schema["format"] = format;
    }

    private static void AddSemantics(JsonObject schema, ListSemantics semantics)
    {
        if (semantics.ListType.Length > 0)
            schema["x-kubernetes-list-type"] = semantics.ListType;
        if (semantics.MapKeys.Count > 0)
            schema["x-kubernetes-list-map-keys"] = new JsonArray([.. semantics.MapKeys.Select(k => JsonValue.Create(k))]);
        if (semantics.MapType.Length > 0)
            schema["x-kubernetes-map-type"] = semantics.MapType;
        if (semantics.PatchStrategy.Length > 0)
            schema["x-kubernetes-patch-strategy"] = semantics.PatchStrategy;
        if (semantics.PatchMergeKey.Length > 0)
            schema["x-kubernetes-patch-merge-key"] = semantics.PatchMergeKey;
    }

    private static void Describe(JsonObject schema, string description)
    {
        if (description.Length > 0)
            schema["description"] = description;
    }

    private static JsonArray KindsOf(Type type)
    {
        var array = new JsonArray();
        if (type == typeof(V1DeleteOptions) || type == typeof(V1WatchEvent))
        {
            foreach (var (group, version) in PublishedFields.KnownGroupVersions)
                array.Add(new JsonObject { ["group"] = group, ["kind"] = type == typeof(V1DeleteOptions) ? "DeleteOptions" : "WatchEvent", ["version"] = version });
            return array;
        }

        if (!type.IsAssignableTo(typeof(IKubernetesObject)))
            return array;
        if (type.GetCustomAttribute<KubernetesEntityAttribute>() is { } entity)
            array.Add(new JsonObject { ["group"] = entity.Group, ["kind"] = entity.Kind, ["version"] = entity.ApiVersion });
        return array;
    }
}
