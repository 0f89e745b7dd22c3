using System.Buffers;
using System.Globalization;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery.ServerSideApply;

/// <summary>
/// A field set as JSON, as <c>managedFields[].fieldsV1</c> holds it: every step is a key, a member without paths below it an empty object,
/// and <c>.</c> says that a step with paths below it is a member too.
/// </summary>
public static class FieldsV1Format
{
    private static readonly JsonWriterOptions Writing = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    /// <summary>The set as UTF-8 JSON.</summary>
    public static byte[] Write(FieldSet set)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using var writer = new Utf8JsonWriter(buffer, Writing);
        Write(writer, set, isMember: false);
        writer.Flush();
        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>Reads a set. Steps of a kind that is not known are left out, as a newer version may have written them. Throws <see cref="JsonException"/>.</summary>
    public static FieldSet Read(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = 512 });
        reader.Read();
        var set = Read(ref reader, out _);
        if (reader.Read())
        {
            throw new JsonException("unexpected trailing data after JSON object");
        }

        return set;
    }

    /// <summary>Reads one step. Null for a kind that is not known. Throws <see cref="JsonException"/>.</summary>
    public static PathElement? ReadElement(string text)
    {
        if (text.Length < 2)
        {
            throw new JsonException("key must be 2 characters long");
        }

        if (text[1] != ':')
        {
            throw new JsonException($"missing colon: {text}");
        }

        return text[0] switch
        {
            'f' => PathElement.Field(text[2..]),
            'v' => PathElement.Member(FieldValue.Of(JsonNode.Parse(text[2..]))),
            'k' => ReadKey(text[2..]),
            'i' => int.TryParse(text.AsSpan(2), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index)
                ? PathElement.At(index)
                : throw new JsonException($"invalid index: {text}"),
            _ => null,
        };
    }

    private static void Write(Utf8JsonWriter writer, FieldSet set, bool isMember)
    {
        writer.WriteStartObject();
        if (isMember && !set.IsEmpty)
        {
            writer.WriteStartObject("."u8);
            writer.WriteEndObject();
        }

        foreach (var entry in set.Entries)
        {
            writer.WritePropertyName(entry.Element.Serialize());
            Write(writer, entry.Children ?? FieldSet.Empty, entry.IsMember);
        }

        writer.WriteEndObject();
    }

    private static FieldSet Read(ref Utf8JsonReader reader, out bool isMember)
    {
        isMember = false;
        if (reader.TokenType == JsonTokenType.Null)
        {
            isMember = true;
            return FieldSet.Empty;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("a set of fields is an object");
        }

        FieldSetBuilder? builder = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals("."u8))
            {
                isMember = true;
                reader.Read();
                reader.Skip();
                continue;
            }

            var element = ReadElement(reader);
            reader.Read();
            if (element is null)
            {
                reader.Skip();
                continue;
            }

            var children = Read(ref reader, out var childIsMember);
            builder ??= new FieldSetBuilder();
            if (childIsMember)
            {
                builder.Add(element);
            }

            builder.Add(element, children);
        }

        var set = builder?.Build() ?? FieldSet.Empty;
        isMember |= set.IsEmpty;
        return set;
    }

    // Field names recur from object to object, so one element serves all sets that were read.
    private static PathElement? ReadElement(Utf8JsonReader reader)
    {
        var text = reader.GetString()!;
        return text.StartsWith("f:", StringComparison.Ordinal) ? FieldNames.Of(text) : ReadElement(text);
    }

    private static PathElement ReadKey(string json)
    {
        if (JsonNode.Parse(json) is not JsonObject keys)
        {
            throw new JsonException($"invalid key: {json}");
        }

        return PathElement.Key([.. keys.Select(k => KeyValuePair.Create(k.Key, FieldValue.Of(k.Value)))]);
    }
}

/// <summary>Shared steps for the field names that model classes have; other names get a step of their own.</summary>
internal static class FieldNames
{
    private static readonly System.Collections.Concurrent.ConcurrentDictionary<string, PathElement> Known = new(StringComparer.Ordinal);

    /// <summary>The step of a field of a model class, which is kept for good.</summary>
    public static PathElement Keep(string name) => Known.GetOrAdd("f:" + name, static key => PathElement.Field(key[2..]));

    /// <summary>The step of a serialized name.</summary>
    public static PathElement Of(string serialized) => Known.TryGetValue(serialized, out var element) ? element : PathElement.Field(serialized[2..]);
}
