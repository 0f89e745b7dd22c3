using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Change;

/// <summary>Where an object keeps the pod that it is or makes, and how a patch of that pod is written. Pure.</summary>
internal static class PodTemplates
{
    /// <summary>The fields that lead to the pod's spec; null for an object that has none.</summary>
    public static string[]? PathOf(JsonObject value)
    {
        string[][] places = [["spec", "jobTemplate", "spec", "template", "spec"], ["spec", "template", "spec"], ["spec"]];
        return Array.Find(places, place => value.At(place)?["containers"] is JsonArray);
    }

    /// <summary>The containers by the list that they stand in; init containers come last.</summary>
    public static IEnumerable<(string List, JsonNode Container)> ContainersOf(JsonObject value, bool init = true)
    {
        var spec = PathOf(value) is { } path ? value.At(path) : null;
        return spec.List("containers").Select(c => ("containers", c)).Concat(init ? spec.List("initContainers").Select(c => ("initContainers", c)) : []);
    }

    /// <summary>The same; throws <see cref="CliException"/> where the object has no pod.</summary>
    public static IReadOnlyList<(string List, JsonNode Container)> Required(JsonObject value, bool init = true) => PathOf(value) is null
        ? throw new CliException($"{value.Text("kind")} {value.Text("metadata", "name")} is not a pod or does not have a pod template")
        : [.. ContainersOf(value, init)];

    /// <summary>Whether a name or a pattern such as <c>web-*</c> means the container.</summary>
    public static bool Matches(string pattern, string name)
    {
        if (!pattern.Contains('*'))
            return pattern == name;
        var parts = pattern.Split('*');
        var at = parts[0].Length;
        if (!name.StartsWith(parts[0], StringComparison.Ordinal))
            return false;
        foreach (var part in parts[1..^1])
        {
            var found = name.IndexOf(part, at, StringComparison.Ordinal);
            if (found < 0)
                return false;
            at = found + part.Length;
        }

        return name.Length - at >= parts[^1].Length && name.EndsWith(parts[^1], StringComparison.Ordinal);
    }

    /// <summary>A strategic merge patch that changes containers by their names; null where there is nothing to change.</summary>
    public static JsonObject? Patch(JsonObject value, IEnumerable<(string List, string Container, JsonObject Change)> changes)
    {
        var spec = new JsonObject();
        foreach (var (list, container, change) in changes)
        {
            var entry = new JsonObject { ["name"] = container };
            foreach (var (field, node) in change)
                entry[field] = node?.DeepClone();
            if (spec[list] is not JsonArray entries)
                spec[list] = entries = [];
            entries.Add(entry);
        }

        return spec.Count == 0 ? null : At(value, spec);
    }

    /// <summary>The patch of the pod's spec as a patch of the whole object.</summary>
    public static JsonObject At(JsonObject value, JsonObject spec) =>
        PathOf(value)!.Reverse().Aggregate(spec, (inner, field) => new JsonObject { [field] = inner });
}
