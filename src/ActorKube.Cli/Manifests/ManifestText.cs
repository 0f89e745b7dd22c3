using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Manifests;

/// <summary>The objects of a manifest's text: YAML with several documents, JSON, and Lists of objects. Pure.</summary>
internal static class ManifestText
{
    /// <summary>An object, or what is wrong in its place.</summary>
    internal readonly record struct Entry(JsonObject? Json, string? Error);

    /// <summary>The objects in order. A document that cannot be read ends the text, as nobody knows where the next one begins.</summary>
    public static IReadOnlyList<Entry> Read(string text, string source)
    {
        var entries = new List<Entry>();
        foreach (var document in text.AsSpan().TrimStart().StartsWith("{") ? [text] : YamlJson.SplitDocuments(text))
        {
            if (!TryParse(document, out var node, out var error))
            {
                entries.Add(new Entry(null, $"error parsing {source}: {error}"));
                break;
            }

            if (node is not null)
                entries.AddRange(Objects(node, source));
        }

        return entries;
    }

    private static bool TryParse(string document, out JsonNode? node, out string error)
    {
        (node, error) = (null, "");
        if (document.AsSpan().TrimStart().StartsWith("{") && TryParseJson(document, out node, out error))
            return true;
        // What looks like JSON may be YAML too: {a: b}
        if (YamlJson.TryConvert(Encoding.UTF8.GetBytes(document), out var json, out var duplicates, out var yamlError))
        {
            if (duplicates.Count > 0)
            {
                error = $"error converting YAML to JSON: yaml: unmarshal errors:\n  {string.Join("\n  ", duplicates)}";
                return false;
            }

            node = JsonNode.Parse(json);
            return true;
        }

        error = error.Length > 0 ? error : yamlError;
        return false;
    }

    private static bool TryParseJson(string document, out JsonNode? node, out string error)
    {
        try
        {
            (node, error) = (JsonNode.Parse(document, documentOptions: new JsonDocumentOptions { AllowDuplicateProperties = false }), "");
            return true;
        }
        catch (JsonException e)
        {
            var message = e.Message.Split(" LineNumber:")[0].Split(" Path:")[0];
            (node, error) = (null, $"json: line {e.LineNumber + 1}, column {e.BytePositionInLine + 1}: {message}");
            return false;
        }
    }

    private static IEnumerable<Entry> Objects(JsonNode document, string source)
    {
        if (document is not JsonObject json)
            return [Invalid(source, "invalid object to validate")];
        var (apiVersion, kind) = (json.Text("apiVersion"), json.Text("kind"));
        if (kind.EndsWith("List", StringComparison.Ordinal) && apiVersion.Length > 0 && json["items"] is JsonArray items)
            return items.SelectMany(item => item is null ? [] : Objects(WithKind(item, apiVersion, kind), source));
        if (kind.Length == 0)
            return [Invalid(source, "kind not set")];
        return apiVersion.Length == 0 ? [Invalid(source, "apiVersion not set")] : [new Entry(json, null)];
    }

    // The items of a typed list need not say what they are: the list does.
    private static JsonNode WithKind(JsonNode item, string apiVersion, string listKind)
    {
        if (item is JsonObject json && listKind.Length > "List".Length && !json.ContainsKey("kind"))
            (json["apiVersion"], json["kind"]) = (apiVersion, listKind[..^"List".Length]);
        return item;
    }

    private static Entry Invalid(string source, string why) => new(null, $"error validating \"{source}\": error validating data: {why}");
}
