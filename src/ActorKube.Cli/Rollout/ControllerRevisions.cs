using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Rollout;

/// <summary>The revisions of a DaemonSet or StatefulSet: the ControllerRevisions it owns, each a patch that brings its template back.</summary>
internal static class ControllerRevisions
{
    private static readonly ResourceKind Kind = KindRegistry.BuiltIn.Find("apps", "v1", "controllerrevisions")!;

    /// <summary>Oldest first.</summary>
    public static async Task<IReadOnlyList<JsonObject>> ListAsync(CliSession session, JsonObject owner, CancellationToken cancellation)
    {
        var list = await session.SendAsync(session.Request("list", Kind, ns: owner.Text("metadata", "namespace")), cancellation);
        var uid = owner.Text("metadata", "uid");
        return [.. ObjectPrinter.ItemsOf(list, Kind).Where(r => r.List("metadata", "ownerReferences").Any(o => o.IsTrue("controller") && o.Text("uid") == uid)).OrderBy(Of)];
    }

    /// <summary>Its number.</summary>
    public static long Of(JsonObject revision) => revision.Number("revision") ?? 0;

    /// <summary>The patch that brings the owner back to it.</summary>
    public static JsonNode Patch(JsonObject revision) => revision["data"] ?? throw new CliException($"revision {Of(revision)} has no data");

    /// <summary>The pod template it keeps, without the mark that it replaces the whole one.</summary>
    public static JsonObject Template(JsonObject revision)
    {
        var template = revision.At("data", "spec", "template")?.DeepClone() as JsonObject ?? [];
        template.Remove("$patch");
        return template;
    }

    /// <summary>Whether the owner is at this revision already.</summary>
    public static bool IsCurrent(JsonObject owner, JsonObject revision) => JsonNode.DeepEquals(owner.At("spec", "template"), Template(revision));
}
