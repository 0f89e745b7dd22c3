using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using k8s.Models;

namespace ActorKube.Api.Machinery;

/// <summary>JSON of a <see cref="CustomObject"/>: apiVersion and kind first, as every object of ours has them.</summary>
internal sealed class CustomObjectJsonConverter : JsonConverter<CustomObject>
{
    /// <summary>Makes the class known to options whose type information is generated.</summary>
    public static IJsonTypeInfoResolver Resolver { get; } = new CustomObjectTypes();

    public override CustomObject Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("an object is no JSON object");
        }

        var value = new CustomObject();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            switch (name)
            {
                case "apiVersion":
                    value.ApiVersion = reader.GetString() ?? "";
                    break;
                case "kind":
                    value.Kind = reader.GetString() ?? "";
                    break;
                case "metadata":
                    value.Metadata = JsonSerializer.Deserialize<V1ObjectMeta>(ref reader, options) ?? new V1ObjectMeta();
                    break;
                default:
                    value.Content[name] = JsonTree.Read(ref reader);
                    break;
            }
        }

        return value;
    }

    public override void Write(Utf8JsonWriter writer, CustomObject value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        writer.WriteString("apiVersion", value.ApiVersion);
        writer.WriteString("kind", value.Kind);
        writer.WritePropertyName("metadata");
        JsonSerializer.Serialize(writer, value.Metadata, options);
        foreach (var (name, part) in value.Content)
        {
            writer.WritePropertyName(name);
            if (part is null)
            {
                writer.WriteNullValue();
            }
            else
            {
                part.WriteTo(writer, options);
            }
        }

        writer.WriteEndObject();
    }

    private sealed class CustomObjectTypes : IJsonTypeInfoResolver
    {
        public JsonTypeInfo? GetTypeInfo(Type type, JsonSerializerOptions options) =>
            type == typeof(CustomObject) ? JsonMetadataServices.CreateValueInfo<CustomObject>(options, new CustomObjectJsonConverter()) : null;
    }
}
