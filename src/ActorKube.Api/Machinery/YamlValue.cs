using System.Globalization;
using System.Text;
using System.Text.Json;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace ActorKube.Api.Machinery;

/// <summary>
/// What a YAML scalar means. Plain text is looked at by the rules of YAML 1.1 as Kubernetes' YAML reader applies them; dates stay text.
/// </summary>
internal readonly record struct YamlValue
{
    private enum Meaning
    {
        Null,
        Bool,
        Integer,
        Unsigned,
        Float,
        Text,
    }

    private readonly Meaning _meaning;
    private readonly string _text;
    private readonly long _integer;
    private readonly double _float;

    private YamlValue(Meaning meaning, string text, long integer = 0, double number = 0) => (_meaning, _text, _integer, _float) = (meaning, text, integer, number);

    /// <summary>Whether it is text.</summary>
    public bool IsText => _meaning == Meaning.Text;

    /// <summary>As the key of a mapping: booleans and numbers turn into their usual text.</summary>
    public string KeyText => _meaning switch
    {
        Meaning.Null => "null",
        Meaning.Bool => _integer != 0 ? "true" : "false",
        Meaning.Integer => _integer.ToString(CultureInfo.InvariantCulture),
        Meaning.Float => _float.ToString("R", CultureInfo.InvariantCulture),
        _ => _text,
    };

    public static YamlValue Of(Scalar scalar)
    {
        if (!scalar.Tag.IsEmpty && !scalar.Tag.IsNonSpecific)
        {
            return scalar.Tag.Value switch
            {
                "tag:yaml.org,2002:str" => Text(scalar.Value),
                "tag:yaml.org,2002:binary" => Text(Encoding.UTF8.GetString(Convert.FromBase64String(scalar.Value))),
                "tag:yaml.org,2002:float" when Plain(scalar.Value) is { _meaning: Meaning.Integer } integer => new YamlValue(Meaning.Float, scalar.Value, 0, integer._integer),
                _ => Plain(scalar.Value),
            };
        }

        return scalar.Style == ScalarStyle.Plain ? Plain(scalar.Value) : Text(scalar.Value);
    }

    public void WriteTo(Utf8JsonWriter writer)
    {
        switch (_meaning)
        {
            case Meaning.Null:
                writer.WriteNullValue();
                break;
            case Meaning.Bool:
                writer.WriteBooleanValue(_integer != 0);
                break;
            case Meaning.Integer:
                writer.WriteNumberValue(_integer);
                break;
            case Meaning.Unsigned:
                writer.WriteNumberValue(ulong.Parse(_text, CultureInfo.InvariantCulture));
                break;
            case Meaning.Float when double.IsFinite(_float):
                writer.WriteNumberValue(_float);
                break;
            case Meaning.Float:
                throw new InvalidOperationException($"json: unsupported value: {(double.IsNaN(_float) ? "NaN" : _float > 0 ? "+Inf" : "-Inf")}");
            default:
                writer.WriteStringValue(_text);
                break;
        }
    }

    private static YamlValue Text(string text) => new(Meaning.Text, text);

    private static YamlValue Plain(string text) => text switch
    {
        "" or "~" or "null" or "Null" or "NULL" => new(Meaning.Null, text),
        "y" or "Y" or "yes" or "Yes" or "YES" or "true" or "True" or "TRUE" or "on" or "On" or "ON" => new(Meaning.Bool, text, 1),
        "n" or "N" or "no" or "No" or "NO" or "false" or "False" or "FALSE" or "off" or "Off" or "OFF" => new(Meaning.Bool, text, 0),
        ".nan" or ".NaN" or ".NAN" => new(Meaning.Float, text, 0, double.NaN),
        ".inf" or ".Inf" or ".INF" or "+.inf" or "+.Inf" or "+.INF" => new(Meaning.Float, text, 0, double.PositiveInfinity),
        "-.inf" or "-.Inf" or "-.INF" => new(Meaning.Float, text, 0, double.NegativeInfinity),
        _ => Number(text),
    };

    private static YamlValue Number(string text)
    {
        if (!(char.IsAsciiDigit(text[0]) || (text.Length > 1 && text[0] is '+' or '-' or '.')))
        {
            return Text(text);
        }

        // Underscores part digits, but not after a leading dot; a number too great for a double is text.
        var plain = text[0] == '.' ? text : text.Replace("_", "", StringComparison.Ordinal);
        if (TryInteger(plain, out var integer))
        {
            return new YamlValue(Meaning.Integer, text, integer);
        }

        if (ulong.TryParse(plain, NumberStyles.None, CultureInfo.InvariantCulture, out var unsigned) && plain[0] != '0')
        {
            return new YamlValue(Meaning.Unsigned, unsigned.ToString(CultureInfo.InvariantCulture));
        }

        return IsFloat(plain) && double.TryParse(plain, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && double.IsFinite(number)
            ? new YamlValue(Meaning.Float, text, 0, number)
            : Text(text);
    }

    /// <summary>Decimal, <c>0x</c> hexadecimal, <c>0b</c> binary, <c>0o</c> octal, and octal with a bare leading zero: <c>0644</c> is 420.</summary>
    private static bool TryInteger(string text, out long value)
    {
        value = 0;
        var negative = text.Length > 0 && text[0] == '-';
        var digits = text.AsSpan(text.Length > 0 && text[0] is '-' or '+' ? 1 : 0);
        if (digits.Length == 0)
        {
            return false;
        }

        var number = 0;
        var (radix, skip) = digits switch
        {
            ['0', 'x' or 'X', ..] => (16, 2),
            ['0', 'b' or 'B', ..] => (2, 2),
            ['0', 'o' or 'O', ..] => (8, 2),
            ['0', _, ..] => (8, 1),
            _ => (10, 0),
        };
        digits = digits[skip..];
        if (digits.Length == 0)
        {
            return false;
        }

        Int128 total = 0;
        foreach (var c in digits)
        {
            number = char.IsAsciiHexDigit(c) ? Convert.ToInt32(c.ToString(), 16) : 16;
            if (number >= radix)
            {
                return false;
            }

            total = total * radix + number;
            if (total > (Int128)long.MaxValue + 1)
            {
                return false;
            }
        }

        total = negative ? -total : total;
        if (total > long.MaxValue)
        {
            return false;
        }

        value = (long)total;
        return true;
    }

    private static bool IsFloat(string text)
    {
        var body = text.AsSpan(text[0] is '-' or '+' ? 1 : 0);
        var exponent = body.IndexOfAny('e', 'E');
        if (exponent >= 0)
        {
            var power = body[(exponent + 1)..];
            power = power.Length > 0 && power[0] is '-' or '+' ? power[1..] : power;
            if (power.Length == 0 || power.ContainsAnyExceptInRange('0', '9'))
            {
                return false;
            }

            body = body[..exponent];
        }

        var dot = body.IndexOf('.');
        var whole = dot < 0 ? body : body[..dot];
        var fraction = dot < 0 ? [] : body[(dot + 1)..];
        return whole.Length + fraction.Length > 0 && !whole.ContainsAnyExceptInRange('0', '9') && !fraction.ContainsAnyExceptInRange('0', '9');
    }
}
