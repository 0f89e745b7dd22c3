using System.Text;
using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;

namespace ActorKube.Cli;

/// <summary>An object read from a manifest.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Json">The object as written.</param>
/// <param name="Source">File it stands in.</param>
internal sealed record Manifest(ResourceKind Kind, JsonObject Json, string Source)
{
    public string Name => (string?)Json["metadata"]?["name"] ?? "";

    public string? Namespace => (string?)Json["metadata"]?["namespace"];

    public override string ToString() => $"{ResourceName.Prefix(Kind)}/{Name}";
}

/// <summary>Reads files, folders and standard input: YAML with several documents, JSON, and Lists of objects.</summary>
internal static class Manifests
{
    private static readonly string[] Endings = [".yaml", ".yml", ".json"];

    public static IReadOnlyList<Manifest> Read(IEnumerable<string> sources, bool recursive) => [.. sources.SelectMany(s => Files(s, recursive)).SelectMany(ReadFile)];

    private static IEnumerable<string> Files(string source, bool recursive)
    {
        if (source == "-" || File.Exists(source))
            return [source];
        if (!Directory.Exists(source))
            throw new CliException($"the path \"{source}\" does not exist");
        var files = Directory.EnumerateFiles(source, "*", recursive ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly)
            .Where(f => Endings.Contains(Path.GetExtension(f)))
            .Order(StringComparer.Ordinal)
            .ToList();
        return files.Count > 0 ? files : throw new CliException($"no objects passed: \"{source}\" has no .yaml, .yml or .json file");
    }

    private static IEnumerable<Manifest> ReadFile(string file)
    {
        var bytes = file == "-" ? ReadStandardInput() : File.ReadAllBytes(file);
        IReadOnlyList<JsonNode?> documents;
        try
        {
            documents = [.. YamlJson.SplitDocuments(Encoding.UTF8.GetString(bytes)).Select(d => JsonNode.Parse(YamlJson.Convert(Encoding.UTF8.GetBytes(d))))];
        }
        catch (FormatException e)
        {
            throw new CliException($"error parsing {file}: {e.Message}");
        }

        return documents.Where(d => d is not null).SelectMany(d => Objects(d!, file));
    }

    private static IEnumerable<Manifest> Objects(JsonNode document, string file)
    {
        if (document is not JsonObject json)
            throw new CliException($"{file}: not an object");
        var (apiVersion, kind) = (Text(json["apiVersion"]), Text(json["kind"]));
        if (kind.Length == 0)
            throw new CliException($"error validating \"{file}\": error validating data: kind not set");
        if (apiVersion.Length == 0)
            throw new CliException($"error validating \"{file}\": error validating data: apiVersion not set");
        if (kind.EndsWith("List", StringComparison.Ordinal) && json["items"] is JsonArray items)
            return items.SelectMany(item => Objects(item!, file));
        var known = KindRegistry.BuiltIn.FindKind(apiVersion, kind)
            ?? throw new CliException($"resource mapping not found for name: \"{Text(json["metadata"]?["name"])}\" from \"{file}\": no matches for kind \"{kind}\" in version \"{apiVersion}\"");
        return [new Manifest(known, json, file)];
    }

    private static string Text(JsonNode? node) => node is JsonValue value && value.TryGetValue<string>(out var text) ? text : "";

    private static byte[] ReadStandardInput()
    {
        using var input = Console.OpenStandardInput();
        using var bytes = new MemoryStream();
        input.CopyTo(bytes);
        return bytes.ToArray();
    }
}
