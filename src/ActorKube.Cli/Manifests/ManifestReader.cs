using System.Text;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Manifests;

/// <summary>Reads manifests from files, folders, URLs and standard input.</summary>
internal static class ManifestReader
{
    private static readonly string[] Endings = [".json", ".yaml", ".yml"];

    /// <summary>All objects; throws when one of them cannot be read.</summary>
    public static async Task<IReadOnlyList<Manifest>> ReadAsync(CliSession session, IEnumerable<string> sources, bool recursive, CancellationToken cancellation)
    {
        var errors = new List<Exception>();
        var manifests = await ReadAsync(session, sources, recursive, errors, cancellation);
        SeveralException.ThrowIfAny(errors);
        return manifests;
    }

    /// <summary>The objects that can be read; what is wrong with the others goes into <paramref name="errors"/>.</summary>
    public static async Task<IReadOnlyList<Manifest>> ReadAsync(
        CliSession session, IEnumerable<string> sources, bool recursive, List<Exception> errors, CancellationToken cancellation)
    {
        var manifests = new List<Manifest>();
        foreach (var file in sources.SelectMany(s => Files(s, recursive)).ToList())
        {
            foreach (var (json, error) in ManifestText.Read(await TextOfAsync(file, cancellation), file == "-" ? "STDIN" : file))
            {
                if (json is null)
                {
                    errors.Add(new CliException(error!));
                    continue;
                }

                var kind = await session.Kinds.FindKindAsync(json.Text("apiVersion"), json.Text("kind"), cancellation);
                var manifest = kind is null ? null : new Manifest(kind, json, file == "-" ? "STDIN" : file);
                if (manifest is null)
                    errors.Add(new CliException(NoMatch(json, file)));
                else if (session.IsNamespaceExplicit && kind!.Namespaced && manifest.Namespace is { } ns && ns != session.Namespace)
                    errors.Add(new CliException(
                        $"the namespace from the provided object \"{ns}\" does not match the namespace \"{session.Namespace}\". You must pass '--namespace={ns}' to perform this operation."));
                else
                    manifests.Add(manifest);
            }
        }

        return manifests;
    }

    private static string NoMatch(System.Text.Json.Nodes.JsonObject json, string file) =>
        $"resource mapping not found for name: \"{json.Text("metadata", "name")}\" namespace: \"{json.Text("metadata", "namespace")}\" from \"{file}\": no matches for kind \"{json.Text("kind")}\" in version \"{json.Text("apiVersion")}\"\nensure CRDs are installed first";

    private static IEnumerable<string> Files(string source, bool recursive)
    {
        if (source == "-" || IsUrl(source) || File.Exists(source))
            return [source];
        if (!Directory.Exists(source))
            throw new CliException($"the path \"{source}\" does not exist");
        var files = Directory.EnumerateFiles(source, "*", recursive ? SearchOption.AllDirectories : SearchOption.TopDirectoryOnly)
            .Where(f => Endings.Contains(Path.GetExtension(f)))
            .Order(StringComparer.Ordinal)
            .ToList();
        return files.Count > 0 ? files : throw new CliException($"error reading [{source}]: recognized file extensions are [{string.Join(' ', Endings)}]");
    }

    private static bool IsUrl(string source) => source.StartsWith("http://", StringComparison.Ordinal) || source.StartsWith("https://", StringComparison.Ordinal);

    private static async Task<string> TextOfAsync(string file, CancellationToken cancellation)
    {
        try
        {
            if (IsUrl(file))
            {
                using var http = new HttpClient();
                return await http.GetStringAsync(file, cancellation);
            }

            using var stream = file == "-" ? Console.OpenStandardInput() : File.OpenRead(file);
            using var reader = new StreamReader(stream, Encoding.UTF8);
            return await reader.ReadToEndAsync(cancellation);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or HttpRequestException)
        {
            throw new CliException($"unable to read \"{file}\": {e.Message}");
        }
    }
}
