using System.Collections.Frozen;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.ApiServer.CustomResources.Schemas;

/// <summary>
/// A structural schema, read once from a CustomResourceDefinition: the shape of values, and the rules they must meet. Immutable.
/// Source: https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
/// </summary>
internal sealed class StructuralSchema
{
    private static readonly string[] IntegerOrString = ["integer", "string"];

    private StructuralSchema(JsonObject json)
    {
        IntOrString = Flag(json, "x-kubernetes-int-or-string");
        Type = Text(json, "type") ?? "";
        Types = IntOrString ? IntegerOrString : Type.Length == 0 ? [] : [Type];
        Nullable = Flag(json, "nullable");
        Default = json["default"]?.DeepClone();
        Embedded = Flag(json, "x-kubernetes-embedded-resource");
        PreservesUnknown = Flag(json, "x-kubernetes-preserve-unknown-fields");
        ListType = Text(json, "x-kubernetes-list-type");
        ListMapKeys = Texts(json["x-kubernetes-list-map-keys"]);
        MapType = Text(json, "x-kubernetes-map-type");
        Properties = json["properties"] is JsonObject { Count: > 0 } properties
            ? properties.Where(p => p.Value is JsonObject).ToFrozenDictionary(p => p.Key, p => new StructuralSchema((JsonObject)p.Value!), StringComparer.Ordinal)
            : FrozenDictionary<string, StructuralSchema>.Empty;
        Items = json["items"] is JsonObject items ? new StructuralSchema(items) : null;
        AdditionalProperties = json["additionalProperties"] is JsonObject additional ? new StructuralSchema(additional) : null;
        AllowsAdditional = json["additionalProperties"] is not null && json["additionalProperties"] is not JsonValue { } value || IsTrue(json["additionalProperties"]);
        Rules = new ValueRules(json);
        Defaults = [.. Properties.Where(p => p.Value.Default is not null)];
        HasDefaults = Default is not null || Items?.HasDefaults is true || AdditionalProperties?.HasDefaults is true || Properties.Values.Any(p => p.HasDefaults);
        AllOf = Several(json["allOf"]);
        AnyOf = Several(json["anyOf"]);
        OneOf = Several(json["oneOf"]);
        Not = json["not"] is JsonObject not ? new StructuralSchema(not) : null;
    }

    /// <summary>The one type; empty for any.</summary>
    public string Type { get; }

    /// <summary>The types a value may have; empty for any.</summary>
    public IReadOnlyList<string> Types { get; }

    /// <summary>Whether null is a value.</summary>
    public bool Nullable { get; }

    /// <summary>What stands where nothing is given; null for nothing.</summary>
    public JsonNode? Default { get; }

    /// <summary>An integer or text.</summary>
    public bool IntOrString { get; }

    /// <summary>A whole object with apiVersion, kind and metadata.</summary>
    public bool Embedded { get; }

    /// <summary>Whether fields that no schema knows stay.</summary>
    public bool PreservesUnknown { get; }

    /// <summary><c>atomic</c>, <c>set</c> or <c>map</c>; null when not said.</summary>
    public string? ListType { get; }

    /// <summary>The fields that tell items of a map list apart.</summary>
    public IReadOnlyList<string> ListMapKeys { get; }

    /// <summary><c>atomic</c> or <c>granular</c>; null when not said.</summary>
    public string? MapType { get; }

    /// <summary>Fields by name.</summary>
    public FrozenDictionary<string, StructuralSchema> Properties { get; }

    /// <summary>The fields that have a default.</summary>
    public IReadOnlyList<KeyValuePair<string, StructuralSchema>> Defaults { get; }

    /// <summary>Whether there is a default anywhere here.</summary>
    public bool HasDefaults { get; }

    /// <summary>Schema of a list's items.</summary>
    public StructuralSchema? Items { get; }

    /// <summary>Schema of a map's values.</summary>
    public StructuralSchema? AdditionalProperties { get; }

    /// <summary>Whether there may be fields beside <see cref="Properties"/>.</summary>
    public bool AllowsAdditional { get; }

    /// <summary>Limits of the value.</summary>
    public ValueRules Rules { get; }

    /// <summary>Schemas that all must hold.</summary>
    public IReadOnlyList<StructuralSchema> AllOf { get; }

    /// <summary>Schemas of which one must hold.</summary>
    public IReadOnlyList<StructuralSchema> AnyOf { get; }

    /// <summary>Schemas of which exactly one must hold.</summary>
    public IReadOnlyList<StructuralSchema> OneOf { get; }

    /// <summary>A schema that must not hold.</summary>
    public StructuralSchema? Not { get; }

    /// <summary>Reads a schema as it stands in a CustomResourceDefinition.</summary>
    public static StructuralSchema From(JsonObject json) => new(json);

    /// <summary>A boolean that is set.</summary>
    public static bool Flag(JsonObject json, string name) => IsTrue(json[name]);

    /// <summary>Text, or null.</summary>
    public static string? Text(JsonObject json, string name) => json[name] is JsonValue value && value.GetValueKind() == JsonValueKind.String ? value.GetValue<string>() : null;

    /// <summary>A list of texts.</summary>
    public static IReadOnlyList<string> Texts(JsonNode? node) => node is JsonArray list ? [.. list.OfType<JsonValue>().Where(v => v.GetValueKind() == JsonValueKind.String).Select(v => v.GetValue<string>())] : [];

    private static bool IsTrue(JsonNode? node) => node?.GetValueKind() == JsonValueKind.True;

    private static IReadOnlyList<StructuralSchema> Several(JsonNode? node) => node is JsonArray list ? [.. list.OfType<JsonObject>().Select(From)] : [];
}
