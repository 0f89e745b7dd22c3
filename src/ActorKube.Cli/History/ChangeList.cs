using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Api.Machinery;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.History;

/// <summary>One write of an object, as <c>history.actorkube.io/v1</c> tells it.</summary>
/// <param name="Value">The Change.</param>
internal sealed record ObjectChange(JsonObject Value)
{
    /// <summary>Namespace of the object; empty for none.</summary>
    public string Namespace => Value.Text("metadata", "namespace");

    /// <summary>Resource type, such as <c>deployments.apps</c>.</summary>
    public string Resource => Value.Text("resource");

    /// <summary>Name of the object.</summary>
    public string Name => Value.Text("name");

    /// <summary>The object's resourceVersion since then.</summary>
    public string Revision => Value.Text("revision");

    /// <summary>The one before; empty for none.</summary>
    public string Previous => Value.Text("previousRevision");

    /// <summary><c>Created</c>, <c>Updated</c> or <c>Removed</c>.</summary>
    public string Type => Value.Text("type");

    /// <summary>When.</summary>
    public DateTimeOffset? Time => Value.Time("time");

    /// <summary>Who.</summary>
    public string User => Value.Text("user");

    /// <summary>By which program.</summary>
    public string Manager => Value.Text("manager");

    /// <summary>The paths of the changed fields.</summary>
    public IEnumerable<string> Paths => Value.List("fields").Select(f => f.Text("path"));

    /// <summary>Whether somebody wished something: more than the status changed.</summary>
    public bool IsWish => Type != "Updated" || Paths.Any(p => !FieldChanges.IsBelow(p, ".status"));

    /// <summary>Whether the cluster's own parts made it, in following somebody's wish.</summary>
    public bool IsAutomatic => User.StartsWith("system:serviceaccount:kube-system:", StringComparison.Ordinal) || User.StartsWith("system:kube-", StringComparison.Ordinal) || User.StartsWith("system:node:", StringComparison.Ordinal);

    /// <summary>In a line: <c>patch by alice (kubectl-patch): .spec.replicas: 2 → 3</c>.</summary>
    public string Line => $"{Value.Text("verb")} by {User}{(Manager.Length > 0 ? $" ({Manager})" : "")}{(Value.Text("summary") is { Length: > 0 } what ? $": {what}" : "")}";
}

/// <summary>Reads changes from the server.</summary>
internal sealed class ChangeList(CliSession session)
{
    /// <summary>The kind of changes.</summary>
    public static ResourceKind Kind { get; } = new()
    {
        Group = "history.actorkube.io", Version = "v1", Resource = "changes", Singular = "change", Kind = "Change", Namespaced = true, Verbs = ["get", "list"], ClrType = null,
    };

    /// <summary>Changes that a field selector and times choose, the oldest first. An empty namespace means all.</summary>
    public async Task<JsonObject> ListAsync(string ns, IEnumerable<(string Field, string? Value)> fields, Moment since, Moment until, long? limit, bool earlier, CancellationToken cancellation)
    {
        var selector = string.Join(',', fields.Where(f => !string.IsNullOrEmpty(f.Value)).Select(f => new FieldRequirement(f.Field, f.Value!, Negated: false)));
        try
        {
            return await session.SendAsync(
                session.Request("list", Kind, ns: ns, query: [("fieldSelector", selector), ("since", since.Query.Value), ("until", until.Query.Value), ("limit", limit?.ToString()), ("earlier", earlier ? "true" : null)]), cancellation);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            throw new CliException("this server keeps no history: it is not an ActorKube");
        }
    }

    /// <summary>All changes of one object in its present life, the oldest first.</summary>
    public async Task<IReadOnlyList<ObjectChange>> OfAsync(Target target, bool earlier, CancellationToken cancellation) =>
        Read(await ListAsync(target.Kind.Namespaced ? target.Namespace ?? session.Namespace : "", [("resource", target.Kind.GroupResource), ("name", target.Name)], Moment.Now, Moment.Now, 10_000, earlier, cancellation));

    /// <summary>The change that this one follows from; null for none.</summary>
    public async Task<ObjectChange?> CauseOfAsync(ObjectChange change, CancellationToken cancellation) => change.Value.At("because") is JsonObject because
        && await session.FindAsync(session.Request("get", Kind, because.Text("change"), ns: because.Text("namespace")), cancellation) is { } cause
            ? new ObjectChange(cause)
            : null;

    /// <summary>The changes of a list.</summary>
    public static IReadOnlyList<ObjectChange> Read(JsonObject list) => [.. list.List("items").Select(i => new ObjectChange(i.AsObject()))];
}
