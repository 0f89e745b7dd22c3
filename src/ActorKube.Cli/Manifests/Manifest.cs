using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Manifests;

/// <summary>An object read from a manifest.</summary>
/// <param name="Kind">Its kind.</param>
/// <param name="Json">The object as written.</param>
/// <param name="Source">The file it stands in.</param>
internal sealed record Manifest(ResourceKind Kind, JsonObject Json, string Source)
{
    /// <summary>Its name; empty where it has none.</summary>
    public string Name => Json.Text("metadata", "name");

    /// <summary>The namespace it says; null where it says none.</summary>
    public string? Namespace => Json.Text("metadata", "namespace") is { Length: > 0 } ns ? ns : null;

    /// <inheritdoc/>
    public override string ToString() => $"{ResourceName.Prefix(Kind)}/{Name}";
}
