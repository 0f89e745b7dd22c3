using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace ActorKube.Cli.Output;

/// <summary>
/// JSON to the letter as kubectl writes it: keys in order, and <c>&lt;</c>, <c>&gt;</c> and <c>&amp;</c> escaped. The annotation with what was
/// applied last must be the same text, whichever of the two wrote it.
/// </summary>
internal static class JsonText
{
    /// <summary>On one line.</summary>
    public static string Compact(JsonNode? node) => Write(node, indent: null);

    /// <summary>Indented by four blanks, as <c>get -o json</c> prints it.</summary>
    public static string Indented(JsonNode? node) => Write(node, indent: 0);

    private static string Write(JsonNode? node, int? indent)
    {
        var text = new StringBuilder();
        Append(text, node, indent);
        return text.ToString();
    }

    private static void Append(StringBuilder text, JsonNode? node, int? indent)
    {
        switch (node)
        {
            case JsonObject map:
                Items(text, '{', '}', map.OrderBy(p => p.Key, StringComparer.Ordinal), indent, (p, inner) =>
                {
                    Quote(text, p.Key);
                    text.Append(indent is null ? ":" : ": ");
                    Append(text, p.Value, inner);
                });
                break;
            case JsonArray list:
                Items(text, '[', ']', list, indent, (item, inner) => Append(text, item, inner));
                break;
            case JsonValue value when value.GetValueKind() == JsonValueKind.String:
                Quote(text, value.GetValue<string>());
                break;
            default:
                text.Append(node?.ToJsonString() ?? "null");
                break;
        }
    }

    private static void Items<T>(StringBuilder text, char open, char close, IEnumerable<T> items, int? indent, Action<T, int?> write)
    {
        text.Append(open);
        var inner = indent + 1;
        var first = true;
        foreach (var item in items)
        {
            if (!first)
                text.Append(',');
            first = false;
            NewLine(text, inner);
            write(item, inner);
        }

        if (!first)
            NewLine(text, indent);
        text.Append(close);
    }

    private static void NewLine(StringBuilder text, int? indent)
    {
        if (indent is { } depth)
            text.Append('\n').Append(' ', depth * 4);
    }

    private static void Quote(StringBuilder text, string value)
    {
        text.Append('"');
        foreach (var c in value)
        {
            switch (c)
            {
                case '"' or '\\':
                    text.Append('\\').Append(c);
                    break;
                case '\n':
                    text.Append("\\n");
                    break;
                case '\r':
                    text.Append("\\r");
                    break;
                case '\t':
                    text.Append("\\t");
                    break;
                case '\b':
                    text.Append("\\b");
                    break;
                case '\f':
                    text.Append("\\f");
                    break;
                case < ' ' or '<' or '>' or '&' or '\u2028' or '\u2029':
                    text.Append("\\u").Append(((int)c).ToString("x4", CultureInfo.InvariantCulture));
                    break;
                default:
                    text.Append(c);
                    break;
            }
        }

        text.Append('"');
    }
}
