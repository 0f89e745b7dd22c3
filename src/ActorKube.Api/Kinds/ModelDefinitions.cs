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
    private static readonly Lazy<FrozenDictionary<(string, string), string>> References = new(LoadReferences);

    // What a model class holds as a date, as any object, or as a class of the client's own.
    private static readonly string[] Opaque =
    [
        "k8s.io.apimachinery.pkg.apis.meta.v1.Time", "k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime", "k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1", "k8s.io.apimachinery.pkg.runtime.RawExtension",
        Extensions + "JSON", Extensions + "JSONSchemaPropsOrArray", Extensions + "JSONSchemaPropsOrBool", Extensions + "JSONSchemaPropsOrStringArray", Extensions + "CustomResourceSubresourceStatus",
    ];

    private const string Extensions = "k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.v1.";

    /// <summary>The definition's name, or null for a class that is no API model.</summary>
    public static string? NameOf(Type type) => Names.Value.GetValueOrDefault(type);

    /// <summary>What the documentation says of a model class; empty when it says nothing.</summary>
    public static string DescriptionOf(Type type) => Descriptions.Value.GetValueOrDefault(type.Name, "");

    /// <summary>What the documentation says of a property; empty when it says nothing.</summary>
    public static string DescriptionOf(PropertyInfo property) =>
        Descriptions.Value.GetValueOrDefault($"{property.DeclaringType!.Name}.{property.Name}", "");

    /// <summary>What the documentation says of a parameter of an operation of the generated client, such as <c>fieldManager</c> of <c>PatchNamespacedPod</c>; empty when it says nothing.</summary>
    public static string DescriptionOf(string operation, string parameter) => Descriptions.Value.GetValueOrDefault($"{operation}({parameter})", "");

    /// <summary>
    /// The definition that a field refers to where the model class holds something simpler: <c>io.k8s.apimachinery.pkg.apis.meta.v1.Time</c> for a date, <c>RawExtension</c> for any object;
    /// null for the others.
    /// </summary>
    public static string? ReferredBy(string definition, string property) => References.Value.GetValueOrDefault((definition, property));

    /// <summary>A model's properties with their JSON names, in the order of the JSON names.</summary>
    public static IEnumerable<(string JsonName, PropertyInfo Property)> PropertiesOf(Type type) => type.GetProperties()
        .Select(p => (JsonName: p.GetCustomAttribute<JsonPropertyNameAttribute>()?.Name, Property: p))
        .Where(p => p.JsonName is not null && !PublishedFields.IsNewer(type, p.JsonName))
        .Select(p => (p.JsonName!, p.Property))
        .OrderBy(p => p.Item1, StringComparer.Ordinal);

    private static FrozenDictionary<Type, string> LoadNames()
    {
        var packages = LoadPackages();
        var names = new Dictionary<Type, string>
        {
            [typeof(ResourceQuantity)] = "io.k8s.apimachinery.pkg.api.resource.Quantity",
            [typeof(IntOrString)] = "io.k8s.apimachinery.pkg.util.intstr.IntOrString",
            [typeof(VersionInfo)] = "io.k8s.apimachinery.pkg.version.Info",
            [typeof(V1Preconditions)] = "io.k8s.apimachinery.pkg.apis.meta.v1.Preconditions",
        };
        foreach (var type in typeof(V1Pod).Assembly.GetExportedTypes().Where(t => t.Namespace == "k8s.Models"))
        {
            var match = ClassName().Match(type.Name);
            if (!match.Success || names.ContainsKey(type))
                continue;
            var (group, version, message) = (match.Groups["group"].Value.ToLowerInvariant(), "v" + match.Groups["version"].Value, match.Groups["message"].Value);
            var package = packages.GetValueOrDefault((version, message))?
                .FirstOrDefault(p => group.Length == 0 || p.Contains($".{group}.", StringComparison.Ordinal));
            if (package is not null)
                names[type] = $"{package}.{message}";
        }

        return names.ToFrozenDictionary();
    }

    private static FrozenDictionary<(string, string), string> LoadReferences()
    {
        var references = new Dictionary<(string, string), string>();
        foreach (var cells in Rows())
        {
            var value = cells[4].StartsWith("map<string, ", StringComparison.Ordinal) ? cells[4]["map<string, ".Length..^1] : cells[4].Replace("repeated ", "", StringComparison.Ordinal);
            var message = value.StartsWith('.') ? value[1..] : $"{cells[0]}.{value}";
            if (Opaque.Contains(message))
                references.TryAdd(($"{Published(cells[0])}.{cells[1]}", cells[3]), Published(message));
        }

        return references.ToFrozenDictionary();
    }

    private static string Published(string package) => "io." + package.Replace("k8s.io.", "k8s.", StringComparison.Ordinal).Replace('_', '-');

    private static IEnumerable<string[]> Rows()
    {
        using var reader = new StreamReader(typeof(ModelDefinitions).Assembly.GetManifestResourceStream("protobuf-fields.tsv")!);
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
            yield return line.Split('\t');
    }

    // (version, message) → definition prefixes, such as ("v1", "DeploymentSpec") → ["io.k8s.api.apps.v1"].
    private static Dictionary<(string Version, string Message), List<string>> LoadPackages()
    {
        var packages = new Dictionary<(string, string), List<string>>();
        foreach (var cells in Rows())
        {
            if (cells[0].Contains("testapigroup") || cells[0].Contains("example") || cells[0].Contains("audit"))
                continue;
            var key = (cells[0][(cells[0].LastIndexOf('.') + 1)..], cells[1]);
            var prefix = Published(cells[0]);
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
            descriptions[line[..tab]] = Unescape().Replace(line[(tab + 1)..], m => m.Value == "\\n" ? "\n" : "\\");
        }

        return descriptions.ToFrozenDictionary();
    }

    // A line of the file holds a whole text: its line ends are \n, its backslashes are doubled.
    [GeneratedRegex(@"\\[n\\]")]
    private static partial Regex Unescape();

    [GeneratedRegex("^(?<group>[A-Z][a-z]+)?[Vv](?<version>[0-9]+(?:(?:alpha|beta)[0-9]+)?)(?<message>[A-Z].*)$")]
    private static partial Regex ClassName();
}
