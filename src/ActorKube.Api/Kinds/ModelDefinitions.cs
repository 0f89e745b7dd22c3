using System.Collections.Frozen;
using System.IO.Compression;
using System.Reflection;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using k8s;
using k8s.Models;

namespace ActorKube.Api.Kinds;

/// <summary>
/// What the published API calls each model class, <c>io.k8s.api.apps.v1.DeploymentSpec</c> for <see cref="V1DeploymentSpec"/>, and what it says of it.
/// The package of a message comes from <c>protobuf-fields.tsv</c>, the words from KubernetesClient's documentation.
/// </summary>
public static partial class ModelDefinitions
{
    private static readonly Lazy<FrozenDictionary<Type, string>> Names = new(LoadNames);
    private static readonly Lazy<FrozenDictionary<string, string>> Descriptions = new(LoadDescriptions);

    /// <summary>The definition's name, or null for a class that is no API model.</summary>
    public static string? NameOf(Type type) => Names.Value.GetValueOrDefault(type);

    /// <summary>What the documentation says of a model class; empty when it says nothing.</summary>
    public static string DescriptionOf(Type type) => Descriptions.Value.GetValueOrDefault(type.Name, "");

    /// <summary>What the documentation says of a property; empty when it says nothing.</summary>
    public static string DescriptionOf(PropertyInfo property) =>
        Descriptions.Value.GetValueOrDefault($"{property.DeclaringType!.Name}.{property.Name}", "");

    /// <summary>A model's properties with their JSON names, in the order of the JSON names.</summary>
    public static IEnumerable<(string JsonName, PropertyInfo Property)> PropertiesOf(Type type) => type.GetProperties()
        .Select(p => (JsonName: p.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name, Property: p))
        .Where(p => p.JsonName is not null)
        .Select(p => (p.JsonName!, p.Property))
        .OrderBy(p => p.Item1, StringComparer.Ordinal);

    private static FrozenDictionary<Type, string> LoadNames()
    {
        var packages = LoadPackages();
        var names = new Dictionary<Type, string>
        {
            [typeof(ResourceQuantity)] = "io.k8s.apimachinery.pkg.api.resource.Quantity",
            [typeof(IntOrString)] = "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
        };
        foreach (var type in typeof(V1Pod).Assembly.GetExportedTypes().Where(t => t.Namespace == "k8s.Models"))
        {
            var match = ClassName().Match(type.Name);
            if (!match.Success)
                continue;
            var (group, version, message) = (match.Groups["group"].Value.ToLowerInvariant(), "v" + match.Groups["version"].Value, match.Groups["message"].Value);
            var package = packages.GetValueOrDefault((version, message))?
                .FirstOrDefault(p => group.Length == 0 || p.Contains($".{group}.", StringComparison.Ordinal));
            if (package is not null)
                names[type] = $"{package}.{message}";
        }

        return names.ToFrozenDictionary();
    }

    // (version, message) → definition prefixes, such as ("v1", "DeploymentSpec") → ["io.k8s.api.apps.v1"].
    private static Dictionary<(string Version, string Message), List<string>> LoadPackages()
    {
        var packages = new Dictionary<(string, string), List<string>>();
        using var reader = new StreamReader(typeof(ModelDefinitions).Assembly.GetManifestResourceStream("protobuf-fields.tsv")!);
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split('\t');
            if (cells[0].Contains("testapigroup") || cells[0].Contains("example") || cells[0].Contains("audit"))
                continue;
            var key = (cells[0][(cells[0].LastIndexOf('.') + 1)..], cells[1]);
            var prefix = "io." + cells[0].Replace("k8s.io.", "k8s.", StringComparison.Ordinal).Replace('_', '-');
            if (!packages.TryGetValue(key, out var prefixes))
                packages[key] = prefixes = [];
            if (!prefixes.Contains(prefix))
                prefixes.Add(prefix);
        }

        return packages;
    }

    private static FrozenDictionary<string, string> LoadDescriptions()
    {
        using var zip = new GZipStream(typeof(ModelDefinitions).Assembly.GetManifestResourceStream("model-descriptions.gz")!, CompressionMode.Decompress);
        using var reader = new StreamReader(zip);
        var descriptions = new Dictionary<string, string>();
        while (reader.ReadLine() is { } line)
        {
            var tab = line.IndexOf('\t');
            descriptions[line[..tab]] = line[(tab + 1)..];
        }

        return descriptions.ToFrozenDictionary();
    }

    [GeneratedRegex("^(?<group>[A-Z][a-z]+)?[Vv](?<version>[0-9]+(?:(?:alpha|beta)[0-9]+)?)(?<message>[A-Z].*)$")]
    private static partial Regex ClassName();
}
