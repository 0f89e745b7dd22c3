using System.Globalization;
using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Describe;

/// <summary>Any object as indented "Name: value" lines, for kinds that have no description of their own.</summary>
internal static class GenericDescriber
{
    private static readonly string[] ShownBefore = ["managedFields", "name", "namespace", "labels", "annotations", "selfLink"];

    private static readonly string[] Abbreviations = ["API", "URL", "UID", "OSB", "GUID"];

    public static string Of(JsonObject value, IReadOnlyList<JsonObject> events, DateTimeOffset now)
    {
        var text = new DescribeText();
        text.Field(0, "Name", value.Text("metadata", "name")).Field(0, "Namespace", value.Text("metadata", "namespace"));
        text.Labels(0, "Labels", value.Map("metadata", "labels")).Annotations(value);
        text.Field(0, "API Version", value.Text("apiVersion")).Field(0, "Kind", value.Text("kind"));
        text.Line(0, "Metadata:");
        Fields(text, value.Map("metadata").Where(f => !ShownBefore.Contains(f.Key)), 1);
        Fields(text, value.Map().Where(f => f.Key is not ("metadata" or "apiVersion" or "kind")), 0);
        EventLines.Write(text, events, now);
        return text.ToString();
    }

    private static void Fields(DescribeText text, IEnumerable<KeyValuePair<string, JsonNode?>> fields, int level)
    {
        foreach (var (key, value) in fields.OrderBy(f => f.Key, StringComparer.Ordinal))
        {
            switch (value)
            {
                case JsonObject map:
                    text.Line(level, $"{Title(key)}:");
                    Fields(text, map, level + 1);
                    break;
                case JsonArray list:
                    text.Line(level, $"{Title(key)}:");
                    Items(text, list, level + 1);
                    break;
                default:
                    text.Field(level, Title(key), value is null ? "<nil>" : value.Text());
                    break;
            }
        }
    }

    private static void Items(DescribeText text, JsonArray list, int level)
    {
        foreach (var item in list)
        {
            if (item is JsonObject map)
                Fields(text, map, level);
            else if (item is JsonArray inner)
                Items(text, inner, level + 1);
            else
                text.Line(level, item is null ? "<nil>" : item.Text());
        }
    }

    /// <summary><c>containerPort</c> → <c>Container Port</c>; keys that are no identifiers stay as they are.</summary>
    public static string Title(string key)
    {
        if (key.Length == 0 || !key.All(char.IsLetterOrDigit))
            return key;
        var text = new StringBuilder().Append(char.ToUpper(key[0], CultureInfo.InvariantCulture));
        for (var i = 1; i < key.Length; i++)
        {
            if (char.IsUpper(key[i]) && (!char.IsUpper(key[i - 1]) || (i + 1 < key.Length && char.IsLower(key[i + 1]))))
                text.Append(' ');
            text.Append(key[i]);
        }

        return string.Join(' ', text.ToString().Split(' ').Select(word => Abbreviations.Contains(word.ToUpperInvariant()) ? word.ToUpperInvariant() : word));
    }
}
