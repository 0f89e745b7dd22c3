using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;

namespace ActorKube.Api.Machinery;

/// <summary>JSON of a Status. KubernetesClient's own converter can only read; this one writes the fields in Kubernetes' order too.</summary>
internal sealed class StatusJsonConverter : JsonConverter<V1Status>
{
    public override V1Status Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var json = JsonDocument.ParseValue(ref reader);
        var root = json.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
            throw new JsonException("a Status is an object");
        return new V1Status
        {
            Kind = Text(root, "kind"),
            ApiVersion = Text(root, "apiVersion"),
            Metadata = root.TryGetProperty("metadata", out var metadata) ? metadata.Deserialize<V1ListMeta>(options) : null,
            Status = Text(root, "status"),
            Message = Text(root, "message"),
            Reason = Text(root, "reason"),
            Details = root.TryGetProperty("details", out var details) ? details.Deserialize<V1StatusDetails>(options) : null,
            Code = root.TryGetProperty("code", out var code) && code.ValueKind == JsonValueKind.Number ? code.GetInt32() : null,
        };
    }

    public override void Write(Utf8JsonWriter writer, V1Status value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        Write("kind", value.Kind);
        Write("apiVersion", value.ApiVersion);
        writer.WritePropertyName("metadata");
        JsonSerializer.Serialize(writer, value.Metadata ?? new V1ListMeta(), options);
        Write("status", value.Status);
        Write("message", value.Message);
        Write("reason", value.Reason);
        if (value.Details is not null)
        {
            writer.WritePropertyName("details");
            JsonSerializer.Serialize(writer, value.Details, options);
        }

        if (value.Code is { } code)
            writer.WriteNumber("code", code);
        writer.WriteEndObject();

        void Write(string name, string? text)
        {
            if (text is not null)
                writer.WriteString(name, text);
        }
    }

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
}
