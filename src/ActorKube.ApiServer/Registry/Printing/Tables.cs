using System.Collections.Frozen;
using System.Globalization;
using ActorKube.Api.Kinds;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Printing;

/// <summary>The columns of <c>kubectl get</c>, from the table <c>Kinds/table-columns.tsv</c>, and what several kinds' cells have in common.</summary>
internal static class Tables
{
    /// <summary>What stands for nothing in a cell.</summary>
    public const string None = "<none>";

    /// <summary>What stands for what is not known.</summary>
    public const string Unknown = "<unknown>";

    private static readonly FrozenDictionary<string, TableColumn[]> ByPrinter = Load();

    /// <summary>The columns of a printer, such as <c>podColumnDefinitions</c>.</summary>
    public static IReadOnlyList<TableColumn> Columns(string printer) => ByPrinter[printer];

    /// <summary>The names of containers in one cell.</summary>
    public static string Names(V1PodTemplateSpec? template) => string.Join(',', template?.Spec?.Containers?.Select(c => c.Name) ?? []);

    /// <summary>The images of containers in one cell.</summary>
    public static string Images(V1PodTemplateSpec? template) => string.Join(',', template?.Spec?.Containers?.Select(c => c.Image) ?? []);

    /// <summary>A map of labels in one cell, ordered by key.</summary>
    public static string Labels(IDictionary<string, string>? labels) => labels is null or { Count: 0 }
        ? None
        : string.Join(',', labels.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"));

    /// <summary>The text, or <c>&lt;none&gt;</c>.</summary>
    public static string OrNone(string? text) => string.IsNullOrEmpty(text) ? None : text;

    /// <summary>The first few of a list and how many more there are: <c>a,b,c + 2 more...</c>.</summary>
    public static string Some(IReadOnlyCollection<string> items, int limit)
    {
        if (items.Count == 0)
        {
            return None;
        }

        var shown = string.Join(',', items.Take(limit));
        return items.Count > limit ? string.Create(CultureInfo.InvariantCulture, $"{shown} + {items.Count - limit} more...") : shown;
    }

    private static FrozenDictionary<string, TableColumn[]> Load()
    {
        using var reader = new StreamReader(typeof(KindRegistry).Assembly.GetManifestResourceStream("table-columns.tsv")!);
        var columns = new List<(string Printer, TableColumn Column)>();
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split('\t');
            var known = cells[2] switch
            {
                "Name" when cells[4] == "name" => TableColumn.ObjectName,
                "Age" => TableColumn.Age,
                _ => new TableColumn(cells[2], cells[3], cells[4]),
            };
            columns.Add((cells[0], known with { Type = cells[3], Format = cells[4], Priority = int.Parse(cells[5], CultureInfo.InvariantCulture) }));
        }

        return columns.GroupBy(c => c.Printer).ToFrozenDictionary(g => g.Key, g => g.Select(c => c.Column).ToArray());
    }
}
