using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Session;

/// <summary>
/// The kinds that words stand for. The built-in ones are known without asking; only for a word that none of them has is the server asked
/// what it serves beside them (custom resources, aggregated APIs).
/// </summary>
/// <param name="discover">Reads a discovery document.</param>
internal sealed class Kinds(Func<string, CancellationToken, Task<JsonNode>> discover)
{
    private IReadOnlyList<ResourceKind>? _discovered;

    /// <summary>The objects and kinds that a command's words mean.</summary>
    public async Task<IReadOnlyList<ResourceName>> ResolveAsync(IReadOnlyList<ResourceArgument> arguments, CancellationToken cancellation)
    {
        var names = new List<ResourceName>();
        foreach (var argument in arguments)
        {
            var kinds = argument is { Type: "all", Name: null } ? InCategory("all") : [await FindAsync(argument.Type, cancellation)];
            names.AddRange(kinds.Select(kind => new ResourceName(kind, argument.Name)));
        }

        return names;
    }

    /// <summary>The kind of a word such as <c>po</c>, <c>Pods</c>, <c>deployments.apps</c> or <c>deployments.v1.apps</c>.</summary>
    public async Task<ResourceKind> FindAsync(string word, CancellationToken cancellation)
    {
        var lower = word.ToLowerInvariant();
        return BuiltIn(lower)
            ?? (await DiscoveredAsync(cancellation)).FirstOrDefault(k => Means(k, lower))
            ?? throw new CliException($"the server doesn't have a resource type \"{word}\"");
    }

    /// <summary>The kind that an object says it is of, or null.</summary>
    public async Task<ResourceKind?> FindKindAsync(string apiVersion, string kind, CancellationToken cancellation) =>
        KindRegistry.BuiltIn.FindKind(apiVersion, kind) ?? (await DiscoveredAsync(cancellation)).FirstOrDefault(k => k.ApiVersion == apiVersion && k.Kind == kind);

    /// <summary>The built-in kinds that objects are kept of or can be listed.</summary>
    public static IEnumerable<ResourceKind> All() => KindRegistry.BuiltIn.All.Where(k => k.IsStored || k.Allows("list"));

    /// <summary>The built-in kind of a word, or null.</summary>
    public static ResourceKind? BuiltIn(string word) =>
        // An Event of the core group is what people mean, though the group events.k8s.io has one too.
        All().OrderBy(k => k.Group.Length > 0).FirstOrDefault(k => Means(k, word));

    private static IEnumerable<ResourceKind> InCategory(string category) =>
        KindRegistry.BuiltIn.All.Where(k => k.Categories.Contains(category)).DistinctBy(k => k.GroupResource);

    private static bool Means(ResourceKind kind, string word) =>
        word == kind.Resource || word == kind.Singular || kind.ShortNames.Contains(word)
        || word == kind.GroupResource || word == $"{kind.Singular}.{kind.Group}" || word == $"{kind.Resource}.{kind.Version}.{kind.Group}";

    /// <summary>All kinds the server has, each in the version that the server prefers.</summary>
    public async Task<IReadOnlyList<ResourceKind>> PreferredAsync(CancellationToken cancellation) =>
        [.. (await DiscoveredAsync(cancellation)).DistinctBy(k => k.GroupResource)];

    private async Task<IReadOnlyList<ResourceKind>> DiscoveredAsync(CancellationToken cancellation)
    {
        if (_discovered is not null)
            return _discovered;
        var kinds = new List<ResourceKind>();
        foreach (var path in new[] { "/api", "/apis" })
        {
            foreach (var group in (await discover(path, cancellation)).List("items"))
            {
                foreach (var version in group.List("versions"))
                    kinds.AddRange(version.List("resources").Select(r => KindOf(r, group.Text("metadata", "name"), version.Text("version"))));
            }
        }

        return _discovered = kinds;
    }

    private static ResourceKind KindOf(JsonNode resource, string group, string version) => new()
    {
        Group = group,
        Version = version,
        Resource = resource.Text("resource"),
        Kind = resource.Text("responseKind", "kind"),
        Singular = resource.Text("singularResource") is { Length: > 0 } singular ? singular : resource.Text("responseKind", "kind").ToLowerInvariant(),
        Namespaced = resource.Text("scope") == "Namespaced",
        Verbs = Texts(resource, "verbs"),
        ShortNames = Texts(resource, "shortNames"),
        Categories = Texts(resource, "categories"),
        Subresources = [.. resource.List("subresources").Select(s => new Subresource(s.Text("subresource"), s.Text("responseKind", "kind"), Texts(s, "verbs")))],
        ClrType = null,
    };

    private static string[] Texts(JsonNode node, string field) => [.. node.List(field).Select(n => n.Text())];
}
