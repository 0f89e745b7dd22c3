using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Paths;

/// <summary>
/// A JSONPath template as kubectl reads it: text with <c>{.spec.containers[*].image}</c>, <c>{range .items[*]}…{end}</c> and <c>{"\n"}</c> in it. Pure.
/// Source: https://kubernetes.io/docs/reference/kubectl/jsonpath/
/// </summary>
internal sealed class JsonPath
{
    private readonly IReadOnlyList<PathNode> _template;

    private JsonPath(IReadOnlyList<PathNode> template) => _template = template;

    /// <summary>Reads a template. Throws <see cref="CliException"/> where it makes no sense.</summary>
    public static JsonPath Parse(string template) => new(new JsonPathParser(template).Template());

    /// <summary>Reads a path as columns and conditions write it: with or without braces and the first dot.</summary>
    public static JsonPath ParseRelaxed(string path)
    {
        var inner = path.Trim();
        if (inner is ['{', .., '}'])
            inner = inner[1..^1];
        return Parse($"{{{(inner is ['.' or '[' or '$', ..] ? inner : "." + inner)}}}");
    }

    /// <summary>The text that the template makes of an object. What is not there is empty.</summary>
    public string Text(JsonNode? root)
    {
        var output = new StringBuilder();
        Write(_template, root, root, output);
        return output.ToString();
    }

    /// <summary>All that the template's paths find.</summary>
    public IReadOnlyList<JsonNode?> Find(JsonNode? root) => [.. _template.OfType<PathNode.Path>().SelectMany(p => JsonPathSteps.Walk(p, root, root))];

    /// <summary>A value found as text: strings bare, all else as JSON.</summary>
    public static string TextOf(JsonNode? node) => node switch
    {
        null => "<nil>",
        JsonValue value when value.GetValueKind() == JsonValueKind.String => value.GetValue<string>(),
        _ => JsonText.Compact(node),
    };

    private static void Write(IEnumerable<PathNode> nodes, JsonNode? root, JsonNode? current, StringBuilder output)
    {
        foreach (var node in nodes)
        {
            switch (node)
            {
                case PathNode.Literal literal:
                    output.Append(literal.Text);
                    break;
                case PathNode.Path path:
                    output.AppendJoin(' ', JsonPathSteps.Walk(path, root, current).Select(TextOf));
                    break;
                case PathNode.Range range:
                    foreach (var item in JsonPathSteps.Walk(range.Over, root, current))
                        Write(range.Body, root, item, output);
                    break;
            }
        }
    }
}

/// <summary>A part of a template.</summary>
internal abstract record PathNode
{
    /// <summary>Text that stands for itself.</summary>
    internal sealed record Literal(string Text) : PathNode;

    /// <summary>Steps from the root or from the current item.</summary>
    internal sealed record Path(bool FromRoot, IReadOnlyList<PathStep> Steps) : PathNode;

    /// <summary>A part that is repeated for each value found.</summary>
    internal sealed record Range(Path Over, IReadOnlyList<PathNode> Body) : PathNode;
}

/// <summary>One step of a path.</summary>
internal abstract record PathStep
{
    /// <summary>The field of that name.</summary>
    internal sealed record Field(string Name) : PathStep;

    /// <summary>All items or all fields.</summary>
    internal sealed record Wildcard : PathStep;

    /// <summary>The value and all that is below it.</summary>
    internal sealed record Descendants : PathStep;

    /// <summary>Items from, up to, and each how many; one item where <paramref name="Single"/>.</summary>
    internal sealed record Slice(int? From, int? To, int By, bool Single) : PathStep;

    /// <summary>What each of several paths finds.</summary>
    internal sealed record Union(IReadOnlyList<PathStep> Parts) : PathStep;

    /// <summary>The items for which a comparison holds; without an operator, those that have what the path says.</summary>
    internal sealed record Filter(FilterOperand Left, string Operator, FilterOperand? Right) : PathStep;
}

/// <summary>A side of a comparison: a path, or a value.</summary>
internal sealed record FilterOperand(PathNode.Path? Path, JsonNode? Value);

/// <summary>Goes along the steps of a path. Pure.</summary>
internal static class JsonPathSteps
{
    /// <summary>What a path finds.</summary>
    public static IReadOnlyList<JsonNode?> Walk(PathNode.Path path, JsonNode? root, JsonNode? current)
    {
        IReadOnlyList<JsonNode?> found = [path.FromRoot ? root : current];
        foreach (var step in path.Steps)
            found = [.. found.SelectMany(node => Step(step, node, root))];
        return found;
    }

    private static IEnumerable<JsonNode?> Step(PathStep step, JsonNode? node, JsonNode? root) => step switch
    {
        PathStep.Field field => node is JsonObject map && map.TryGetPropertyValue(field.Name, out var value) ? [value] : [],
        PathStep.Wildcard => Children(node),
        PathStep.Descendants => Descend(node),
        PathStep.Slice slice => Slice(slice, node),
        PathStep.Union union => union.Parts.SelectMany(part => Step(part, node, root)),
        PathStep.Filter filter => node is JsonArray list ? list.Where(item => Holds(filter, item, root)) : [],
        _ => throw new InvalidOperationException($"no such step: {step}"),
    };

    private static IEnumerable<JsonNode?> Children(JsonNode? node) => node switch
    {
        JsonArray list => list,
        JsonObject map => map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => p.Value),
        _ => [],
    };

    private static IEnumerable<JsonNode?> Descend(JsonNode? node) => Children(node).Where(c => c is JsonObject or JsonArray).SelectMany(Descend).Prepend(node);

    private static IEnumerable<JsonNode?> Slice(PathStep.Slice slice, JsonNode? node)
    {
        if (node is not JsonArray list)
            return [];
        var from = Index(slice.From ?? 0, list.Count);
        if (slice.Single)
            return from >= 0 && from < list.Count ? [list[from]] : throw new CliException($"array index out of bounds: index {slice.From}, length {list.Count}");
        var to = Math.Min(Index(slice.To ?? list.Count, list.Count), list.Count);
        return Enumerable.Range(0, list.Count).Where(i => i >= from && i < to && (i - from) % slice.By == 0).Select(i => list[i]);

        static int Index(int index, int count) => index < 0 ? index + count : index;
    }

    private static bool Holds(PathStep.Filter filter, JsonNode? item, JsonNode? root)
    {
        var left = Values(filter.Left, item, root);
        if (filter.Right is not { } operand)
            return left.Count > 0;
        var right = Values(operand, item, root);
        return left.Count > 0 && right.Count > 0 && Compares(left[0], filter.Operator, right[0]);
    }

    private static IReadOnlyList<JsonNode?> Values(FilterOperand operand, JsonNode? item, JsonNode? root) => operand.Path is { } path ? Walk(path, root, item) : [operand.Value];

    private static bool Compares(JsonNode? left, string comparison, JsonNode? right)
    {
        var order = Number(left) is { } a && Number(right) is { } b ? a.CompareTo(b) : string.CompareOrdinal(JsonPath.TextOf(left), JsonPath.TextOf(right));
        return comparison switch
        {
            "==" => order == 0,
            "!=" => order != 0,
            "<" => order < 0,
            "<=" => order <= 0,
            ">" => order > 0,
            _ => order >= 0,
        };
    }

    private static double? Number(JsonNode? node) => node is JsonValue value && value.GetValueKind() == JsonValueKind.Number
        ? double.Parse(value.ToJsonString(), CultureInfo.InvariantCulture)
        : null;
}
