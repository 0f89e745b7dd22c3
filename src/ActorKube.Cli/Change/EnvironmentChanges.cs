using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Change;

/// <summary>The words of <c>set env</c> that say which variables containers get and lose: <c>LEVEL=debug OLD-</c>. Pure.</summary>
/// <param name="Resources">The words before, which name objects.</param>
/// <param name="Set">What is set, each an entry of <c>env</c>.</param>
/// <param name="Removed">What is removed.</param>
internal sealed record EnvironmentChanges(string[] Resources, IReadOnlyList<JsonObject> Set, IReadOnlyList<string> Removed)
{
    /// <summary>Reads the words.</summary>
    public static EnvironmentChanges Read(IReadOnlyList<string> words)
    {
        var resources = words.TakeWhile(w => !IsChange(w)).ToArray();
        var (set, removed) = (new List<JsonObject>(), new List<string>());
        foreach (var word in words.Skip(resources.Length))
        {
            if (!IsChange(word))
                throw new CliException($"all resources must be specified before environment changes: {word}");
            if (word.Split('=', 2) is not [var name, var value])
                removed.Add(word[..^1]);
            else if (IsName(name))
                set.Add(new JsonObject { ["name"] = name, ["value"] = value });
            else
                throw new CliException($"\"{name}\" is not a valid key name: a valid environment variable name must consist only of letters, digits, underscores, dots and dashes, and must not begin with a digit");
        }

        var both = removed.Find(r => set.Exists(s => s.Text("name") == r));
        return both is null ? new EnvironmentChanges(resources, set, removed) : throw new CliException("can not both modify and remove the environment variable in the same command");
    }

    /// <summary>The variables that the keys of a ConfigMap or Secret make.</summary>
    /// <param name="kind"><c>ConfigMap</c> or <c>Secret</c>.</param>
    /// <param name="name">Its name.</param>
    /// <param name="keys">Its keys.</param>
    /// <param name="prefix">What goes before each variable's name.</param>
    public static IEnumerable<JsonObject> From(string kind, string name, IEnumerable<string> keys, string prefix) => keys.Order(StringComparer.Ordinal).Select(key => new JsonObject
    {
        ["name"] = prefix + string.Concat(key.Select(c => char.IsAsciiLetterOrDigit(c) || c == '_' ? char.ToUpperInvariant(c) : '_')),
        ["valueFrom"] = new JsonObject { [kind == "Secret" ? "secretKeyRef" : "configMapKeyRef"] = new JsonObject { ["key"] = key, ["name"] = name } },
    });

    /// <summary>The patch of an object; null where nothing changes.</summary>
    /// <param name="value">The object.</param>
    /// <param name="containers">Which containers: a name or a pattern.</param>
    /// <param name="overwrite">Whether variables that have another value are changed.</param>
    public JsonObject? PatchOf(JsonObject value, string containers, bool overwrite)
    {
        var chosen = PodTemplates.Required(value).Where(c => PodTemplates.Matches(containers, c.Container.Text("name"))).ToList();
        if (chosen.Count == 0)
            throw new CliException($"unable to find container named \"{containers}\"");
        return PodTemplates.Patch(value, chosen.Select(c => (c.List, c.Container.Text("name"), Change(c.Container, overwrite))).Where(c => c.Item3.Count > 0));
    }

    /// <summary>What <c>--list</c> says of an object.</summary>
    public static IEnumerable<string> List(JsonObject value, string containers)
    {
        foreach (var (_, container) in PodTemplates.Required(value).Where(c => PodTemplates.Matches(containers, c.Container.Text("name"))))
        {
            yield return $"# {value.Text("kind")} {value.Text("metadata", "name")}, container {container.Text("name")}";
            foreach (var variable in container.List("env"))
                yield return Line(variable);
        }
    }

    private static string Line(JsonNode variable)
    {
        var name = variable.Text("name");
        if (variable["valueFrom"] is not JsonObject from)
            return $"{name}={variable.Text("value")}";
        return from.FirstOrDefault() switch
        {
            { Key: "configMapKeyRef" } map => $"# {name} from configmap {map.Value.Text("name")}, key {map.Value.Text("key")}",
            { Key: "secretKeyRef" } secret => $"# {name} from secret {secret.Value.Text("name")}, key {secret.Value.Text("key")}",
            { Key: "fieldRef" } field => $"# {name} from field path {field.Value.Text("fieldPath")}",
            var other => $"# {name} from {other.Key}",
        };
    }

    private JsonObject Change(JsonNode container, bool overwrite)
    {
        var known = container.List("env").ToDictionary(v => v.Text("name"));
        var changed = Set.Where(s => !known.TryGetValue(s.Text("name"), out var old) || !JsonNode.DeepEquals(old, s)).ToList();
        if (!overwrite && changed.Find(s => known.ContainsKey(s.Text("name"))) is { } taken)
            throw new CliException($"'{taken.Text("name")}' already has a value ({known[taken.Text("name")].Text("value")}), and --overwrite is false");
        // An entry is replaced as a whole: a value has no place beside where another value comes from.
        var entries = changed.Select(s => s.DeepClone().AsObject()).Select(s => known.ContainsKey(s.Text("name")) ? Replacing(s) : s)
            .Concat(Removed.Where(known.ContainsKey).Select(r => new JsonObject { ["$patch"] = "delete", ["name"] = r })).ToList();
        return entries.Count == 0 ? [] : new JsonObject { ["env"] = new JsonArray([.. entries]) };
    }

    private static JsonObject Replacing(JsonObject variable)
    {
        if (!variable.ContainsKey("value"))
            variable["value"] = null;
        if (!variable.ContainsKey("valueFrom"))
            variable["valueFrom"] = null;
        return variable;
    }

    private static bool IsName(string name) => name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');

    private static bool IsChange(string word) => word.Contains('=') || (word.Length > 1 && word[^1] == '-');
}
