using System.Collections.Frozen;

namespace ActorKube.Api.Kinds;

/// <summary>Whether a field that is not given is there all the same, as Kubernetes' own classes have it.</summary>
public enum Presence
{
    /// <summary>There when it was given.</summary>
    WhenGiven,

    /// <summary>Always there: an empty struct, an empty list, or a zero.</summary>
    Always,

    /// <summary>There when it is not zero, empty or false.</summary>
    WhenNotZero,
}

/// <summary>
/// What Kubernetes' own classes say of a field beyond its JSON type. Source: the table <c>Kinds/field-presence.tsv</c>, read off the published Go types.
/// </summary>
/// <param name="Presence">Whether it is there when it is not given.</param>
/// <param name="Default">Default as JSON, of fields that are keys of lists; empty for none.</param>
public sealed record FieldPresence(Presence Presence, string Default)
{
    private static readonly FieldPresence Given = new(Presence.WhenGiven, "");
    private static readonly Lazy<FrozenDictionary<(string Definition, string Property), FieldPresence>> Table = new(Load);
    private static readonly Lazy<FrozenSet<string>> Atomic = new(LoadAtomic);

    /// <summary>Of a property of a definition, such as <c>io.k8s.api.core.v1.PodSpec</c>.</summary>
    public static FieldPresence Of(string definition, string property) => Table.Value.GetValueOrDefault((Short(definition), property), Given);

    /// <summary>Whether the definition's structs are owned as a whole wherever they stand, such as a label selector.</summary>
    public static bool IsAtomic(string definition) => Atomic.Value.Contains(Short(definition));

    private static string Short(string definition) =>
        definition.StartsWith("io.k8s.api.", StringComparison.Ordinal) ? definition["io.k8s.api.".Length..] : definition["io.k8s.".Length..];

    private static FrozenDictionary<(string, string), FieldPresence> Load()
    {
        var (always, notZero) = (new FieldPresence(Presence.Always, ""), new FieldPresence(Presence.WhenNotZero, ""));
        var table = new Dictionary<(string, string), FieldPresence>();
        foreach (var cells in Rows().Where(c => c[2] != "atomic"))
        {
            table[(cells[0], cells[1])] = (cells[2], cells[3]) switch
            {
                ("always", "") => always,
                ("nonzero", "") => notZero,
                (var presence, var given) => new FieldPresence(presence switch { "always" => Presence.Always, "nonzero" => Presence.WhenNotZero, _ => Presence.WhenGiven }, given),
            };
        }

        return table.ToFrozenDictionary();
    }

    private static FrozenSet<string> LoadAtomic() => Rows().Where(c => c[2] == "atomic").Select(c => c[0]).ToFrozenSet(StringComparer.Ordinal);

    private static IEnumerable<string[]> Rows()
    {
        using var reader = new StreamReader(typeof(FieldPresence).Assembly.GetManifestResourceStream("field-presence.tsv")!);
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            yield return line.Split('\t');
        }
    }
}
