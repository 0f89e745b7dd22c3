using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery;

/// <summary>
/// JSON as YAML, to the letter as <c>kubectl get -o yaml</c> prints it: keys in order, lists not indented, text quoted only where a reader
/// would take it for something else, lines folded at a blank after column 80.
/// </summary>
public static class YamlText
{
    // A longer key is written as "? key", on a line of its own.
    private const int LongestSimpleKey = 128;

    /// <summary>The YAML, with a line feed at the end.</summary>
    public static string Of(JsonNode? node)
    {
        var writer = new YamlWriter();
        Node(writer, node, indent: -2, inMapping: false);
        writer.EndLine();
        return writer.ToString();
    }

    private static void Node(YamlWriter writer, JsonNode? node, int indent, bool inMapping)
    {
        switch (node)
        {
            case JsonObject { Count: > 0 } map:
                Mapping(writer, map, indent + 2);
                break;
            case JsonObject:
                writer.Token("{}");
                break;
            case JsonArray { Count: > 0 } list:
                Sequence(writer, list, inMapping && !writer.AtIndent ? indent : indent + 2);
                break;
            case JsonArray:
                writer.Token("[]");
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                writer.Text(value.GetValue<string>(), Math.Max(2, indent + 2), isKey: false);
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.Number:
                writer.Token(Number(value.ToJsonString()));
                break;
            default:
                writer.Token(node?.ToJsonString() ?? "null");
                break;
        }
    }

    private static void Mapping(YamlWriter writer, JsonObject map, int indent)
    {
        foreach (var (key, value) in map.OrderBy(p => p.Key, YamlKeyOrder.Instance))
        {
            writer.Indent(indent);
            if (key.EnumerateRunes().Sum(r => r.Utf8SequenceLength) <= LongestSimpleKey && !key.Contains('\n'))
            {
                writer.Text(key, indent + 2, isKey: true);
                writer.Colon();
            }
            else
            {
                writer.Indicator('?');
                writer.Text(key, indent + 2, isKey: false);
                writer.Indent(indent);
                writer.Indicator(':');
            }

            Node(writer, value, indent, inMapping: true);
        }
    }

    private static void Sequence(YamlWriter writer, JsonArray list, int indent)
    {
        foreach (var item in list)
        {
            writer.Indent(indent);
            writer.Indicator('-');
            Node(writer, item, indent, inMapping: false);
        }
    }

    // Whole numbers as they are; others in as few digits as tell them apart, and with an exponent from 1e+06 on, as Go prints them.
    private static string Number(string json)
    {
        if (json.AsSpan().IndexOfAny('.', 'e', 'E') < 0)
            return json;
        var value = double.Parse(json, CultureInfo.InvariantCulture);
        var shortest = value.ToString("R", CultureInfo.InvariantCulture);
        var e = shortest.IndexOf('E');
        var whole = shortest.AsSpan().TrimStart('-');
        var exponent = e > 0 ? int.Parse(shortest.AsSpan(e + 1), CultureInfo.InvariantCulture) : (whole.IndexOf('.') is var dot and > 0 ? dot : whole.Length) - 1;
        if (exponent is >= -4 and < 6)
            return shortest;
        var digits = new string([.. shortest.TakeWhile(c => c != 'E').Where(char.IsAsciiDigit)]).Trim('0');
        var mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
        return $"{(value < 0 ? "-" : "")}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }
}
