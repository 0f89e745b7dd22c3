using ActorKube.Api.Kinds;

namespace ActorKube.Cli.Session;

/// <summary>One object, or all of a kind.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Name">Null for all objects of the kind.</param>
internal sealed record ResourceName(ResourceKind Kind, string? Name)
{
    /// <summary>As kubectl prints it: <c>deployment.apps/web</c>, <c>pod/web</c>.</summary>
    public override string ToString() => $"{Prefix(Kind)}/{Name}";

    /// <summary>The object, in the session's namespace. Throws <see cref="CliException"/> where no name was said.</summary>
    public Target ToTarget() => Name is null ? throw new CliException("resource(s) were provided, but no name was specified") : new Target(Kind, Name, null);

    /// <summary><c>deployment.apps</c>, <c>pod</c>.</summary>
    public static string Prefix(ResourceKind kind) => kind.Group.Length == 0 ? kind.Singular : $"{kind.Singular}.{kind.Group}";
}
