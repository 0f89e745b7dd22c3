using System.Collections.Frozen;

namespace ActorKube.Api.Machinery;

/// <summary>
/// How lists merge in a strategic merge patch, from the table <c>Kinds/list-semantics.tsv</c> (read off the Kubernetes v1.36 API).
/// Definitions are found by version and name: where two groups share a name the model classes carry the group, but no such
/// definition has merge semantics.
/// </summary>
internal static class ListSemantics
{
    private static readonly FrozenDictionary<(string Version, string Definition, string Property), (bool Merge, bool RetainKeys, string MergeKey)> Table = Load();

    public static (bool Merge, bool RetainKeys, string MergeKey) Of(string version, string definition, string property) =>
        Table.TryGetValue((version, definition, property), out var found) ? found : (false, false, "");

    private static FrozenDictionary<(string, string, string), (bool, bool, string)> Load()
    {
        using var reader = new StreamReader(typeof(ListSemantics).Assembly.GetManifestResourceStream("list-semantics.tsv")!);
        var rows = new Dictionary<(string, string, string), (bool, bool, string)>();
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split('\t');
            var strategies = cells[5].Split(',', StringSplitOptions.RemoveEmptyEntries);
            if (strategies.Length > 0)
            {
                var parts = cells[0].Split('.');
                rows[(parts[^2], parts[^1], cells[1])] = (strategies.Contains("merge"), strategies.Contains("retainKeys"), cells[6]);
            }
        }

        return rows.ToFrozenDictionary();
    }
}
