using System.Globalization;
using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Rollbacks;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Deployments;

/// <summary>
/// Revisions of a Deployment: each template has a ReplicaSet, numbered in an annotation; going back to a template gives its ReplicaSet a new number.
/// </summary>
internal static class Revisions
{
    public const string Revision = "deployment.kubernetes.io/revision";
    public const string History = "deployment.kubernetes.io/revision-history";
    public const string DesiredReplicas = "deployment.kubernetes.io/desired-replicas";
    public const string MaxReplicas = "deployment.kubernetes.io/max-replicas";

    // What belongs to the Deployment alone or is computed for each ReplicaSet.
    private static readonly HashSet<string> NotCopied =
    [
        "kubectl.kubernetes.io/last-applied-configuration", Revision, History, DesiredReplicas, MaxReplicas, "deprecated.deployment.rollback.to",
        RollbackRecord.Annotation, RolloutMarks.Annotation, Canary.NoteAnnotation,
    ];

    /// <summary>The revision number of an object; 0 when it says none.</summary>
    public static long Of(V1ObjectMeta metadata) =>
        metadata.Annotations is { } a && a.TryGetValue(Revision, out var text) && long.TryParse(text, CultureInfo.InvariantCulture, out var revision) ? revision : 0;

    /// <summary>The number that the current template's ReplicaSet must have: higher than all others.</summary>
    public static long Next(DeploymentView view)
    {
        var highestOld = view.Old.Select(r => Of(r.Metadata)).DefaultIfEmpty().Max();
        return view.New is { } current && Of(current.Metadata) > highestOld ? Of(current.Metadata) : highestOld + 1;
    }

    /// <summary>The annotations the current ReplicaSet must have: the Deployment's own ones copied (change-cause among them), the revision, the former revisions.</summary>
    public static Dictionary<string, string> AnnotationsOfCurrent(DeploymentView view, long revision)
    {
        var annotations = new Dictionary<string, string>(view.New?.Metadata.Annotations ?? new Dictionary<string, string>());
        foreach (var (key, value) in view.Deployment.Metadata.Annotations ?? new Dictionary<string, string>())
        {
            if (!NotCopied.Contains(key))
                annotations[key] = value;
        }

        if (view.New is { } current && Of(current.Metadata) is var former and > 0 && former < revision)
        {
            var history = annotations.GetValueOrDefault(History, "");
            annotations[History] = history.Length == 0 ? $"{former}" : $"{history},{former}";
        }

        annotations[Revision] = revision.ToString(CultureInfo.InvariantCulture);
        if (view.New is null)
            SetSizes(annotations, view);
        return annotations;
    }

    /// <summary>Notes for which size of the Deployment a ReplicaSet's size was chosen, for proportional scaling later.</summary>
    public static void SetSizes(IDictionary<string, string> annotations, DeploymentView view)
    {
        annotations[DesiredReplicas] = view.Replicas.ToString(CultureInfo.InvariantCulture);
        annotations[MaxReplicas] = (view.Replicas + view.MaxSurge).ToString(CultureInfo.InvariantCulture);
    }

    /// <summary>The number in an annotation, or null.</summary>
    public static int? Number(V1ReplicaSet replicaSet, string annotation) =>
        replicaSet.Metadata.Annotations is { } a && a.TryGetValue(annotation, out var text) && int.TryParse(text, CultureInfo.InvariantCulture, out var n) ? n : null;

    /// <summary>A ReplicaSet for the Deployment's current template.</summary>
    public static V1ReplicaSet Create(DeploymentView view, int size)
    {
        var deployment = view.Deployment;
        var template = ApiJson.Copy(deployment.Spec.Template);
        var hash = PodTemplates.Hash(template, deployment.Status?.CollisionCount);
        template.Metadata ??= new V1ObjectMeta();
        template.Metadata.Labels = new Dictionary<string, string>(template.Metadata.Labels ?? new Dictionary<string, string>()) { [PodTemplates.HashLabel] = hash };
        var selector = ApiJson.Copy(deployment.Spec.Selector);
        selector.MatchLabels = new Dictionary<string, string>(selector.MatchLabels ?? new Dictionary<string, string>()) { [PodTemplates.HashLabel] = hash };
        return new V1ReplicaSet
        {
            Metadata = new V1ObjectMeta
            {
                Name = $"{deployment.Metadata.Name}-{hash}",
                NamespaceProperty = deployment.Metadata.NamespaceProperty,
                Labels = new Dictionary<string, string>(template.Metadata.Labels),
                Annotations = AnnotationsOfCurrent(view, Next(view)),
                OwnerReferences = [Ownership.Reference(deployment)],
            },
            Spec = new V1ReplicaSetSpec
            {
                Replicas = size,
                MinReadySeconds = deployment.Spec.MinReadySeconds,
                Selector = selector,
                Template = template,
            },
        };
    }

    /// <summary>Old ReplicaSets beyond the history limit, the oldest revisions first.</summary>
    public static IEnumerable<PlannedAction> CleanUp(DeploymentView view)
    {
        var limit = view.Deployment.Spec.RevisionHistoryLimit ?? 10;
        var alive = view.Old.Where(r => r.Metadata.DeletionTimestamp is null).ToList();
        return alive
            .OrderBy(r => Of(r.Metadata))
            .Take(Math.Max(0, alive.Count - limit))
            .Where(r => DeploymentView.Size(r) == 0 && (r.Status?.Replicas ?? 0) == 0 && r.Metadata.Generation <= (r.Status?.ObservedGeneration ?? 0))
            .Select(r => new Delete(r));
    }
}
