using ActorKube.Api.Kinds;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Get;

/// <summary>The server's table with the columns that the user asked for beside it.</summary>
/// <param name="Getter">What was asked.</param>
/// <param name="Kind">The kind the table is about.</param>
/// <param name="Prefixed">Names are shown as <c>pod/web</c>.</param>
internal sealed record TableRows(Getter Getter, ResourceKind Kind, bool Prefixed)
{
    private bool WithNamespace => Getter.AllNamespaces && Kind.Namespaced;

    /// <summary>All headings.</summary>
    public IReadOnlyList<string> Headings(ServerTable table) =>
    [
        .. WithNamespace ? ["NAMESPACE"] : (string[])[],
        .. table.Headings,
        .. Getter.LabelColumns.Select(label => label[(label.LastIndexOf('/') + 1)..].ToUpperInvariant()),
        .. Getter.ShowLabels ? ["LABELS"] : (string[])[],
    ];

    /// <summary>All cells.</summary>
    public IReadOnlyList<string> Cells(ServerTable table, ServerRow row)
    {
        var labels = row.Object.Map("metadata", "labels");
        return
        [
            .. WithNamespace ? [row.Object.Text("metadata", "namespace")] : (string[])[],
            .. row.Cells.Select((cell, i) => Prefixed && i == table.NameColumn ? $"{ResourceName.Prefix(Kind)}/{cell}" : cell),
            .. Getter.LabelColumns.Select(label => row.Object.Text("metadata", "labels", label)),
            .. Getter.ShowLabels ? [labels.Count == 0 ? "<none>" : string.Join(',', labels.Select(l => $"{l.Key}={l.Value.Text()}"))] : (string[])[],
        ];
    }
}
