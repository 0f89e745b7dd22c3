using ActorKube.Client.Informers;
using ActorKube.ControllerManager.Common;
using k8s.Models;

namespace ActorKube.ControllerManager.Rollbacks;

/// <summary>Automatic rollback of DaemonSets.</summary>
internal sealed class DaemonSetRollbackController(IInformerFactory informers) : RevisionRollbackController<V1DaemonSet>(informers)
{
    public override string Name => "daemonset-rollback";

    protected override bool RollsByItself(V1DaemonSet set) => set.Spec.UpdateStrategy?.Type != "OnDelete";

    protected override V1PodTemplateSpec TemplateOf(V1DaemonSet set) => set.Spec.Template;

    protected override void SetTemplate(V1DaemonSet changed, V1PodTemplateSpec template) => changed.Spec.Template = template;

    protected override string HashOf(V1ControllerRevision revision) => TemplateRevisions.HashOf(revision);

    protected override bool IsComplete(V1DaemonSet set, string current) =>
        set.Status?.ObservedGeneration >= (set.Metadata.Generation ?? 0)
        && (set.Status.UpdatedNumberScheduled ?? 0) == set.Status.DesiredNumberScheduled && (set.Status.NumberAvailable ?? 0) == set.Status.DesiredNumberScheduled;

    protected override (bool Holds, string Message)? ConditionOf(V1DaemonSet set) =>
        set.Status?.Conditions?.FirstOrDefault(c => c.Type == RollbackConditions.Type) is { } condition ? (condition.Status == "True", condition.Message) : null;

    protected override void SetCondition(V1DaemonSet changed, (string Reason, string Message)? told, DateTime now)
    {
        changed.Status.Conditions = [.. (changed.Status.Conditions ?? []).Where(c => c.Type != RollbackConditions.Type)];
        if (told is { } because)
            changed.Status.Conditions.Add(new V1DaemonSetCondition { Type = RollbackConditions.Type, Status = "True", Reason = because.Reason, Message = because.Message, LastTransitionTime = now });
    }
}
