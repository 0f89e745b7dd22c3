using ActorKube.Api.Kinds;

namespace ActorKube.Cli;

/// <summary>One object or one kind, as a user names it on the command line.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Name">Null for all objects of the kind.</param>
internal sealed record ResourceName(ResourceKind Kind, string? Name)
{
    /// <summary>As kubectl prints it: <c>deployment.apps/web</c>, <c>pod/web</c>.</summary>
    public override string ToString() => $"{Prefix(Kind)}/{Name}";

    public static string Prefix(ResourceKind kind) => kind.Group.Length == 0 ? kind.Singular : $"{kind.Singular}.{kind.Group}";
}

/// <summary>Reads <c>pods</c>, <c>po,svc</c>, <c>deploy/web</c>, <c>deployments.apps web</c>, <c>all</c>.</summary>
internal static class ResourceNames
{
    public static IReadOnlyList<ResourceName> Parse(IReadOnlyList<string> arguments)
    {
        if (arguments.Count == 0)
            throw new CliException("You must specify the type of resource to work on, such as 'pods' or 'deployment/web'");
        if (arguments.Any(a => a.Contains('/')))
            return [.. arguments.Select(ParsePair)];
        var kinds = arguments[0].Split(',', StringSplitOptions.RemoveEmptyEntries).SelectMany(Kinds).ToList();
        return arguments.Count == 1
            ? [.. kinds.Select(k => new ResourceName(k, null))]
            : [.. kinds.SelectMany(k => arguments.Skip(1).Select(name => new ResourceName(k, name)))];
    }

    /// <summary>The kind a word means.</summary>
    public static ResourceKind Kind(string word)
    {
        var lower = word.ToLowerInvariant();
        return KindRegistry.BuiltIn.All.Where(k => k.IsStored || k.Allows("list")).FirstOrDefault(k => Means(k, lower))
            ?? throw new CliException($"the server doesn't have a resource type \"{word}\"");
    }

    private static IEnumerable<ResourceKind> Kinds(string word) => word == "all"
        ? KindRegistry.BuiltIn.All.Where(k => k.Categories.Contains("all")).DistinctBy(k => k.GroupResource)
        : [Kind(word)];

    private static ResourceName ParsePair(string argument)
    {
        var parts = argument.Split('/');
        return parts.Length == 2 && parts[0].Length > 0 && parts[1].Length > 0
            ? new ResourceName(Kind(parts[0]), parts[1])
            : throw new CliException($"arguments in resource/name form must have a single resource and name: '{argument}'");
    }

    private static bool Means(ResourceKind kind, string word) =>
        word == kind.Resource || word == kind.Singular || kind.ShortNames.Contains(word)
        || word == kind.GroupResource || word == $"{kind.Singular}.{kind.Group}" || word == $"{kind.Resource}.{kind.Version}.{kind.Group}";
}
