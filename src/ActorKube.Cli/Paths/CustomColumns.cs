using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Paths;

/// <summary>A table with columns of the user's choice: <c>NAME:.metadata.name,IMAGES:.spec.containers[*].image</c>. Pure.</summary>
internal sealed class CustomColumns
{
    private readonly List<(string Heading, JsonPath Path)> _columns;

    private CustomColumns(List<(string, JsonPath)> columns) => _columns = columns;

    /// <summary>Reads the columns. Throws <see cref="CliException"/> where they make no sense.</summary>
    public static CustomColumns Parse(string spec)
    {
        if (spec.Length == 0)
            throw new CliException("custom-columns format specified but no custom columns given");
        return new([.. spec.Split(',').Select(column => column.Split(':', 2) switch
        {
            [var heading, var path] => (heading, JsonPath.ParseRelaxed(path)),
            _ => throw new CliException($"unexpected custom-columns spec: {column}, expected <header>:<json-path-expr>"),
        })]);
    }

    /// <summary>Reads a file whose first line has the headings and whose second line has the paths.</summary>
    public static CustomColumns ParseFile(string text)
    {
        var lines = text.Split('\n').Select(l => l.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ToArray();
        if (lines is not [var headings, var paths, ..] || headings.Length != paths.Length || headings.Length == 0)
            throw new CliException("expected two lines in a template file, with as many headings as paths");
        return new([.. headings.Zip(paths, (heading, path) => (heading, JsonPath.ParseRelaxed(path)))]);
    }

    /// <summary>The table of these objects.</summary>
    public string Table(IEnumerable<JsonObject> objects, bool headings)
    {
        List<IReadOnlyList<string>> rows = headings ? [[.. _columns.Select(c => c.Heading)]] : [];
        rows.AddRange(objects.Select(o => (IReadOnlyList<string>)[.. _columns.Select(c => Cell(c.Path.Find(o)))]));
        return string.Concat(new TableWriter().Add(rows).Select(line => line + "\n"));
    }

    private static string Cell(IReadOnlyList<JsonNode?> found) => found.Count == 0 || found is [null] ? "<none>" : string.Join(',', found.Select(TextOf));

    // Maps and lists are shown as kubectl shows them, which prints its own structures.
    private static string TextOf(JsonNode? node) => node switch
    {
        JsonObject map => $"map[{string.Join(' ', map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => $"{p.Key}:{TextOf(p.Value)}"))}]",
        JsonArray list => $"[{string.Join(' ', list.Select(TextOf))}]",
        _ => JsonPath.TextOf(node),
    };
}
