using System.Text.Json.Nodes;

namespace ActorKube.Api.Machinery;

/// <summary>One difference between two forms of an object.</summary>
/// <param name="Path">Where: <c>.spec.template.spec.containers[name="web"].image</c>.</param>
/// <param name="Before">What was there; null for nothing.</param>
/// <param name="After">What is there now; null for nothing.</param>
public sealed record FieldChange(string Path, JsonNode? Before, JsonNode? After);

/// <summary>Finds what is different between two forms of an object. Elements of lists that have a name of their own are compared by it, other lists as a whole.</summary>
public static class FieldChanges
{
    private static readonly string[] Names = ["name", "type", "uid", "key", "ip", "mountPath", "topologyKey"];
    private static readonly string[] Bookkeeping = ["resourceVersion", "managedFields", "generation", "selfLink"];

    /// <summary>The differences, without those that every write makes. Either form may be null.</summary>
    public static IReadOnlyList<FieldChange> Between(JsonObject? before, JsonObject? after)
    {
        var changes = new List<FieldChange>();
        Compare("", Telling(before), Telling(after), changes);
        return changes;
    }

    /// <summary>Whether more than the status changed.</summary>
    public static bool IsMoreThanStatus(IEnumerable<FieldChange> changes) => changes.Any(c => !IsBelow(c.Path, ".status"));

    /// <summary>Whether something changed that the object's own controller acts upon: neither the status nor annotations, in which controllers keep their notes.</summary>
    public static bool IsOfWishes(IEnumerable<FieldChange> changes) => changes.Any(c => !IsBelow(c.Path, ".status") && !IsBelow(c.Path, ".metadata.annotations"));

    /// <summary>The changes in a line: <c>.spec.replicas: 2 → 3, .metadata.labels.tier: + web</c>.</summary>
    public static string Summary(IReadOnlyList<FieldChange> changes, int most)
    {
        var ordered = changes.OrderBy(c => IsBelow(c.Path, ".status") ? 2 : IsBelow(c.Path, ".metadata") ? 1 : 0).ToList();
        var line = string.Join(", ", ordered.Take(most).Select(One));
        return ordered.Count > most ? $"{line} + {ordered.Count - most} more" : line;
    }

    /// <summary>Every field that has a value of its own, by its path.</summary>
    public static IReadOnlyList<(string Path, JsonNode? Value)> Leaves(JsonObject value)
    {
        var leaves = new List<(string, JsonNode?)>();
        Visit("", Telling(value), leaves);
        return leaves;
    }

    /// <summary>Whether a field is the one at a path, or within it.</summary>
    public static bool IsBelow(string path, string top) =>
        path.StartsWith(top, StringComparison.Ordinal) && (path.Length == top.Length || path[top.Length] is '.' or '[');

    private static void Visit(string path, JsonNode? value, List<(string, JsonNode?)> leaves)
    {
        if (value is JsonObject { Count: > 0 } map)
        {
            foreach (var (name, inner) in map)
            {
                Visit(path + Step(name), inner, leaves);
            }
        }
        else if (value is JsonArray { Count: > 0 } list && NameOf(list, list) is { } key)
        {
            foreach (var element in list)
            {
                Visit(Element(path, key, (string)element![key]!), element, leaves);
            }
        }
        else
        {
            leaves.Add((path, value));
        }
    }

    private static string One(FieldChange change) => change switch
    {
        { Before: null } => $"{change.Path}: + {Short(change.After)}",
        { After: null } => $"{change.Path}: - {Short(change.Before)}",
        _ => $"{change.Path}: {Short(change.Before)} → {Short(change.After)}",
    };

    private static string Short(JsonNode? value)
    {
        var text = value is JsonValue scalar && scalar.TryGetValue<string>(out var plain) ? plain : JsonTree.ToText(value);
        return text.Length <= 60 ? text : $"{text[..57]}...";
    }

    private static JsonObject Telling(JsonObject? value)
    {
        var copy = value is null ? [] : (JsonObject)value.DeepClone();
        if (copy["metadata"] is JsonObject metadata)
        {
            foreach (var name in Bookkeeping)
            {
                metadata.Remove(name);
            }
        }

        return copy;
    }

    private static void Compare(string path, JsonNode? before, JsonNode? after, List<FieldChange> changes)
    {
        if (before is JsonObject was && after is JsonObject now)
        {
            foreach (var name in was.Select(p => p.Key).Union(now.Select(p => p.Key)))
            {
                Compare(path + Step(name), was[name], now[name], changes);
            }
        }
        else if (before is JsonArray old && after is JsonArray current && NameOf(old, current) is { } key)
        {
            foreach (var name in old.Concat(current).Select(e => (string)e![key]!).Distinct())
            {
                Compare(Element(path, key, name), Find(old, key, name), Find(current, key, name), changes);
            }
        }
        else if (!JsonNode.DeepEquals(before, after))
        {
            changes.Add(new FieldChange(path, before?.DeepClone(), after?.DeepClone()));
        }
    }

    private static string Step(string name) =>
        name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_') ? $".{name}" : $"[{JsonTree.ToText(JsonValue.Create(name))}]";

    // What all elements of both lists have, each of them another one.
    private static string? NameOf(JsonArray one, JsonArray other) => Names.FirstOrDefault(name => IsName(one, name) && IsName(other, name));

    private static bool IsName(JsonArray list, string name)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        return list.All(e => e is JsonObject element && element[name] is JsonValue value && value.TryGetValue<string>(out var text) && seen.Add(text));
    }

    private static string Element(string path, string key, string name) => $"{path}[{key}={JsonTree.ToText(JsonValue.Create(name))}]";

    private static JsonNode? Find(JsonArray list, string key, string name) => list.FirstOrDefault(e => (string?)e![key] == name);
}
