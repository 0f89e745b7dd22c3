using ActorKube.Api.Machinery;
using ActorKube.Client;
using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>Watches StatefulSets, their revisions and pods for the <see cref="RollbackReconciler"/>.</summary>
internal sealed class StatefulSetRollbackController : IController
{
    private readonly ILister<V1StatefulSet> _sets;
    private readonly ILister<V1ControllerRevision> _revisions;
    private readonly ILister<V1Pod> _pods;

    public StatefulSetRollbackController(IInformerFactory informers)
    {
        var (sets, revisions, pods) = (informers.Informer<V1StatefulSet>(), informers.Informer<V1ControllerRevision>(), informers.Informer<V1Pod>());
        Ownership.AddIndex(revisions);
        Ownership.AddIndex(pods);
        (_sets, _revisions, _pods) = (sets.Lister, revisions.Lister, pods.Lister);
        Sources = [Source.Own(sets), Source.Of(revisions, Ownership.OwnerOf<V1StatefulSet>), Source.Of(pods, OfPod)];
    }

    public string Name => "statefulset-rollback";

    public IReadOnlyList<Source> Sources { get; }

    public Plan Reconcile(ObjectKey key, ReconcileContext context)
    {
        if (_sets.Get(key.Namespace, key.Name) is not { } set || !RollbackReconciler.Concerns(set) || set.Spec.UpdateStrategy?.Type == "OnDelete")
            return Plan.Nothing;
        var status = set.Status;
        var updated = Math.Max(0, (set.Spec.Replicas ?? 1) - (set.Spec.UpdateStrategy?.RollingUpdate?.Partition ?? 0));
        return RevisionRollouts.Reconcile(
            set, set.Spec.Template, _revisions, _pods, revision => revision.Metadata.Name,
            isComplete: current => status?.ObservedGeneration >= (set.Metadata.Generation ?? 0) && status.UpdateRevision == current
                && (status.UpdatedReplicas ?? 0) >= updated && (status.AvailableReplicas ?? 0) == (set.Spec.Replicas ?? 1),
            (changed, template) => changed.Spec.Template = template,
            told => WithCondition(set, told, context.Now), context);
    }

    // Only those that ask for it are worth a look for each of their pods' changes.
    private IEnumerable<ObjectKey> OfPod(V1Pod pod) => Ownership.OwnerOf<V1StatefulSet>(pod).Where(k => _sets.Get(k.Namespace, k.Name) is { } set && RollbackReconciler.Concerns(set));

    private static V1StatefulSet? WithCondition(V1StatefulSet set, (string Reason, string Message)? told, DateTimeOffset now)
    {
        var before = set.Status?.Conditions?.FirstOrDefault(c => c.Type == RollbackConditions.Type);
        if (told is { } same ? before is { Status: "True" } && before.Message == same.Message : before is null)
            return null;
        var changed = ApiJson.Copy(set);
        changed.Status.Conditions = [.. (changed.Status.Conditions ?? []).Where(c => c.Type != RollbackConditions.Type)];
        if (told is { } because)
            changed.Status.Conditions.Add(new V1StatefulSetCondition { Type = RollbackConditions.Type, Status = "True", Reason = because.Reason, Message = because.Message, LastTransitionTime = now.UtcDateTime });
        return changed;
    }
}
