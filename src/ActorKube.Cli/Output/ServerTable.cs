using System.Text.Json.Nodes;

namespace ActorKube.Cli.Output;

/// <summary>A row of a table the server made, and the object it is about.</summary>
internal sealed record ServerRow(IReadOnlyList<string> Cells, JsonObject? Object);

/// <summary>A <c>meta.k8s.io/v1 Table</c>: the server decides what a list shows.</summary>
internal sealed class ServerTable
{
    private static readonly System.Buffers.SearchValues<char> LineEnds = System.Buffers.SearchValues.Create("\f\n\r");

    private ServerTable(IReadOnlyList<string> headings, int nameColumn, IReadOnlyList<ServerRow> rows) => (Headings, NameColumn, Rows) = (headings, nameColumn, rows);

    /// <summary>Headings in capitals.</summary>
    public IReadOnlyList<string> Headings { get; }

    /// <summary>The column with the objects' names; -1 where there is none, as in the table of events.</summary>
    public int NameColumn { get; }

    /// <summary>The rows.</summary>
    public IReadOnlyList<ServerRow> Rows { get; }

    /// <summary>Reads a table.</summary>
    /// <param name="table">The table, or an object of a kind that the server has no table for.</param>
    /// <param name="wide">With the columns that are left out else.</param>
    /// <param name="columns">The column definitions where the table has none: only the first event of a watch carries them.</param>
    public static ServerTable Read(JsonObject table, bool wide, JsonArray? columns = null)
    {
        if (table.Text("kind") != "Table")
            return new(["NAME", "AGE"], 0, [new ServerRow([table.Text("metadata", "name"), table.Text("metadata", "creationTimestamp")], table)]);
        var definitions = (table["columnDefinitions"] as JsonArray is { Count: > 0 } own ? own : columns) ?? [];
        var shown = definitions.Index().Where(d => wide || (d.Item.Number("priority") ?? 0) == 0).ToList();
        return new(
            [.. shown.Select(d => d.Item.Text("name").ToUpperInvariant())],
            shown.FindIndex(d => d.Item.Text("format") == "name"),
            [.. table.List("rows").Select(row => new ServerRow([.. shown.Select(d => Cell((row["cells"] as JsonArray)?[d.Index]))], row["object"] as JsonObject))]);
    }

    // A cell is one line; more of it is shown by describe.
    private static string Cell(JsonNode? node)
    {
        var text = node.Text();
        var end = text.AsSpan().IndexOfAny(LineEnds);
        return end < 0 ? text : text[..end] + "...";
    }
}
