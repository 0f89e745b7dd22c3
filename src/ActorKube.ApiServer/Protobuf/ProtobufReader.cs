using System.Buffers;
using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ActorKube.ApiServer.Protobuf;

/// <summary>
/// Reads the Kubernetes protobuf encoding into the JSON of the same object: the four bytes <c>k8s\0</c>, then a <c>runtime.Unknown</c>
/// that names the kind and holds its message. Throws <see cref="FormatException"/> for bytes that are none.
/// Source: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding
/// </summary>
internal static class ProtobufReader
{
    private const string Meta = "k8s.io.apimachinery.pkg.apis.meta.v1.";
    private const string Extensions = "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.";
    private const int MaxDepth = 100;

    private static ReadOnlySpan<byte> Magic => "k8s\0"u8;

    private readonly record struct Value(int Number, ulong Number64, ReadOnlyMemory<byte> Bytes, bool IsBytes);

    /// <summary>The object's UTF-8 JSON, with the apiVersion and kind that the envelope names.</summary>
    public static byte[] ToJson(ReadOnlyMemory<byte> body)
    {
        if (!body.Span.StartsWith(Magic))
        {
            throw new FormatException("the provided data does not appear to be a protobuf message, expected prefix k8s");
        }

        string apiVersion = "", kind = "";
        ReadOnlyMemory<byte> raw = default;
        foreach (var value in Parse(body[Magic.Length..]))
        {
            switch (value.Number)
            {
                case 1:
                    foreach (var part in Parse(value.Bytes))
                    {
                        (apiVersion, kind) = part.Number == 1 ? (Text(part), kind) : (apiVersion, Text(part));
                    }

                    break;
                case 2:
                    raw = value.Bytes;
                    break;
            }
        }

        var message = ProtobufSchema.Instance.MessageOf(apiVersion, kind) ?? throw new FormatException($"no kind \"{kind}\" is registered for version \"{apiVersion}\"");
        var buffer = new ArrayBufferWriter<byte>(Math.Max(256, raw.Length * 2));
        using (var json = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            json.WriteStartObject();
            json.WriteString("apiVersion", apiVersion);
            json.WriteString("kind", kind);
            WriteFields(json, message, raw, 0);
            json.WriteEndObject();
        }

        return buffer.WrittenSpan.ToArray();
    }

    private static void WriteFields(Utf8JsonWriter json, string message, ReadOnlyMemory<byte> bytes, int depth)
    {
        if (depth > MaxDepth)
        {
            throw new FormatException("exceeded max depth");
        }

        var fields = ProtobufSchema.Instance.Fields(message);
        foreach (var group in Parse(bytes).GroupBy(v => v.Number))
        {
            if (!fields.TryGetValue(group.Key, out var field))
            {
                continue;
            }

            if (field.Map)
            {
                WriteMap(json, field, group, depth);
            }
            else if (field.Repeated)
            {
                WriteList(json, field, group, depth);
            }
            else if (field.Inline)
            {
                WriteFields(json, field.Message, group.Last().Bytes, depth + 1);
            }
            else if (!IsUnset(field, group.Last()))
            {
                json.WritePropertyName(field.Name);
                WriteValue(json, field, group.Last(), depth);
            }
        }
    }

    private static void WriteMap(Utf8JsonWriter json, ProtobufField field, IEnumerable<Value> entries, int depth)
    {
        json.WriteStartObject(field.Name);
        foreach (var entry in entries)
        {
            string key = "";
            Value? value = null;
            foreach (var part in Parse(entry.Bytes))
            {
                (key, value) = part.Number == 1 ? (Text(part), value) : (key, part);
            }

            json.WritePropertyName(key);
            WriteValue(json, field, value ?? new Value(2, 0, ReadOnlyMemory<byte>.Empty, field.Type is not (WireType.Integer or WireType.Boolean)), depth);
        }

        json.WriteEndObject();
    }

    private static void WriteList(Utf8JsonWriter json, ProtobufField field, IEnumerable<Value> items, int depth)
    {
        json.WriteStartArray(field.Name);
        foreach (var item in items)
        {
            if (item.IsBytes && field.Type is WireType.Integer or WireType.Boolean)
            {
                // A packed list: the numbers one after the other.
                for (var rest = item.Bytes; !rest.IsEmpty;)
                {
                    var number = Varint(ref rest);
                    WriteValue(json, field, new Value(item.Number, number, default, false), depth);
                }
            }
            else
            {
                WriteValue(json, field, item, depth);
            }
        }

        json.WriteEndArray();
    }

    // Go writes every field that is not a pointer, set or not: zero means unset there.
    private static bool IsUnset(ProtobufField field, Value value) => field.Type switch
    {
        _ when field.Pointer => false,
        WireType.String or WireType.Bytes => value.Bytes.IsEmpty,
        WireType.Integer or WireType.Boolean or WireType.Double => value.Number64 == 0,
        _ => field.Message is Meta + "Time" or Meta + "MicroTime" && Seconds(value.Bytes) is (0, 0),
    };

    private static void WriteValue(Utf8JsonWriter json, ProtobufField field, Value value, int depth)
    {
        switch (field.Type)
        {
            case WireType.String:
                json.WriteStringValue(Text(value));
                break;
            case WireType.Bytes:
                json.WriteBase64StringValue(Bytes(value).Span);
                break;
            case WireType.Integer:
                json.WriteNumberValue((long)value.Number64);
                break;
            case WireType.Boolean:
                json.WriteBooleanValue(value.Number64 != 0);
                break;
            case WireType.Double:
                json.WriteNumberValue(BitConverter.UInt64BitsToDouble(value.Number64));
                break;
            default:
                WriteMessage(json, field.Message, Bytes(value), depth + 1);
                break;
        }
    }

    private static void WriteMessage(Utf8JsonWriter json, string message, ReadOnlyMemory<byte> bytes, int depth)
    {
        switch (message)
        {
            case Meta + "Time":
                json.WriteStringValue(Time(bytes).ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture));
                break;
            case Meta + "MicroTime":
                json.WriteStringValue(Time(bytes).ToString("yyyy-MM-ddTHH:mm:ss.ffffffZ", CultureInfo.InvariantCulture));
                break;
            case "k8s.io.apimachinery.pkg.api.resource.Quantity":
                json.WriteStringValue(Find(bytes, 1) is { } quantity ? Text(quantity) : "0");
                break;
            case "k8s.io.apimachinery.pkg.util.intstr.IntOrString":
                if (Find(bytes, 1) is { Number64: 1 })
                {
                    json.WriteStringValue(Find(bytes, 3) is { } text ? Text(text) : "");
                }
                else
                {
                    json.WriteNumberValue((int)(Find(bytes, 2)?.Number64 ?? 0));
                }

                break;
            case Meta + "FieldsV1" when Find(bytes, 1) is { } fields && !IsJson(fields.Bytes.Span):
                // Entries of managedFields that cannot be read are as if they had not been sent: whoever manages the fields finds that this is no set.
                json.WriteStringValue("");
                break;
            case "k8s.io.apimachinery.pkg.runtime.RawExtension" or Meta + "FieldsV1" or Extensions + "JSON":
                WriteRaw(json, bytes);
                break;
            case "k8s.io.api.authentication.v1.ExtraValue" or "k8s.io.api.authorization.v1.ExtraValue" or "k8s.io.api.certificates.v1.ExtraValue" or Meta + "Verbs":
                json.WriteStartArray();
                foreach (var item in Parse(bytes))
                {
                    json.WriteStringValue(Text(item));
                }

                json.WriteEndArray();
                break;
            case Extensions + "JSONSchemaPropsOrArray" or Extensions + "JSONSchemaPropsOrBool" or Extensions + "JSONSchemaPropsOrStringArray":
                WriteEither(json, message, bytes, depth);
                break;
            default:
                json.WriteStartObject();
                WriteFields(json, message, bytes, depth);
                json.WriteEndObject();
                break;
        }
    }

    private static bool IsJson(ReadOnlySpan<byte> text)
    {
        try
        {
            var reader = new Utf8JsonReader(text);
            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static void WriteRaw(Utf8JsonWriter json, ReadOnlyMemory<byte> bytes)
    {
        if (Find(bytes, 1) is not { Bytes.IsEmpty: false } raw)
        {
            json.WriteNullValue();
            return;
        }

        try
        {
            json.WriteRawValue(raw.Bytes.Span);
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new FormatException("an embedded object is not JSON", e);
        }
    }

    // A schema, or what may stand in its place: a list of schemas, a boolean, a list of names.
    private static void WriteEither(Utf8JsonWriter json, string message, ReadOnlyMemory<byte> bytes, int depth)
    {
        var schemaNumber = message == Extensions + "JSONSchemaPropsOrBool" ? 2 : 1;
        if (Find(bytes, schemaNumber) is { } schema)
        {
            WriteMessage(json, Extensions + "JSONSchemaProps", schema.Bytes, depth);
            return;
        }

        switch (message)
        {
            case Extensions + "JSONSchemaPropsOrBool":
                json.WriteBooleanValue(Find(bytes, 1) is { Number64: not 0 });
                break;
            default:
                json.WriteStartArray();
                foreach (var item in Parse(bytes).Where(v => v.Number == 2))
                {
                    if (message == Extensions + "JSONSchemaPropsOrArray")
                    {
                        WriteMessage(json, Extensions + "JSONSchemaProps", item.Bytes, depth);
                    }
                    else
                    {
                        json.WriteStringValue(Text(item));
                    }
                }

                json.WriteEndArray();
                break;
        }
    }

    private static DateTime Time(ReadOnlyMemory<byte> bytes)
    {
        var (seconds, nanos) = Seconds(bytes);
        try
        {
            return DateTimeOffset.FromUnixTimeSeconds(seconds).UtcDateTime.AddTicks(nanos / 100);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new FormatException("a time is out of range", e);
        }
    }

    private static (long Seconds, long Nanos) Seconds(ReadOnlyMemory<byte> bytes) =>
        ((long)(Find(bytes, 1)?.Number64 ?? 0), (long)(Find(bytes, 2)?.Number64 ?? 0));

    private static Value? Find(ReadOnlyMemory<byte> bytes, int number)
    {
        foreach (var value in Parse(bytes))
        {
            if (value.Number == number)
            {
                return value;
            }
        }

        return null;
    }

    private static ReadOnlyMemory<byte> Bytes(Value value) => value.IsBytes ? value.Bytes : throw new FormatException("a field has the wrong wire type");

    private static string Text(Value value)
    {
        try
        {
            return new UTF8Encoding(false, true).GetString(Bytes(value).Span);
        }
        catch (DecoderFallbackException e)
        {
            throw new FormatException("a string is not UTF-8", e);
        }
    }

    private static List<Value> Parse(ReadOnlyMemory<byte> bytes)
    {
        var values = new List<Value>();
        while (!bytes.IsEmpty)
        {
            var tag = Varint(ref bytes);
            var number = (int)(tag >> 3);
            switch (tag & 7)
            {
                case 0:
                    values.Add(new Value(number, Varint(ref bytes), default, false));
                    break;
                case 1:
                    values.Add(new Value(number, BinaryPrimitives.ReadUInt64LittleEndian(Take(ref bytes, 8).Span), default, false));
                    break;
                case 2:
                    var length = Varint(ref bytes);
                    values.Add(new Value(number, 0, Take(ref bytes, length), true));
                    break;
                case 5:
                    values.Add(new Value(number, BinaryPrimitives.ReadUInt32LittleEndian(Take(ref bytes, 4).Span), default, false));
                    break;
                default:
                    throw new FormatException($"proto: illegal wireType {tag & 7}");
            }
        }

        return values;
    }

    private static ReadOnlyMemory<byte> Take(ref ReadOnlyMemory<byte> bytes, ulong length)
    {
        if (length > (ulong)bytes.Length)
        {
            throw new FormatException("unexpected EOF");
        }

        var taken = bytes[..(int)length];
        bytes = bytes[(int)length..];
        return taken;
    }

    private static ulong Varint(ref ReadOnlyMemory<byte> bytes)
    {
        var span = bytes.Span;
        ulong result = 0;
        for (var i = 0; i < span.Length && i < 10; i++)
        {
            result |= (ulong)(span[i] & 0x7f) << (7 * i);
            if (span[i] < 0x80)
            {
                bytes = bytes[(i + 1)..];
                return result;
            }
        }

        throw new FormatException("unexpected EOF");
    }
}
