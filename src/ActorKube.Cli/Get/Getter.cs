using System.Text.Json.Nodes;
using ActorKube.Cli.History;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Get;

/// <summary>What a <c>get</c> shall show, and how.</summary>
internal sealed record Getter(CliSession Session)
{
    /// <summary><c>wide</c>, <c>yaml</c>, <c>json</c>, <c>name</c>; empty for the table.</summary>
    public string Format { get; init; } = "";

    public bool AllNamespaces { get; init; }

    public bool Headings { get; init; } = true;

    public bool ShowKind { get; init; }

    public bool ShowLabels { get; init; }

    public bool ManagedFields { get; init; }

    public bool IgnoreNotFound { get; init; }

    public IReadOnlyList<string> LabelColumns { get; init; } = [];

    public string? Selector { get; init; }

    public string? Fields { get; init; }

    public string? SortBy { get; init; }

    /// <summary>The moment whose objects are shown.</summary>
    public Moment At { get; init; } = Moment.Now;

    /// <summary>Whether tables are shown, not objects.</summary>
    public bool IsTable => Format is "" or "wide";

    /// <summary>Fetches one object or a list.</summary>
    public Task<JsonObject> SendAsync(GetTarget target, CancellationToken cancellation, string accept = "application/json") => target.Name is { } name
        ? Session.SendAsync(Session.Request("get", target.Kind, name, ns: target.Namespace, query: [Included, At.Query]), cancellation, accept)
        : Session.ListAsync(target.Kind, AllNamespaces ? "" : null, Selector, Fields, cancellation, accept, Included, At.Query);

    // To sort a table by a field, the objects must come with it.
    private (string, string?) Included => ("includeObject", IsTable && SortBy is not null ? "Object" : null);
}

/// <summary>One object or all of a kind.</summary>
/// <param name="Kind">The kind.</param>
/// <param name="Name">Null for all.</param>
/// <param name="Namespace">Null for the session's.</param>
internal sealed record GetTarget(Api.Kinds.ResourceKind Kind, string? Name, string? Namespace = null);
