using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ApiServer.CustomResources.Schemas;
using ActorKube.ApiServer.Registry;
using k8s.Models;

namespace ActorKube.ApiServer.CustomResources;

/// <summary>The columns of a custom resource in tables: its name, and what <c>additionalPrinterColumns</c> names; its age when they name nothing.</summary>
internal sealed class PrinterColumns
{
    private readonly IReadOnlyList<(string Type, JsonPath? Path)> _cells;

    /// <summary>Columns of one version of a definition.</summary>
    public PrinterColumns(IList<V1CustomResourceColumnDefinition>? columns)
    {
        if (columns is null or { Count: 0 })
        {
            Columns = [TableColumn.ObjectName, new TableColumn("Age", "date", Description: TableColumn.Age.Description)];
            _cells = [("date", null)];
            return;
        }

        Columns = [TableColumn.ObjectName, .. columns.Select(c => new TableColumn(c.Name, c.Type, c.Format ?? "", c.Priority ?? 0, c.Description is { Length: > 0 } d ? d : $"Custom resource definition column (in JSONPath format): {c.JsonPath}"))];
        _cells = [.. columns.Select(c => (c.Type, c.JsonPath == ".metadata.creationTimestamp" ? null : JsonPath.Parse(c.JsonPath)))];
    }

    /// <summary>The columns.</summary>
    public IReadOnlyList<TableColumn> Columns { get; }

    /// <summary>The cells of an object's row.</summary>
    public IReadOnlyList<object?> Cells(CustomObject value, DateTimeOffset now)
    {
        var cells = new object?[_cells.Count + 1];
        cells[0] = value.Metadata.Name;
        for (var i = 0; i < _cells.Count; i++)
        {
            var (type, path) = _cells[i];
            // Nearly every kind shows its age, and metadata would have to become a tree for it.
            cells[i + 1] = path is not null ? path.Find(value).FirstOrDefault() is { } found ? Cell(type, found, now) : null
                : value.Metadata.CreationTimestamp is not { } created ? null
                : type == "date" ? HumanDuration.Since(created, now) : created.ToUniversalTime().ToString("yyyy-MM-ddTHH:mm:ssZ", CultureInfo.InvariantCulture);
        }

        return cells;
    }

    private static object? Cell(string type, JsonNode node, DateTimeOffset now)
    {
        var kind = node.GetValueKind();
        switch (type)
        {
            case "integer":
                return kind == JsonValueKind.Number ? JsonNumbers.Integer((JsonValue)node) ?? (long)JsonNumbers.Double((JsonValue)node) : null;
            case "number":
                return kind == JsonValueKind.Number ? JsonNumbers.Integer((JsonValue)node) is { } whole ? whole : JsonNumbers.Double((JsonValue)node) : null;
            case "boolean":
                return kind is JsonValueKind.True or JsonValueKind.False ? kind == JsonValueKind.True : null;
            case "date":
                return kind != JsonValueKind.String ? null
                    : DateTimeOffset.TryParse(node.GetValue<string>(), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var time) ? HumanDuration.Since(time.UtcDateTime, now)
                    : "<invalid>";
            default:
                return kind == JsonValueKind.String ? node.GetValue<string>() : kind is JsonValueKind.Object or JsonValueKind.Array ? JsonTree.ToText(node) : node.ToJsonString();
        }
    }
}
