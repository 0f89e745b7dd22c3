using ActorKube.Client.Informers;
using k8s.Models;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>Automatic rollback of StatefulSets.</summary>
internal sealed class StatefulSetRollbackController(IInformerFactory informers) : RevisionRollbackController<V1StatefulSet>(informers)
{
    public override string Name => "statefulset-rollback";

    protected override bool RollsByItself(V1StatefulSet set) => set.Spec.UpdateStrategy?.Type != "OnDelete";

    protected override V1PodTemplateSpec TemplateOf(V1StatefulSet set) => set.Spec.Template;

    protected override void SetTemplate(V1StatefulSet changed, V1PodTemplateSpec template) => changed.Spec.Template = template;

    // Pods name their revision whole, not by its hash alone.
    protected override string HashOf(V1ControllerRevision revision) => revision.Metadata.Name;

    protected override bool IsComplete(V1StatefulSet set, string current)
    {
        var updated = Math.Max(0, (set.Spec.Replicas ?? 1) - (set.Spec.UpdateStrategy?.RollingUpdate?.Partition ?? 0));
        return set.Status?.ObservedGeneration >= (set.Metadata.Generation ?? 0) && set.Status.UpdateRevision == current
            && (set.Status.UpdatedReplicas ?? 0) >= updated && (set.Status.AvailableReplicas ?? 0) == (set.Spec.Replicas ?? 1);
    }

    protected override (bool Holds, string Message)? ConditionOf(V1StatefulSet set) =>
        set.Status?.Conditions?.FirstOrDefault(c => c.Type == RollbackConditions.Type) is { } condition ? (condition.Status == "True", condition.Message) : null;

    protected override void SetCondition(V1StatefulSet changed, (string Reason, string Message)? told, DateTime now)
    {
        changed.Status.Conditions = [.. (changed.Status.Conditions ?? []).Where(c => c.Type != RollbackConditions.Type)];
        if (told is { } because)
            changed.Status.Conditions.Add(new V1StatefulSetCondition { Type = RollbackConditions.Type, Status = "True", Reason = because.Reason, Message = because.Message, LastTransitionTime = now });
    }
}
