using System.Text.Json.Nodes;
using ActorKube.Api.Kinds;
using ActorKube.Cli.Apply;
using ActorKube.Cli.Output;
using ActorKube.Cli.Session;

namespace ActorKube.Cli.Rollout;

/// <summary>The revisions of a Deployment: the ReplicaSets it owns.</summary>
internal static class Revisions
{
    private const string Revision = "deployment.kubernetes.io/revision";
    private const string TemplateHash = "pod-template-hash";
    private static readonly ResourceKind ReplicaSets = KindRegistry.BuiltIn.Find("apps", "v1", "replicasets")!;

    // Annotations that belong to the Deployment or the ReplicaSet, not to a revision.
    private static readonly string[] Kept =
    [
        LastApplied.Key, Revision, "deployment.kubernetes.io/revision-history", "deployment.kubernetes.io/desired-replicas", "deployment.kubernetes.io/max-replicas",
        "deprecated.deployment.rollback.to",
    ];

    /// <summary>Its ReplicaSets, oldest revision first.</summary>
    public static async Task<IReadOnlyList<JsonObject>> ListAsync(CliSession session, JsonObject deployment, CancellationToken cancellation)
    {
        var list = await session.SendAsync(session.Request("list", ReplicaSets, ns: deployment.Text("metadata", "namespace")), cancellation);
        var uid = deployment.Text("metadata", "uid");
        return [.. ObjectPrinter.ItemsOf(list, ReplicaSets)
            .Where(s => s.List("metadata", "ownerReferences").Any(o => o.IsTrue("controller") && o.Text("uid") == uid))
            .OrderBy(Of).ThenBy(s => s.Text("metadata", "creationTimestamp"), StringComparer.Ordinal)];
    }

    /// <summary>The number of a revision; 0 where it has none.</summary>
    public static long Of(JsonObject set) => set.Number("metadata", "annotations", Revision) ?? 0;

    /// <summary>The ReplicaSet with the Deployment's template, or null before there is one.</summary>
    public static JsonObject? Current(JsonObject deployment, IReadOnlyList<JsonObject> sets)
    {
        var template = Template(deployment);
        return sets.FirstOrDefault(s => JsonNode.DeepEquals(Template(s), template));
    }

    /// <summary>The template that makes a revision, without the label that the ReplicaSet got for itself.</summary>
    public static JsonObject Template(JsonObject owner)
    {
        var template = owner.At("spec", "template")?.DeepClone() as JsonObject ?? [];
        (template.At("metadata", "labels") as JsonObject)?.Remove(TemplateHash);
        return template;
    }

    /// <summary>The Deployment's annotations once it is back at a revision: its own bookkeeping, and what was noted with the revision.</summary>
    public static JsonObject Annotations(JsonObject deployment, JsonObject set) => new(
        deployment.Map("metadata", "annotations").Where(a => Kept.Contains(a.Key))
            .Concat(set.Map("metadata", "annotations").Where(a => !Kept.Contains(a.Key)))
            .Select(a => KeyValuePair.Create(a.Key, a.Value?.DeepClone())));
}
