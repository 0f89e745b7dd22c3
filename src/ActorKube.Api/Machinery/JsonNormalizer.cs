using System.Text.Json;

namespace ActorKube.Api.Machinery;

/// <summary>
/// Rewrites a body the way Kubernetes' own decoder and encoder would leave it: nulls are as if not given (an empty element in a list or map),
/// empty lists and maps are dropped unless the field is always shown, quantities given as numbers become text.
/// Only bodies that hold such things come here.
/// </summary>
internal static class JsonNormalizer
{
    public static byte[] Normalize(ReadOnlySpan<byte> json, TypeShape shape)
    {
        var buffer = new System.Buffers.ArrayBufferWriter<byte>(json.Length);
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true, MaxDepth = 512, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        Copy(ref reader, writer, shape);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    private static void Copy(ref Utf8JsonReader reader, Utf8JsonWriter writer, TypeShape shape)
    {
        switch (shape.Kind)
        {
            case ShapeKind.Struct when reader.TokenType == JsonTokenType.StartObject:
                CopyStruct(ref reader, writer, shape);
                break;
            case ShapeKind.Map when reader.TokenType == JsonTokenType.StartObject:
                writer.WriteStartObject();
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    writer.WritePropertyName(reader.GetString()!);
                    reader.Read();
                    CopyElement(ref reader, writer, shape.Element!);
                }

                writer.WriteEndObject();
                break;
            case ShapeKind.List when reader.TokenType == JsonTokenType.StartArray:
                writer.WriteStartArray();
                while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
                {
                    CopyElement(ref reader, writer, shape.Element!);
                }

                writer.WriteEndArray();
                break;
            case ShapeKind.Quantity when reader.TokenType == JsonTokenType.Number:
                writer.WriteStringValue(reader.ValueSpan);
                break;
            default:
                CopyRaw(ref reader, writer);
                break;
        }
    }

    private static void CopyStruct(ref Utf8JsonReader reader, Utf8JsonWriter writer, TypeShape shape)
    {
        writer.WriteStartObject();
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            if (!shape.Fields.TryGetValue(name, out var field) || reader.TokenType == JsonTokenType.Null || (IsEmpty(reader) && IsOmittedWhenEmpty(field, shape)))
            {
                reader.Skip();
                continue;
            }

            writer.WritePropertyName(name);
            Copy(ref reader, writer, field.Shape);
        }

        writer.WriteEndObject();
    }

    private static void CopyElement(ref Utf8JsonReader reader, Utf8JsonWriter writer, TypeShape element)
    {
        if (reader.TokenType != JsonTokenType.Null)
        {
            Copy(ref reader, writer, element);
            return;
        }

        switch (element.Kind)
        {
            case ShapeKind.Struct or ShapeKind.Map:
                writer.WriteStartObject();
                writer.WriteEndObject();
                break;
            case ShapeKind.List:
                writer.WriteStartArray();
                writer.WriteEndArray();
                break;
            case ShapeKind.String or ShapeKind.Bytes:
                writer.WriteStringValue("");
                break;
            case ShapeKind.Quantity:
                writer.WriteStringValue("0");
                break;
            case ShapeKind.Bool:
                writer.WriteBooleanValue(false);
                break;
            case ShapeKind.Int32 or ShapeKind.Int64 or ShapeKind.Double or ShapeKind.IntOrString:
                writer.WriteNumberValue(0);
                break;
            default:
                writer.WriteNullValue();
                break;
        }
    }

    private static void CopyRaw(ref Utf8JsonReader reader, Utf8JsonWriter writer)
    {
        using var document = JsonDocument.ParseValue(ref reader);
        document.RootElement.WriteTo(writer);
    }

    private static bool IsEmpty(Utf8JsonReader reader) =>
        reader.TokenType is JsonTokenType.StartArray or JsonTokenType.StartObject
        && reader.Read() && reader.TokenType is JsonTokenType.EndArray or JsonTokenType.EndObject;

    /// <summary>Lists that Kubernetes always shows, even empty: a list's items, and the rules and endpoints some kinds consist of.</summary>
    private static bool IsOmittedWhenEmpty(FieldShape field, TypeShape owner) =>
        field.Shape.Kind is ShapeKind.List or ShapeKind.Map
        && (owner.GoName, field.Name) is not (_, "items") and not (_, "containers") and not ("Role" or "ClusterRole", "rules")
            and not ("EndpointSlice", "endpoints" or "ports") and not (_, "taints" or "subjects" or "webhooks") and not ("ObjectMeta", "managedFields");
}
