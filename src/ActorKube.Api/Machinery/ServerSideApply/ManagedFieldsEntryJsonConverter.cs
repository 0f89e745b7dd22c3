using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using k8s.Models;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>JSON of an entry of managedFields, in Kubernetes' order, with its fields kept as the bytes they came in.</summary>
internal sealed class ManagedFieldsEntryJsonConverter : JsonConverter<V1ManagedFieldsEntry>
{
    public override V1ManagedFieldsEntry Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("an entry of managedFields is an object");
        }

        var entry = new V1ManagedFieldsEntry();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString();
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null)
            {
                continue;
            }

            switch (name)
            {
                case "manager":
                    entry.Manager = Shared(ref reader);
                    break;
                case "operation":
                    entry.Operation = Shared(ref reader);
                    break;
                case "apiVersion":
                    entry.ApiVersion = Shared(ref reader);
                    break;
                case "fieldsType":
                    entry.FieldsType = Shared(ref reader);
                    break;
                case "subresource":
                    entry.Subresource = Shared(ref reader);
                    break;
                case "time":
                    entry.Time = ((JsonConverter<DateTime>)options.GetConverter(typeof(DateTime))).Read(ref reader, typeof(DateTime), options);
                    break;
                case "fieldsV1":
                    entry.FieldsV1 = new FieldsV1(Raw(ref reader));
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return entry;
    }

    public override void Write(Utf8JsonWriter writer, V1ManagedFieldsEntry value, JsonSerializerOptions options)
    {
        writer.WriteStartObject();
        WriteText(writer, "manager"u8, value.Manager);
        WriteText(writer, "operation"u8, value.Operation);
        WriteText(writer, "apiVersion"u8, value.ApiVersion);
        if (value.Time is { } time)
        {
            writer.WriteString("time"u8, time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture));
        }

        WriteText(writer, "fieldsType"u8, value.FieldsType);
        if (value.FieldsV1 is not null)
        {
            writer.WritePropertyName("fieldsV1"u8);
            writer.WriteRawValue(FieldsV1.From(value.FieldsV1).Json.Span, skipInputValidation: true);
        }

        WriteText(writer, "subresource"u8, value.Subresource);
        writer.WriteEndObject();
    }

    private static void WriteText(Utf8JsonWriter writer, ReadOnlySpan<byte> name, string? text)
    {
        if (text is not null)
        {
            writer.WriteString(name, text);
        }
    }

    // The same few words stand in every object.
    private static string Shared(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.String)
        {
            throw new JsonException("expected text");
        }

        return reader.ValueTextEquals("Update"u8) ? "Update" : reader.ValueTextEquals("Apply"u8) ? "Apply" : reader.ValueTextEquals("FieldsV1"u8) ? "FieldsV1"
            : reader.ValueTextEquals("v1"u8) ? "v1" : reader.ValueTextEquals("apps/v1"u8) ? "apps/v1" : reader.ValueTextEquals("status"u8) ? "status" : reader.GetString()!;
    }

    private static byte[] Raw(ref Utf8JsonReader reader)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(document.RootElement).ToArray();
    }
}

/// <summary>JSON of fields on their own, as they stand where a model says no more than that something is there.</summary>
internal sealed class FieldsV1JsonConverter : JsonConverter<FieldsV1>
{
    public override FieldsV1 Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        return new FieldsV1(System.Runtime.InteropServices.JsonMarshal.GetRawUtf8Value(document.RootElement).ToArray());
    }

    public override void Write(Utf8JsonWriter writer, FieldsV1 value, JsonSerializerOptions options) => writer.WriteRawValue(value.Json.Span, skipInputValidation: true);
}
