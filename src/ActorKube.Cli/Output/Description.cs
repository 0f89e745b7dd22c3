using System.Globalization;
using System.Text.Json.Nodes;

namespace ActorKube.Cli.Output;

/// <summary>Any object as indented "Name: value" lines, as <c>kubectl describe</c> shows kinds that it has no words for.</summary>
internal static class Description
{
    private static readonly string[] Bookkeeping = ["managedFields", "name", "namespace", "labels", "annotations", "selfLink"];
    private static readonly string[] Hidden = ["kubectl.kubernetes.io/last-applied-configuration"];

    public static IEnumerable<string> Of(JsonObject json)
    {
        var metadata = json["metadata"]!.AsObject();
        yield return $"Name:         {(string?)metadata["name"]}";
        if (metadata["namespace"] is { } ns)
            yield return $"Namespace:    {(string?)ns}";
        foreach (var line in Pairs("Labels:       ", metadata["labels"] as JsonObject).Concat(Pairs("Annotations:  ", metadata["annotations"] as JsonObject)))
            yield return line;
        yield return $"API Version:  {(string?)json["apiVersion"]}";
        yield return $"Kind:         {(string?)json["kind"]}";
        yield return "Metadata:";
        foreach (var line in Fields(metadata.Where(f => !Bookkeeping.Contains(f.Key)), 1))
            yield return line;
        foreach (var line in Fields(json.Where(f => f.Key is not ("metadata" or "apiVersion" or "kind")), 0))
            yield return line;
    }

    private static IEnumerable<string> Pairs(string head, JsonObject? map)
    {
        var pairs = (map ?? []).Where(p => !Hidden.Contains(p.Key)).OrderBy(p => p.Key, StringComparer.Ordinal)
            .Select(p => head.StartsWith('L') ? $"{p.Key}={(string?)p.Value}" : $"{p.Key}: {(string?)p.Value}").DefaultIfEmpty("<none>");
        return pairs.Select((pair, i) => (i == 0 ? head : new string(' ', head.Length)) + pair);
    }

    private static IEnumerable<string> Fields(IEnumerable<KeyValuePair<string, JsonNode?>> fields, int depth)
    {
        var list = fields.OrderBy(f => f.Key, StringComparer.Ordinal).ToList();
        var width = list.Where(f => f.Value is JsonValue).Select(f => Title(f.Key).Length).DefaultIfEmpty(0).Max() + 3;
        var indent = new string(' ', depth * 2);
        foreach (var (key, value) in list)
        {
            switch (value)
            {
                case JsonObject o when o.Count > 0:
                    yield return $"{indent}{Title(key)}:";
                    foreach (var line in Fields(o, depth + 1))
                        yield return line;
                    break;
                case JsonArray a when a.Count > 0:
                    yield return $"{indent}{Title(key)}:";
                    foreach (var line in a.SelectMany(item => item is JsonObject o ? Fields(o, depth + 1) : [$"{indent}  {Text(item)}"]))
                        yield return line;
                    break;
                case JsonValue v:
                    yield return indent + (Title(key) + ":").PadRight(width) + Text(v);
                    break;
            }
        }
    }

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : node?.ToJsonString() ?? "<none>";

    // "containerPort" → "Container Port"; keys that are no identifiers stay as they are.
    private static string Title(string key)
    {
        if (key.Length == 0 || !key.All(char.IsLetterOrDigit))
            return key;
        var text = new System.Text.StringBuilder().Append(char.ToUpper(key[0], CultureInfo.InvariantCulture));
        for (var i = 1; i < key.Length; i++)
        {
            if (char.IsUpper(key[i]) && (!char.IsUpper(key[i - 1]) || (i + 1 < key.Length && char.IsLower(key[i + 1]))))
                text.Append(' ');
            text.Append(key[i]);
        }

        return text.ToString();
    }
}
