using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Protobuf;

namespace ActorKube.ApiServer.Tests.Protobuf;

/// <summary>
/// Objects with every field set that a model class and a message of the protobuf table both have, for tests of encodings.
/// The models are of a newer Kubernetes than the table: what only they have is left out.
/// </summary>
internal static class Filled
{
    private const int MaxDepth = 10;
    private const string Meta = "k8s.io.apimachinery.pkg.apis.meta.v1.";

    /// <summary>Fields of messages that are no properties of the models: alpha fields that the newer models have in another form.</summary>
    public static IEnumerable<string> NamesThatModelsLack { get; } =
    [
        "k8s.io.api.core.v1.NodeAllocatableResourceClaimStatus.resources",
        "k8s.io.api.resource.v1.Device.nodeAllocatableResourceMappings",
    ];

    /// <summary>The JSON of an object of the class with every field set; lists and maps have two entries.</summary>
    public static JsonObject Json(Type type, string message) => Struct(TypeShape.Of(type), message, 0, []);

    /// <summary>Fields of the message, and of those within it, that the model has no property for.</summary>
    public static IEnumerable<string> Unknown(Type type, string message) => Unknown(TypeShape.Of(type), message, []);

    private static IEnumerable<string> Unknown(TypeShape shape, string message, HashSet<string> seen)
    {
        if (shape.Kind != ShapeKind.Struct || !seen.Add(message))
        {
            return [];
        }

        return Fields(message).SelectMany(field => shape.Fields.TryGetValue(field.Name, out var property)
            ? Unknown(property.Shape.Element ?? property.Shape, field.Message, seen)
            : [$"{message}.{field.Name}"]);
    }

    private static IEnumerable<ProtobufField> Fields(string message) =>
        ProtobufSchema.Instance.Fields(message).Values.SelectMany(f => f.Inline ? Fields(f.Message) : [f]);

    private static JsonObject Struct(TypeShape shape, string message, int depth, string[] above)
    {
        var result = new JsonObject();
        string[] path = [.. above, message];
        foreach (var field in Fields(message))
        {
            // Types that contain themselves end somewhere.
            if (shape.Fields.TryGetValue(field.Name, out var property) && depth < MaxDepth && path.Count(m => m == field.Message) < 2)
            {
                result[field.Name] = Value(property.Shape, field, depth, property.Index, path);
            }
        }

        return result;
    }

    private static JsonNode? Value(TypeShape shape, ProtobufField field, int depth, int seed, string[] path)
    {
        JsonNode? Element(int offset) => Value(shape.Element!, field, depth + 1, seed + offset, path);
        return shape.Kind switch
        {
            ShapeKind.Struct => Struct(shape, field.Message, depth + 1, path),
            ShapeKind.List => new JsonArray(Element(0), Element(1)),
            ShapeKind.Map => new JsonObject { ["a"] = Element(0), ["b/c.d"] = Element(1) },
            ShapeKind.String => $"{field.Name}-{seed}-ä",
            ShapeKind.Bool => true,
            ShapeKind.Int32 or ShapeKind.Int64 => field.Pointer && seed % 4 == 0 ? 0 : (seed % 3) switch { 0 => -1, 1 => 300, _ => int.MaxValue },
            ShapeKind.Double => 0.25,
            ShapeKind.Bytes => Convert.ToBase64String([0, 255, (byte)seed]),
            ShapeKind.Time => field.Message == Meta + "MicroTime" ? "2026-01-02T03:04:05.678901Z" : "2026-01-02T03:04:05Z",
            ShapeKind.Quantity => seed % 2 == 0 ? "250m" : "1Gi",
            ShapeKind.IntOrString => seed % 2 == 0 ? 8080 : "25%",
            _ => Free(field, seed),
        };
    }

    private static JsonNode Free(ProtobufField field, int seed) => field.Message[(field.Message.LastIndexOf('.') + 1)..] switch
    {
        "JSONSchemaPropsOrArray" => new JsonArray(new JsonObject { ["type"] = "string" }, new JsonObject { ["type"] = "integer" }),
        "JSONSchemaPropsOrStringArray" => seed % 2 == 0 ? new JsonArray("a", "b") : new JsonObject { ["type"] = "string" },
        "JSONSchemaPropsOrBool" => seed % 2 == 0 ? true : new JsonObject { ["type"] = "string" },
        "RawExtension" or "JSON" or "FieldsV1" => new JsonObject { ["x"] = new JsonArray(1, "two", null) },
        _ => new JsonObject(),
    };
}
