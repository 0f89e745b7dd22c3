using System.Collections.Frozen;

namespace ActorKube.Api.Kinds;

/// <summary>
/// What the published schemas say of a definition's fields that the model classes do not: which must be given, what stands where one is not given, which belong to a union,
/// and which fields of the models are newer than the version served. Sources: the tables <c>required-fields</c>, <c>field-defaults</c>, <c>unions</c> and <c>newer-fields</c>,
/// read off the published API v1.36.
/// </summary>
public static class PublishedFields
{
    private static readonly Lazy<FrozenDictionary<string, string[]>> RequiredFields = new(() =>
        Rows("required-fields").ToFrozenDictionary(c => c[0], c => c[1].Split(','), StringComparer.Ordinal));

    private static readonly Lazy<FrozenDictionary<(string, string), string>> Defaults = new(() =>
        Rows("field-defaults").ToFrozenDictionary(c => (c[0], c[1]), c => c[2]));

    private static readonly Lazy<FrozenSet<string>> WithDefaults = new(() => Rows("field-defaults").Select(c => c[0]).ToFrozenSet(StringComparer.Ordinal));

    private static readonly Lazy<ILookup<string, FieldUnion>> AllUnions = new(() => Rows("unions").ToLookup(
        c => c[0], c => new FieldUnion(c[1], [.. c[2].Split(',').Select(f => (f[..f.IndexOf('=')], f[(f.IndexOf('=') + 1)..]))])));

    private static readonly Lazy<FrozenSet<(string, string)>> Newer = new(() => Rows("newer-fields").Select(c => (c[0], c[1])).ToFrozenSet());

    // Asked of every property of every class at start: hardly any has one of these names, and to name all definitions takes time.
    private static readonly Lazy<FrozenSet<string>> NewerNames = new(() => Newer.Value.Select(n => n.Item2).ToFrozenSet(StringComparer.Ordinal));

    private static readonly Lazy<IReadOnlyList<(string Group, string Version)>> Versions = new(() => [.. Rows("group-versions").Select(c => (c[0], c[1]))]);

    /// <summary>Every group version that Kubernetes knows options and watch events of, served or not.</summary>
    public static IReadOnlyList<(string Group, string Version)> KnownGroupVersions => Versions.Value;

    /// <summary>The fields that must be given, in the order in which they are published.</summary>
    public static IReadOnlyList<string> RequiredOf(string definition) => RequiredFields.Value.GetValueOrDefault(Short(definition), []);

    /// <summary>What stands in a field that is not given, as JSON; null for nothing. Of a definition that the table does not hold nothing is known: <see cref="KnowsDefaultsOf"/>.</summary>
    public static string? DefaultOf(string definition, string property) => Defaults.Value.GetValueOrDefault((Short(definition), property));

    /// <summary>Whether the table of defaults holds the definition.</summary>
    public static bool KnowsDefaultsOf(string definition) => WithDefaults.Value.Contains(Short(definition));

    /// <summary>The unions among a definition's fields.</summary>
    public static IEnumerable<FieldUnion> UnionsOf(string definition) => AllUnions.Value[Short(definition)];

    /// <summary>Whether a field of a model came after v1.36: it is not served, as if the model did not have it.</summary>
    public static bool IsNewer(Type model, string jsonName) =>
        NewerNames.Value.Contains(jsonName) && ModelDefinitions.NameOf(model) is { } name && Newer.Value.Contains((Short(name), jsonName));

    /// <summary>All fields that the models have and v1.36 has not: definition and JSON name.</summary>
    public static IEnumerable<(string Definition, string Property)> NewerFields => Newer.Value;

    private static string Short(string definition) =>
        definition.StartsWith("io.k8s.api.", StringComparison.Ordinal) ? definition["io.k8s.api.".Length..] : definition["io.k8s.".Length..];

    private static IEnumerable<string[]> Rows(string table)
    {
        using var reader = new StreamReader(typeof(PublishedFields).Assembly.GetManifestResourceStream(table + ".tsv")!);
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            yield return line.Split('\t');
        }
    }
}

/// <summary>Fields of which one is set at most.</summary>
/// <param name="Discriminator">The field that says which; empty for none.</param>
/// <param name="Fields">JSON names of the fields, each with the value that the discriminator has for it.</param>
public sealed record FieldUnion(string Discriminator, IReadOnlyList<(string Field, string Value)> Fields);
