using System.Text.Json.Nodes;

namespace ActorKube.Cli.Output;

/// <summary>A <c>meta.k8s.io/v1 Table</c>: the server decides what a list shows.</summary>
internal sealed class ServerTable
{
    private readonly List<(string Name, int Index)> _columns = [];
    private readonly List<JsonObject> _rows;

    public ServerTable(JsonObject table, bool wide, IReadOnlyList<string>? headings = null)
    {
        _rows = [.. table["rows"]?.AsArray().OfType<JsonObject>() ?? []];
        var definitions = table["columnDefinitions"]?.AsArray() ?? [];
        for (var i = 0; i < definitions.Count; i++)
        {
            if (wide || ((int?)definitions[i]!["priority"] ?? 0) == 0)
                _columns.Add(((string)definitions[i]!["name"]!, i));
        }

        Headings = headings ?? [.. _columns.Select(c => c.Name.ToUpperInvariant())];
    }

    public IReadOnlyList<string> Headings { get; }

    public bool IsEmpty => _rows.Count == 0;

    /// <summary>The cells as text.</summary>
    /// <param name="withNamespace">Puts the namespace in front.</param>
    /// <param name="prefix">Put before names, such as <c>pod/</c>.</param>
    public IReadOnlyList<IReadOnlyList<string>> Rows(bool withNamespace, string prefix) => [.. _rows.Select(row =>
    {
        var cells = row["cells"]!.AsArray();
        var metadata = row["object"]?["metadata"];
        var texts = _columns.Select((c, i) => (i == 0 ? prefix : "") + Text(cells[c.Index])).ToList();
        if (withNamespace)
            texts.Insert(0, (string?)metadata?["namespace"] ?? "");
        return (IReadOnlyList<string>)texts;
    })];

    private static string Text(JsonNode? cell) => cell is null ? "<none>" : cell is JsonValue value && value.TryGetValue<string>(out var text) ? text : cell.ToJsonString();
}
