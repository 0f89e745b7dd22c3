using System.Globalization;
using System.Text;
using System.Text.Json;

namespace ActorKube.Api.Machinery;

/// <summary>
/// Walks JSON along a <see cref="TypeShape"/> and notes what does not fit. Like Go's decoder it keeps the first wrong type and goes on,
/// so that unknown and duplicate fields behind it are found too.
/// </summary>
internal sealed class ShapeWalker
{
    private const int MaxStrictErrors = 100;

    private readonly List<Step> _path = [];
    private readonly List<string> _strict = [];
    private HashSet<string>? _seenStrict;
    private char[] _nameBuffer = new char[128];

    private readonly record struct Step(string? Name, int Index, TypeShape? Owner);

    /// <summary>The first value of a wrong type, in Go's words.</summary>
    public string? TypeError { get; private set; }

    /// <summary>Unknown and duplicate fields.</summary>
    public IReadOnlyList<string> StrictErrors => _strict;

    /// <summary>Whether there is something the models cannot take or Kubernetes would drop: nulls, empty lists and maps, quantities given as numbers.</summary>
    public bool NeedsNormalizing { get; private set; }

    /// <summary>Go's word for a kind of JSON value.</summary>
    public static string Word(JsonTokenType token) => token switch
    {
        JsonTokenType.StartObject => "object",
        JsonTokenType.StartArray => "array",
        JsonTokenType.String => "string",
        JsonTokenType.Number => "number",
        JsonTokenType.True or JsonTokenType.False => "bool",
        _ => "null",
    };

    /// <summary>Checks the value the reader stands on and leaves the reader on its last token.</summary>
    public void Check(ref Utf8JsonReader reader, TypeShape shape)
    {
        if (reader.TokenType == JsonTokenType.Null)
        {
            return;
        }

        switch (shape.Kind)
        {
            case ShapeKind.Struct when reader.TokenType == JsonTokenType.StartObject:
                CheckStruct(ref reader, shape);
                return;
            case ShapeKind.Map when reader.TokenType == JsonTokenType.StartObject:
                CheckMap(ref reader, shape.Element!);
                return;
            case ShapeKind.List when reader.TokenType == JsonTokenType.StartArray:
                CheckList(ref reader, shape.Element!);
                return;
            case ShapeKind.Any:
                reader.Skip();
                return;
            default:
                CheckScalar(ref reader, shape);
                reader.Skip();
                return;
        }
    }

    private void CheckStruct(ref Utf8JsonReader reader, TypeShape shape)
    {
        var fields = shape.Fields.GetAlternateLookup<ReadOnlySpan<char>>();
        UInt128 seen = 0;
        HashSet<string>? seenUnknown = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = Name(ref reader);
            if (!fields.TryGetValue(name, out var field))
            {
                var unknown = name.ToString();
                if ((seenUnknown ??= []).Add(unknown))
                {
                    // A second time it is still no more than unknown.
                    Strict("unknown", unknown);
                }

                reader.Read();
                reader.Skip();
                continue;
            }

            var bit = UInt128.One << field.Index;
            if ((seen & bit) != 0)
            {
                Strict("duplicate", field.Name);
            }

            seen |= bit;
            reader.Read();
            if (reader.TokenType == JsonTokenType.Null)
            {
                NeedsNormalizing |= field.IsNotNullable;
                continue;
            }

            _path.Add(new Step(field.Name, -1, shape));
            Check(ref reader, field.Shape);
            _path.RemoveAt(_path.Count - 1);
        }
    }

    private void CheckMap(ref Utf8JsonReader reader, TypeShape element)
    {
        HashSet<string>? seen = null;
        string? first = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString()!;
            if (first is null)
            {
                first = key;
            }
            else if (!(seen ??= new HashSet<string>(StringComparer.Ordinal) { first }).Add(key))
            {
                Strict("duplicate", key);
            }

            reader.Read();
            NeedsNormalizing |= reader.TokenType == JsonTokenType.Null;
            _path.Add(new Step(key, -1, null));
            Check(ref reader, element);
            _path.RemoveAt(_path.Count - 1);
        }

        NeedsNormalizing |= first is null;
    }

    private void CheckList(ref Utf8JsonReader reader, TypeShape element)
    {
        var index = 0;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            NeedsNormalizing |= reader.TokenType == JsonTokenType.Null;
            _path.Add(new Step(null, index++, null));
            Check(ref reader, element);
            _path.RemoveAt(_path.Count - 1);
        }

        NeedsNormalizing |= index == 0;
    }

    private void CheckScalar(ref Utf8JsonReader reader, TypeShape shape)
    {
        var token = reader.TokenType;
        switch (shape.Kind)
        {
            case ShapeKind.String when token == JsonTokenType.String:
            case ShapeKind.Bool when token is JsonTokenType.True or JsonTokenType.False:
            case ShapeKind.IntOrString when token == JsonTokenType.String:
                return;
            case ShapeKind.Int32 or ShapeKind.IntOrString when token == JsonTokenType.Number:
                Number(ref reader, shape, reader.TryGetInt32(out _));
                return;
            case ShapeKind.Int64 when token == JsonTokenType.Number:
                Number(ref reader, shape, reader.TryGetInt64(out _));
                return;
            case ShapeKind.Double when token == JsonTokenType.Number:
                Number(ref reader, shape, reader.TryGetDouble(out var number) && double.IsFinite(number));
                return;
            case ShapeKind.Quantity when token is JsonTokenType.String or JsonTokenType.Number:
                var text = token == JsonTokenType.String ? reader.GetString()! : Encoding.UTF8.GetString(reader.ValueSpan);
                NeedsNormalizing |= token == JsonTokenType.Number;
                if (!Quantity.TryParse(text.Trim(), out _, out var wrong))
                {
                    TypeError ??= wrong;
                }

                return;
            case ShapeKind.Quantity:
                TypeError ??= "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";
                return;
            case ShapeKind.Bytes when token == JsonTokenType.String:
                TypeError ??= Base64Error(reader.GetString()!);
                return;
            case ShapeKind.Time when token == JsonTokenType.String:
                TypeError ??= TimeError(reader.GetString()!, IsMicroTime());
                return;
            default:
                Mismatch(Word(token), shape);
                return;
        }
    }

    private void Number(ref Utf8JsonReader reader, TypeShape shape, bool fits)
    {
        if (!fits)
        {
            Mismatch("number " + Encoding.UTF8.GetString(reader.ValueSpan), shape);
        }
    }

    private void Mismatch(string word, TypeShape shape)
    {
        if (TypeError is not null)
        {
            return;
        }

        var owner = _path.FindLast(s => s.Owner is not null).Owner;
        TypeError = owner is null
            ? $"json: cannot unmarshal {word} into Go value of type {shape.GoType}"
            : $"json: cannot unmarshal {word} into Go struct field {owner.GoName}.{string.Join('.', _path.Where(s => s.Owner is not null).Select(s => s.Name))} of type {GoTypes.Of(_path[^1].Name, shape)}";
    }

    private bool IsMicroTime() => _path.Count > 0 && _path[^1] is { Name: "renewTime" or "acquireTime" or "eventTime" or "lastObservedTime" or "pingTime" };

    private static string? TimeError(string text, bool micro)
    {
        if (text.Length >= 20 && text[10] is 'T' or 't'
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.RoundtripKind, out _)
            && (text[^1] is 'Z' or 'z' || text[^6] is '+' or '-'))
        {
            return null;
        }

        var layout = micro ? "2006-01-02T15:04:05.000000Z07:00" : "2006-01-02T15:04:05Z07:00";
        return $"parsing time \"{text}\" as \"{layout}\": cannot parse \"{text}\" as \"2006\"";
    }

    private static string? Base64Error(string text)
    {
        // Go passes over line breaks, and says at which byte it stopped.
        var digits = 0;
        var padding = 0;
        for (var i = 0; i < text.Length; i++)
        {
            var c = text[i];
            if (c is '\r' or '\n')
            {
                continue;
            }

            if (c == '=' && digits % 4 >= 2 && padding < 4 - digits % 4)
            {
                padding++;
            }
            else if (padding > 0 || !(char.IsAsciiLetterOrDigit(c) || c is '+' or '/'))
            {
                return $"illegal base64 data at input byte {i}";
            }
            else
            {
                digits++;
            }
        }

        return (digits + padding) % 4 == 0 ? null : $"illegal base64 data at input byte {text.Length - (digits + padding) % 4}";
    }

    private ReadOnlySpan<char> Name(ref Utf8JsonReader reader)
    {
        var length = reader.HasValueSequence ? (int)reader.ValueSequence.Length : reader.ValueSpan.Length;
        if (_nameBuffer.Length < length)
        {
            _nameBuffer = new char[length];
        }

        return _nameBuffer.AsSpan(0, reader.CopyString(_nameBuffer));
    }

    private void Strict(string what, string name)
    {
        if (_strict.Count >= MaxStrictErrors)
        {
            return;
        }

        var text = new StringBuilder();
        foreach (var step in _path)
        {
            if (step.Name is null)
            {
                text.Append(CultureInfo.InvariantCulture, $"[{step.Index}]");
            }
            else
            {
                text.Append(text.Length == 0 ? "" : ".").Append(step.Name);
            }
        }

        var error = $"{what} field \"{text.Append(text.Length == 0 ? "" : ".").Append(name)}\"";
        if ((_seenStrict ??= new HashSet<string>(StringComparer.Ordinal)).Add(error))
        {
            _strict.Add(error);
        }
    }
}

/// <summary>The few named text types that show in messages about fields people get wrong.</summary>
internal static class GoTypes
{
    public static string Of(string? field, TypeShape shape) => shape.Kind != ShapeKind.String ? shape.GoType : field switch
    {
        "imagePullPolicy" => "v1.PullPolicy",
        "restartPolicy" => "v1.RestartPolicy",
        "dnsPolicy" => "v1.DNSPolicy",
        "protocol" => "v1.Protocol",
        "terminationMessagePolicy" => "v1.TerminationMessagePolicy",
        "uid" => "types.UID",
        _ => "string",
    };
}
