using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;

namespace ActorKube.ApiServer.CustomResources;

/// <summary>
/// The JSON paths of printer columns, selectable fields and scales: <c>.spec.replicas</c>, <c>.status.conditions[?(@.type=="Ready")].status</c>,
/// <c>.spec.ports[*].name</c>, <c>.metadata.labels['app\.kubernetes\.io/name']</c>. What is not there gives nothing.
/// Source: https://kubernetes.io/docs/reference/kubectl/jsonpath/
/// </summary>
internal sealed class JsonPath
{
    private readonly IReadOnlyList<Func<JsonNode, IEnumerable<JsonNode?>>> _steps;
    private readonly string? _first;

    private JsonPath(IReadOnlyList<Func<JsonNode, IEnumerable<JsonNode?>>> steps, IReadOnlyList<string> names) => (_steps, _first, Names) = (steps, names.FirstOrDefault(), names);

    /// <summary>The fields on the way, where the path is nothing but fields; else those at its beginning.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>Whether the path is nothing but fields.</summary>
    public bool IsPlain => Names.Count == _steps.Count;

    /// <summary>Reads a path. What cannot be understood of it selects nothing.</summary>
    public static JsonPath Parse(string text)
    {
        var steps = new List<Func<JsonNode, IEnumerable<JsonNode?>>>();
        var names = new List<string>();
        var plain = true;
        for (var i = 0; i < text.Length;)
        {
            switch (text[i])
            {
                case '.' when i + 1 < text.Length && text[i + 1] == '.':
                    steps.Add(Descendants);
                    plain = false;
                    i++;
                    break;
                case '.' when i + 1 == text.Length:
                    i++;
                    break;
                case '.' when text[i + 1] == '[':
                    i++;
                    break;
                case '.':
                    var name = Name(text, ref i);
                    Add(name);
                    break;
                case '[':
                    var end = Close(text, i);
                    var inside = text[(i + 1)..end].Trim();
                    i = Math.Min(end + 1, text.Length);
                    if (inside.Length > 1 && inside[0] is '\'' or '"')
                    {
                        Add(Unescape(inside[1..^1]));
                    }
                    else
                    {
                        steps.Add(Bracket(inside));
                        plain = false;
                    }

                    break;
                default:
                    i++;
                    break;
            }
        }

        return new JsonPath(steps, names);

        void Add(string name)
        {
            steps.Add(name == "*" ? Children : node => node is JsonObject map && map.TryGetPropertyValue(name, out var part) ? [part] : []);
            plain &= name != "*";
            if (plain)
            {
                names.Add(name);
            }
        }
    }

    /// <summary>What the path leads to in an object.</summary>
    public IEnumerable<JsonNode> Find(CustomObject value) => _first switch
    {
        "metadata" or "apiVersion" or "kind" => Find(value.ToTree()),
        _ => Find(value.Content),
    };

    /// <summary>What the path leads to in a tree.</summary>
    public IEnumerable<JsonNode> Find(JsonNode root)
    {
        IEnumerable<JsonNode?> found = [root];
        foreach (var step in _steps)
        {
            found = found.OfType<JsonNode>().SelectMany(step);
        }

        return found.OfType<JsonNode>();
    }

    private static string Name(string text, ref int i)
    {
        var name = new StringBuilder();
        for (i++; i < text.Length && text[i] is not ('.' or '['); i++)
        {
            if (text[i] == '\\' && i + 1 < text.Length)
            {
                i++;
            }

            name.Append(text[i]);
        }

        return name.ToString();
    }

    private static string Unescape(string text) => text.Replace("\\", "", StringComparison.Ordinal);

    private static int Close(string text, int open)
    {
        var (depth, quote) = (0, '\0');
        for (var i = open; i < text.Length; i++)
        {
            if (quote != '\0')
            {
                quote = text[i] == quote ? '\0' : quote;
            }
            else if (text[i] is '\'' or '"')
            {
                quote = text[i];
            }
            else if (text[i] == '[')
            {
                depth++;
            }
            else if (text[i] == ']' && --depth == 0)
            {
                return i;
            }
        }

        return text.Length;
    }

    private static Func<JsonNode, IEnumerable<JsonNode?>> Bracket(string inside)
    {
        if (inside == "*")
        {
            return Children;
        }

        if (inside.StartsWith("?(", StringComparison.Ordinal))
        {
            return Filter(inside[2..].TrimEnd(')'));
        }

        if (int.TryParse(inside, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var index))
        {
            return node => node is JsonArray list && (index < 0 ? index + list.Count : index) is var at && at >= 0 && at < list.Count ? [list[at]] : [];
        }

        var bounds = inside.Split(':');
        return bounds.Length is 2 or 3 ? node => Slice(node, bounds) : _ => [];
    }

    private static IEnumerable<JsonNode?> Slice(JsonNode node, string[] bounds)
    {
        if (node is not JsonArray list)
        {
            yield break;
        }

        var start = Bound(bounds[0], 0);
        var end = Bound(bounds[1], list.Count);
        var step = bounds.Length == 3 && int.TryParse(bounds[2], out var s) && s > 0 ? s : 1;
        for (var i = Math.Max(0, start); i < Math.Min(end, list.Count); i += step)
        {
            yield return list[i];
        }

        int Bound(string text, int missing) => int.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var n) ? n < 0 ? n + list.Count : n : missing;
    }

    private static Func<JsonNode, IEnumerable<JsonNode?>> Filter(string condition)
    {
        foreach (var sign in (ReadOnlySpan<string>)["==", "!=", ">=", "<=", ">", "<"])
        {
            var at = condition.IndexOf(sign, StringComparison.Ordinal);
            if (at > 0)
            {
                var left = Parse(condition[..at].Trim().TrimStart('@'));
                var right = condition[(at + sign.Length)..].Trim();
                return node => (node as JsonArray ?? []).Where(item => item is not null && left.Find(item).Any(found => Compare(found, right, sign)));
            }
        }

        var path = Parse(condition.Trim().TrimStart('@'));
        return node => (node as JsonArray ?? []).Where(item => item is not null && path.Find(item).Any());
    }

    private static bool Compare(JsonNode found, string right, string sign)
    {
        var quoted = right.Length > 1 && right[0] is '"' or '\'';
        var literal = quoted ? right[1..^1] : right;
        var text = found.GetValueKind() == JsonValueKind.String ? found.GetValue<string>() : found.ToJsonString();
        var order = !quoted && double.TryParse(text, CultureInfo.InvariantCulture, out var a) && double.TryParse(literal, CultureInfo.InvariantCulture, out var b)
            ? a.CompareTo(b)
            : string.CompareOrdinal(text, literal);
        return sign switch { "==" => order == 0, "!=" => order != 0, ">=" => order >= 0, "<=" => order <= 0, ">" => order > 0, _ => order < 0 };
    }

    private static IEnumerable<JsonNode?> Children(JsonNode node) => node switch
    {
        JsonObject map => map.Select(p => p.Value),
        JsonArray list => list,
        _ => [],
    };

    private static IEnumerable<JsonNode?> Descendants(JsonNode node) => Children(node).OfType<JsonNode>().SelectMany(Descendants).Prepend(node);
}
