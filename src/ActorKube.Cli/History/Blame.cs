using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;

namespace ActorKube.Cli.History;

/// <summary>Who last changed each field of an object.</summary>
internal static class Blame
{
    /// <summary>Every field with its value and the newest change that touched it; null where the history does not tell.</summary>
    /// <param name="value">The object as it is.</param>
    /// <param name="changes">Its changes, the oldest first.</param>
    public static IEnumerable<(string Path, JsonNode? Value, ObjectChange? By)> Of(JsonObject value, IReadOnlyList<ObjectChange> changes)
    {
        var touched = changes.Reverse().Select(c => (Change: c, Paths: c.Paths.ToList())).ToList();
        foreach (var (path, leaf) in FieldChanges.Leaves(value))
            yield return (path, leaf, touched.FirstOrDefault(t => t.Paths.Exists(p => FieldChanges.IsBelow(path, p))).Change);
    }
}
