using System.Text.Json;
using System.Text.Json.Nodes;
using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Deployments;
using ActorKube.ControllerManager.Shell;
using k8s;
using k8s.Models;

namespace ActorKube.ControllerManager.Common;

/// <summary>
/// The history of a pod template, as DaemonSets and StatefulSets keep it: one ControllerRevision for each template, numbered; going back to an older template
/// gives its revision a new number. The data of a revision is a strategic merge patch, which is what <c>kubectl rollout undo</c> sends.
/// </summary>
/// <param name="Current">The revision of the owner's template now; being created when it is new.</param>
/// <param name="All">The owner's revisions, by number, the current one last.</param>
/// <param name="Actions">What brings the stored revisions up to date.</param>
internal sealed record TemplateRevisions(V1ControllerRevision Current, IReadOnlyList<V1ControllerRevision> All, IReadOnlyList<PlannedAction> Actions)
{
    /// <summary>The label of pods and revisions that tells the template.</summary>
    public const string HashLabel = "controller-revision-hash";

    /// <summary>The revisions of an owner, with the one for its template.</summary>
    /// <param name="owner">The DaemonSet or StatefulSet.</param>
    /// <param name="template">Its template.</param>
    /// <param name="owned">The revisions that it controls, in any order.</param>
    /// <param name="collisionCount">How often a new revision's name was taken.</param>
    public static TemplateRevisions Of<T>(T owner, V1PodTemplateSpec template, IEnumerable<V1ControllerRevision> owned, int? collisionCount) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var all = owned.OrderBy(r => r.Revision).ThenBy(r => r.Metadata.Name, StringComparer.Ordinal).ToList();
        var next = all.Count == 0 ? 1 : (all[^1].Revision ?? 0) + 1;
        var same = all.FindLast(r => PodTemplates.Same(TemplateOf(r), template));
        if (same is null)
        {
            var made = New(owner, template, next, collisionCount);
            return new TemplateRevisions(made, [.. all, made], [new Create(ApiJson.Copy(made))]);
        }

        if (same == all[^1])
            return new TemplateRevisions(same, all, []);
        var renumbered = ApiJson.Copy(same);
        renumbered.Revision = next;
        return new TemplateRevisions(renumbered, [.. all.Where(r => r != same), renumbered], [new Update(ApiJson.Copy(renumbered))]);
    }

    /// <summary>Deletes the oldest revisions beyond a limit that no pod has and that are not <paramref name="kept"/>.</summary>
    public IEnumerable<PlannedAction> Truncate(int limit, IEnumerable<V1Pod> pods, params IReadOnlyList<string> kept)
    {
        var live = pods.Select(HashOf).ToHashSet();
        var old = All.Where(r => r != Current && !kept.Contains(r.Metadata.Name) && !live.Contains(r.Metadata.Labels?[HashLabel] ?? "")).ToList();
        return old.Take(Math.Max(0, old.Count - limit)).Select(r => new Delete(r));
    }

    /// <summary>The template of a revision.</summary>
    public static V1PodTemplateSpec TemplateOf(V1ControllerRevision revision)
    {
        var data = JsonSerializer.SerializeToNode(revision.Data, ApiJson.Options)?["spec"]?["template"]?.AsObject() ?? [];
        data.Remove("$patch");
        return ApiJson.Deserialize<V1PodTemplateSpec>(JsonSerializer.SerializeToUtf8Bytes(data));
    }

    /// <summary>The hash by which pods of the current template are known.</summary>
    public string Hash => HashOf(Current);

    /// <summary>The hash that a pod or revision says it is of.</summary>
    public static string HashOf(IMetadata<V1ObjectMeta> value) => value.Metadata.Labels is { } labels && labels.TryGetValue(HashLabel, out var hash) ? hash : "";

    private static V1ControllerRevision New<T>(T owner, V1PodTemplateSpec template, long revision, int? collisionCount) where T : class, IKubernetesObject<V1ObjectMeta>
    {
        var hash = PodTemplates.Hash(template, collisionCount);
        var patched = JsonNode.Parse(ApiJson.Serialize(template))!.AsObject();
        patched["$patch"] = "replace";
        var labels = new Dictionary<string, string>(template.Metadata?.Labels ?? new Dictionary<string, string>()) { [HashLabel] = hash };
        return new V1ControllerRevision
        {
            Metadata = new V1ObjectMeta
            {
                Name = $"{owner.Metadata.Name}-{hash}",
                NamespaceProperty = owner.Metadata.NamespaceProperty,
                Labels = labels,
                Annotations = owner.Metadata.Annotations is { } annotations ? new Dictionary<string, string>(annotations) : null,
                OwnerReferences = [Ownership.Reference(owner)],
            },
            Data = JsonSerializer.SerializeToElement(new JsonObject { ["spec"] = new JsonObject { ["template"] = patched } }),
            Revision = revision,
        };
    }
}
