using System.Text;
using System.Text.Json;

namespace ActorKube.Api.Machinery;

/// <summary>What came out of decoding a body.</summary>
/// <param name="Value">The object, or null when <paramref name="Error"/> says why there is none.</param>
/// <param name="Error">The fatal error, such as <c>json: cannot unmarshal string into Go struct field DeploymentSpec.spec.replicas of type int32</c>.</param>
/// <param name="Strict">Unknown and duplicate fields, in the order they stand in the body: <c>unknown field "spec.foo"</c>. At most 100.</param>
public sealed record Decoded(object? Value, string? Error, IReadOnlyList<string> Strict)
{
    /// <summary>The one message for strict field validation, or null when every field is known and unique.</summary>
    public string? StrictError => Strict.Count == 0 ? null : "strict decoding error: " + string.Join(", ", Strict);
}

/// <summary>
/// Reads a body into a model class and says what Kubernetes would say of it: the fatal error of a wrong type, and the unknown and
/// duplicate fields which field validation refuses, warns of or ignores. One pass over the bytes checks; a second one deserializes.
/// </summary>
public static class StrictDecoder
{
    private static readonly JsonReaderOptions ReaderOptions = new() { MaxDepth = 512 };

    /// <summary>Decodes UTF-8 JSON.</summary>
    public static Decoded Decode(ReadOnlySpan<byte> json, Type type)
    {
        var walk = new ShapeWalker();
        try
        {
            var reader = new Utf8JsonReader(json, ReaderOptions);
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null)
            {
                // Go decodes null into nothing at all.
                json = "{}"u8;
                reader = new Utf8JsonReader(json, ReaderOptions);
                reader.Read();
            }

            walk.Check(ref reader, TypeShape.Of(type));
            if (reader.Read())
            {
                return new Decoded(null, $"invalid character '{(char)json[(int)reader.TokenStartIndex]}' after top-level value", []);
            }
        }
        catch (JsonException e)
        {
            return new Decoded(null, SyntaxError(json, e), []);
        }

        if (walk.TypeError is not null)
        {
            return new Decoded(null, walk.TypeError, walk.StrictErrors);
        }

        if (walk.NeedsNormalizing)
        {
            json = JsonNormalizer.Normalize(json, TypeShape.Of(type));
        }

        return new Decoded(ApiJson.Deserialize(type, json), null, walk.StrictErrors);
    }

    /// <summary>Decodes YAML (or JSON, which is YAML). A key given twice is a strict error, as in Kubernetes.</summary>
    public static Decoded DecodeYaml(ReadOnlySpan<byte> yaml, Type type)
    {
        if (!YamlJson.TryConvert(yaml, out var json, out var duplicates, out var error))
        {
            return new Decoded(null, error, []);
        }

        var decoded = Decode(json, type);
        return duplicates.Count == 0
            ? decoded
            : decoded with { Strict = ["yaml: unmarshal errors:\n" + string.Join("\n", duplicates.Select(d => "  " + d)), .. decoded.Strict] };
    }

    /// <summary>
    /// The message of the 400 for a body that cannot be decoded:
    /// <c>Deployment in version "v1" cannot be handled as a Deployment: …</c>, or, where the body does not even say what it is,
    /// <c>the object provided is unrecognized (must be of type Deployment): … (…)</c>.
    /// </summary>
    public static string CannotHandle(string? bodyKind, string? bodyVersion, string expectedKind, string error, ReadOnlySpan<byte> body) =>
        string.IsNullOrEmpty(bodyKind)
            ? $"the object provided is unrecognized (must be of type {expectedKind}): {error} ({Summary(body)})"
            : $"{bodyKind} in version \"{bodyVersion}\" cannot be handled as a {expectedKind}: {error}";

    /// <summary>
    /// Reads <c>apiVersion</c> and <c>kind</c> from the top of a JSON body without decoding the rest. The error is Kubernetes' for a body that is no JSON object.
    /// </summary>
    public static bool TryReadKind(ReadOnlySpan<byte> json, out string apiVersion, out string kind, out string? error)
    {
        (apiVersion, kind, error) = ("", "", null);
        try
        {
            var reader = new Utf8JsonReader(json, ReaderOptions);
            reader.Read();
            if (reader.TokenType != JsonTokenType.StartObject)
            {
                var word = ShapeWalker.Word(reader.TokenType);
                error = $"couldn't get version/kind; json parse error: json: cannot unmarshal {word} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}";
                return false;
            }

            while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
            {
                var isKind = reader.ValueTextEquals("kind"u8);
                var isVersion = reader.ValueTextEquals("apiVersion"u8);
                reader.Read();
                if ((isKind || isVersion) && reader.TokenType is not (JsonTokenType.String or JsonTokenType.Null))
                {
                    error = $"couldn't get version/kind; json parse error: json: cannot unmarshal {ShapeWalker.Word(reader.TokenType)} into Go struct field .{(isKind ? "kind" : "apiVersion")} of type string";
                    return false;
                }

                if (isKind)
                {
                    kind = reader.GetString() ?? "";
                }
                else if (isVersion)
                {
                    apiVersion = reader.GetString() ?? "";
                }
                else
                {
                    reader.Skip();
                }
            }

            while (reader.Read())
            {
            }

            return true;
        }
        catch (JsonException e)
        {
            error = "couldn't get version/kind; json parse error: " + SyntaxError(json, e);
            return false;
        }
    }

    /// <summary>Go's words for malformed JSON.</summary>
    internal static string SyntaxError(ReadOnlySpan<byte> json, JsonException e)
    {
        var offset = OffsetOf(json, e);
        if (offset >= json.Length)
        {
            return "unexpected end of JSON input";
        }

        var word = offset;
        while (word > 0 && char.IsAsciiLetter((char)json[word - 1]))
        {
            word--;
        }

        foreach (var literal in (ReadOnlySpan<string>)["null", "true", "false"])
        {
            if (json[word] == literal[0] && e.Message.Contains("literal", StringComparison.Ordinal))
            {
                var same = json[word..].CommonPrefixLength(Encoding.ASCII.GetBytes(literal));
                return word + same >= json.Length
                    ? "unexpected end of JSON input"
                    : $"invalid character {Show(json, word + same)} in literal {literal} (expecting '{literal[Math.Min(same, literal.Length - 1)]}')";
            }
        }

        var shown = Show(json, offset);
        if (e.Message.Contains("single JSON value", StringComparison.Ordinal))
        {
            return $"invalid character {shown} after top-level value";
        }

        var before = offset - 1;
        while (before >= 0 && json[before] is (byte)' ' or (byte)'\n' or (byte)'\r' or (byte)'\t')
        {
            before--;
        }

        var where = before < 0 ? "looking for beginning of value" : json[before] switch
        {
            (byte)'{' => "looking for beginning of object key string",
            (byte)',' when e.Message.Contains("property name", StringComparison.Ordinal) => "looking for beginning of object key string",
            (byte)':' or (byte)'[' or (byte)',' => "looking for beginning of value",
            (byte)'"' when e.Message.Contains("':'", StringComparison.Ordinal) => "after object key",
            _ => "after object key:value pair",
        };
        return $"invalid character {shown} {where}";
    }

    private static string Show(ReadOnlySpan<byte> json, int offset)
    {
        if (Rune.DecodeFromUtf8(json[offset..], out var rune, out _) != System.Buffers.OperationStatus.Done)
        {
            rune = Rune.ReplacementChar;
        }

        return rune.Value switch { '\'' => @"'\''", '"' => "'\"'", '\n' => @"'\n'", '\t' => @"'\t'", _ => $"'{rune}'" };
    }

    private static int OffsetOf(ReadOnlySpan<byte> json, JsonException e)
    {
        var offset = 0;
        for (var line = e.LineNumber ?? 0; line > 0; line--)
        {
            var next = json[offset..].IndexOf((byte)'\n');
            if (next < 0)
            {
                return json.Length;
            }

            offset += next + 1;
        }

        return (int)Math.Min(json.Length, offset + (e.BytePositionInLine ?? 0));
    }

    private static string Summary(ReadOnlySpan<byte> body)
    {
        const int limit = 30;
        if (body.IsEmpty)
        {
            return "<empty>";
        }

        var text = body[0] == (byte)'{' ? Encoding.UTF8.GetString(body[..Math.Min(body.Length, limit)]) : Convert.ToHexStringLower(body);
        var longer = body[0] == (byte)'{' ? body.Length > limit : text.Length > limit;
        return longer ? text[..Math.Min(text.Length, limit)] + " ..." : text;
    }
}
