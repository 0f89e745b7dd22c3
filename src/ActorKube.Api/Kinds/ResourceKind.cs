namespace ActorKube.Api.Kinds;

/// <summary>
/// One resource type the API serves: its group, version and names, and what may be done with it.
/// Source: the table <c>Kinds/resources.tsv</c>, read off the Kubernetes v1.36 API.
/// </summary>
public record ResourceKind
{
    /// <summary>API group; empty for the core group.</summary>
    public required string Group { get; init; }

    /// <summary>Version, such as <c>v1</c>.</summary>
    public required string Version { get; init; }

    /// <summary>Plural name in URLs, such as <c>deployments</c>.</summary>
    public required string Resource { get; init; }

    /// <summary>Singular name, such as <c>deployment</c>.</summary>
    public required string Singular { get; init; }

    /// <summary>Kind, such as <c>Deployment</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Whether objects live in a namespace.</summary>
    public required bool Namespaced { get; init; }

    /// <summary>Verbs in discovery order.</summary>
    public required IReadOnlyList<string> Verbs { get; init; }

    /// <summary>Short names for kubectl, such as <c>deploy</c>.</summary>
    public IReadOnlyList<string> ShortNames { get; init; } = [];

    /// <summary>Categories, such as <c>all</c>.</summary>
    public IReadOnlyList<string> Categories { get; init; } = [];

    /// <summary>Subresources, such as <c>status</c> and <c>scale</c>.</summary>
    public IReadOnlyList<Subresource> Subresources { get; init; } = [];

    /// <summary>The model class, or null for a kind that only KubernetesClient lacks.</summary>
    public required Type? ClrType { get; init; }

    /// <summary>Kind of a list of them, such as <c>DeploymentList</c>.</summary>
    public string ListKind { get => field ?? Kind + "List"; init; }

    /// <summary><c>v1</c> or <c>apps/v1</c>.</summary>
    public string ApiVersion => Group.Length == 0 ? Version : $"{Group}/{Version}";

    /// <summary><c>pods</c> or <c>deployments.apps</c>: how messages and the store name the resource type.</summary>
    public string GroupResource => Group.Length == 0 ? Resource : $"{Resource}.{Group}";

    /// <summary>Whether objects are kept in the store (a Binding or a SubjectAccessReview is not).</summary>
    public bool IsStored => Verbs.Contains("get") && Verbs.Contains("create");

    /// <summary>Whether the resource offers the verb.</summary>
    public bool Allows(string verb) => Verbs.Contains(verb);

    /// <summary>Whether the resource has the subresource.</summary>
    public bool Has(string subresource) => Subresources.Any(s => s.Name == subresource);

    /// <inheritdoc/>
    public override string ToString() => $"{ApiVersion} {Resource}";
}

/// <summary>A subresource and what may be done with it.</summary>
/// <param name="Name">Path segment, such as <c>scale</c>.</param>
/// <param name="Kind">Kind of its body, such as <c>Scale</c>.</param>
/// <param name="Verbs">Verbs in discovery order.</param>
public sealed record Subresource(string Name, string Kind, IReadOnlyList<string> Verbs);
