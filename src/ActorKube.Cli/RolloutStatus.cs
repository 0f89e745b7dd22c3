using k8s.Models;

namespace ActorKube.Cli;

/// <summary>How far a Deployment's rollout is, in kubectl's words.</summary>
internal static class RolloutStatus
{
    /// <summary>What to print, and whether the rollout is over. Throws when it cannot get any further.</summary>
    public static (string Message, bool Done) Of(V1Deployment deployment)
    {
        var (name, status) = (deployment.Metadata.Name, deployment.Status ?? new V1DeploymentStatus());
        if (deployment.Metadata.Generation > (status.ObservedGeneration ?? 0))
            return ("Waiting for deployment spec update to be observed...", false);
        if (status.Conditions?.FirstOrDefault(c => c.Type == "Progressing") is { Reason: "ProgressDeadlineExceeded" })
            throw new CliException($"deployment \"{name}\" exceeded its progress deadline");
        var (wanted, updated, all, available) = (deployment.Spec.Replicas ?? 1, status.UpdatedReplicas ?? 0, status.Replicas ?? 0, status.AvailableReplicas ?? 0);
        if (updated < wanted)
            return ($"Waiting for deployment \"{name}\" rollout to finish: {updated} out of {wanted} new replicas have been updated...", false);
        if (all > updated)
            return ($"Waiting for deployment \"{name}\" rollout to finish: {all - updated} old replicas are pending termination...", false);
        return available < updated
            ? ($"Waiting for deployment \"{name}\" rollout to finish: {available} of {updated} updated replicas are available...", false)
            : ($"deployment \"{name}\" successfully rolled out", true);
    }
}
