using ActorKube.Api.Machinery;
using ActorKube.ControllerManager.Common;
using ActorKube.ControllerManager.Shell;
using k8s.Models;

namespace ActorKube.ControllerManager.ReplicaSets;

/// <summary>A ReplicaSet's status.</summary>
internal static class ReplicaSetStatusRules
{
    /// <summary>The status that the pods make.</summary>
    public static V1ReplicaSetStatus Calculate(V1ReplicaSet replicaSet, IReadOnlyList<V1Pod> active, int terminating, PlanFailure? failure, DateTimeOffset now)
    {
        var labels = LabelSelector.FromLabels(replicaSet.Spec.Template.Metadata?.Labels);
        var minReady = replicaSet.Spec.MinReadySeconds ?? 0;
        return new V1ReplicaSetStatus
        {
            Replicas = active.Count,
            FullyLabeledReplicas = active.Count(p => labels.Matches(p.Metadata.Labels)),
            ReadyReplicas = active.Count(PodFacts.IsReady),
            AvailableReplicas = active.Count(p => PodFacts.IsAvailable(p, minReady, now)),
            TerminatingReplicas = terminating,
            ObservedGeneration = replicaSet.Metadata.Generation,
            Conditions = Conditions(replicaSet.Status?.Conditions ?? [], failure, now),
        };
    }

    private static List<V1ReplicaSetCondition>? Conditions(IList<V1ReplicaSetCondition> old, PlanFailure? failure, DateTimeOffset now)
    {
        var others = old.Where(c => c.Type != "ReplicaFailure").ToList();
        if (failure is not null)
        {
            var reason = failure.Action is Create ? "FailedCreate" : "FailedDelete";
            others.Add(old.FirstOrDefault(c => c.Type == "ReplicaFailure" && c.Reason == reason && c.Status == "True") ?? new V1ReplicaSetCondition
            {
                Type = "ReplicaFailure",
                Status = "True",
                Reason = reason,
                Message = failure.Message,
                LastTransitionTime = now.UtcDateTime,
            });
        }

        return others.Count == 0 ? null : others;
    }
}
