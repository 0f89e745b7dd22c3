using System.Collections.Frozen;

namespace ActorKube.Api.Kinds;

/// <summary>
/// How a list or map of the API merges. Source: the table <c>Kinds/list-semantics.tsv</c>, read off the published OpenAPI document.
/// </summary>
/// <param name="ListType"><c>atomic</c>, <c>set</c> or <c>map</c>; empty when the API says nothing.</param>
/// <param name="MapKeys">Keys that identify an item of a <c>map</c> list.</param>
/// <param name="MapType"><c>atomic</c> or <c>granular</c>; empty when the API says nothing.</param>
/// <param name="PatchStrategy">Of a strategic merge patch: <c>merge</c>, <c>replace</c>, <c>retainKeys</c> or <c>merge,retainKeys</c>; empty for none.</param>
/// <param name="PatchMergeKey">The key by which a strategic merge patch finds an item; empty for primitives.</param>
public sealed record ListSemantics(string ListType, IReadOnlyList<string> MapKeys, string MapType, string PatchStrategy, string PatchMergeKey)
{
    private static readonly Lazy<FrozenDictionary<(string Definition, string Property), ListSemantics>> Table = new(Load);

    /// <summary>What the API says of a property, or null.</summary>
    /// <param name="definition">A name of <see cref="ModelDefinitions.NameOf"/>, such as <c>io.k8s.api.core.v1.PodSpec</c>.</param>
    /// <param name="property">JSON name, such as <c>containers</c>.</param>
    public static ListSemantics? Of(string definition, string property)
    {
        var name = definition.StartsWith("io.k8s.api.", StringComparison.Ordinal) ? definition["io.k8s.api.".Length..] : definition["io.k8s.".Length..];
        return Table.Value.GetValueOrDefault((name, property));
    }

    private static FrozenDictionary<(string, string), ListSemantics> Load()
    {
        using var reader = new StreamReader(typeof(ListSemantics).Assembly.GetManifestResourceStream("list-semantics.tsv")!);
        var table = new Dictionary<(string, string), ListSemantics>();
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split('\t');
            table[(cells[0], cells[1])] = new ListSemantics(cells[2], cells[3].Split(',', StringSplitOptions.RemoveEmptyEntries), cells[4], cells[5], cells[6]);
        }

        return table.ToFrozenDictionary();
    }
}
