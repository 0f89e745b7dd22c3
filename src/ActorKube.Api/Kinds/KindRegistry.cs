using System.Collections.Frozen;
using ActorKube.Api.Machinery;
using k8s;
using k8s.Models;

namespace ActorKube.Api.Kinds;

/// <summary>Resource types, found by URL, by kind or by model class. Immutable: where kinds come and go, one registry takes another's place.</summary>
public sealed class KindRegistry
{
    /// <summary>Every stable resource of Kubernetes v1.36.</summary>
    public static KindRegistry BuiltIn { get; } = new(Load());

    private readonly FrozenDictionary<(string Group, string Version, string Resource), ResourceKind> _byResource;
    private readonly FrozenDictionary<(string Group, string Version, string Kind), ResourceKind> _byKind;
    private readonly FrozenDictionary<Type, ResourceKind> _byType;

    private KindRegistry(IReadOnlyList<ResourceKind> kinds)
    {
        All = kinds;
        _byResource = kinds.DistinctBy(k => (k.Group, k.Version, k.Resource)).ToFrozenDictionary(k => (k.Group, k.Version, k.Resource));
        _byKind = kinds.DistinctBy(k => (k.Group, k.Version, k.Kind)).ToFrozenDictionary(k => (k.Group, k.Version, k.Kind));
        _byType = kinds.Where(k => k.ClrType is not null && k.ClrType != typeof(CustomObject)).DistinctBy(k => k.ClrType).ToFrozenDictionary(k => k.ClrType!);
    }

    /// <summary>The built-in kinds and others. A built-in kind goes before another one at the same URL.</summary>
    public static KindRegistry WithCustom(IEnumerable<ResourceKind> custom) => new([.. BuiltIn.All, .. custom]);

    /// <summary>All kinds in the order of the table.</summary>
    public IReadOnlyList<ResourceKind> All { get; }

    /// <summary>The kind at a URL, or null.</summary>
    public ResourceKind? Find(string group, string version, string resource) => _byResource.GetValueOrDefault((group, version, resource));

    /// <summary>The kind of an object's apiVersion and kind, or null.</summary>
    public ResourceKind? FindKind(string apiVersion, string kind)
    {
        var slash = apiVersion.IndexOf('/');
        return slash < 0
            ? _byKind.GetValueOrDefault(("", apiVersion, kind))
            : _byKind.GetValueOrDefault((apiVersion[..slash], apiVersion[(slash + 1)..], kind));
    }

    /// <summary>The kind of a model class. Throws <see cref="ArgumentException"/> for a class that is no resource.</summary>
    public ResourceKind Of(Type type) => _byType.TryGetValue(type, out var kind)
        ? kind
        : throw new ArgumentException($"{type.Name} is not a Kubernetes resource type");

    /// <summary>The kind of a model class.</summary>
    public ResourceKind Of<T>() where T : IKubernetesObject<V1ObjectMeta> => Of(typeof(T));

    private static List<ResourceKind> Load()
    {
        using var reader = new StreamReader(typeof(KindRegistry).Assembly.GetManifestResourceStream("resources.tsv")!);
        var kinds = new List<ResourceKind>();
        reader.ReadLine();
        while (reader.ReadLine() is { } line)
        {
            var cells = line.Split('\t');
            kinds.Add(new ResourceKind
            {
                Group = cells[0],
                Version = cells[1],
                Resource = cells[2],
                Kind = cells[3],
                Singular = cells[3].ToLowerInvariant(),
                Namespaced = cells[4] == "Namespaced",
                Verbs = Names(cells[5], '/'),
                ShortNames = Names(cells[6], ','),
                Categories = Names(cells[7], ','),
                Subresources = [.. Names(cells[8], ';').Select(ParseSubresource)],
                ClrType = ModelOf(cells[0], cells[1], cells[3]),
            });
        }

        return kinds;
    }

    // KubernetesClient calls a model class V1Pod, and where two groups use one name, by the group's first word too: Corev1Event and Eventsv1Event.
    // To ask for a class by its name is many times faster than to look at the attributes of all of them.
    private static Type? ModelOf(string group, string version, string kind)
    {
        var models = typeof(V1Pod).Assembly;
        return models.GetType($"k8s.Models.{Capital(version)}{kind}") ?? models.GetType($"k8s.Models.{Capital(group.Length == 0 ? "core" : group.Split('.')[0])}{version}{kind}");
    }

    private static string Capital(string word) => char.ToUpperInvariant(word[0]) + word[1..];

    private static Subresource ParseSubresource(string text)
    {
        var open = text.IndexOf('(');
        var colon = text.IndexOf(':', open);
        return new Subresource(text[..open], text[(open + 1)..colon], Names(text[(colon + 1)..^1], '/'));
    }

    private static string[] Names(string cell, char separator) => cell.Split(separator, StringSplitOptions.RemoveEmptyEntries);
}
