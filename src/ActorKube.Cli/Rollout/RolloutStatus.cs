using System.Text.Json.Nodes;
using ActorKube.Cli.Output;

namespace ActorKube.Cli.Rollout;

/// <summary>How far a rollout is, in kubectl's words.</summary>
internal static class RolloutStatus
{
    /// <summary>What to print, and whether the rollout is over. Throws when it cannot get any further, or when the kind has no rollouts.</summary>
    public static (string Message, bool Done) Of(JsonObject value)
    {
        var kind = value.Text("kind");
        return kind switch
        {
            "Deployment" => OfDeployment(value),
            "DaemonSet" => OfDaemonSet(value),
            "StatefulSet" => OfStatefulSet(value),
            _ => throw new CliException($"no status viewer has been implemented for {kind}"),
        };
    }

    private static (string, bool) OfDeployment(JsonObject deployment)
    {
        var (name, status) = (deployment.Text("metadata", "name"), deployment.At("status"));
        if (!IsObserved(deployment))
            return ("Waiting for deployment spec update to be observed...", false);
        if (status.List("conditions").Any(c => c.Text("type") == "Progressing" && c.Text("reason") == "ProgressDeadlineExceeded"))
            throw new CliException($"deployment \"{name}\" exceeded its progress deadline");
        var wanted = deployment.Number("spec", "replicas") ?? 1;
        var (updated, all, available) = (Count(status, "updatedReplicas"), Count(status, "replicas"), Count(status, "availableReplicas"));
        if (updated < wanted)
            return ($"Waiting for deployment \"{name}\" rollout to finish: {updated} out of {wanted} new replicas have been updated...", false);
        if (all > updated)
            return ($"Waiting for deployment \"{name}\" rollout to finish: {all - updated} old replicas are pending termination...", false);
        return available < updated
            ? ($"Waiting for deployment \"{name}\" rollout to finish: {available} of {updated} updated replicas are available...", false)
            : ($"deployment \"{name}\" successfully rolled out", true);
    }

    private static (string, bool) OfDaemonSet(JsonObject set)
    {
        MustRoll(set);
        var (name, status) = (set.Text("metadata", "name"), set.At("status"));
        if (!IsObserved(set))
            return ("Waiting for daemon set spec update to be observed...", false);
        var (wanted, updated, available) = (Count(status, "desiredNumberScheduled"), Count(status, "updatedNumberScheduled"), Count(status, "numberAvailable"));
        if (updated < wanted)
            return ($"Waiting for daemon set \"{name}\" rollout to finish: {updated} out of {wanted} new pods have been updated...", false);
        return available < wanted
            ? ($"Waiting for daemon set \"{name}\" rollout to finish: {available} of {wanted} updated pods are available...", false)
            : ($"daemon set \"{name}\" successfully rolled out", true);
    }

    private static (string, bool) OfStatefulSet(JsonObject set)
    {
        MustRoll(set);
        var status = set.At("status");
        if (Count(status, "observedGeneration") == 0 || !IsObserved(set))
            return ("Waiting for statefulset spec update to be observed...", false);
        var (wanted, ready, updated) = (set.Number("spec", "replicas") ?? 1, Count(status, "readyReplicas"), Count(status, "updatedReplicas"));
        if (ready < wanted)
            return ($"Waiting for {wanted - ready} pods to be ready...", false);
        if (set.Number("spec", "updateStrategy", "rollingUpdate", "partition") is { } partition and > 0)
        {
            return updated < wanted - partition
                ? ($"Waiting for partitioned roll out to finish: {updated} out of {wanted - partition} new pods have been updated...", false)
                : ($"partitioned roll out complete: {updated} new pods have been updated...", true);
        }

        var revision = status.Text("updateRevision");
        return revision != status.Text("currentRevision")
            ? ($"waiting for statefulset rolling update to complete {updated} pods at revision {revision}...", false)
            : ($"statefulset rolling update complete {Count(status, "currentReplicas")} pods at revision {revision}...", true);
    }

    private static void MustRoll(JsonObject value)
    {
        if (value.Text("spec", "updateStrategy", "type") is not ("RollingUpdate" or ""))
            throw new CliException("rollout status is only available for RollingUpdate strategy type");
    }

    private static bool IsObserved(JsonObject value) => (value.Number("metadata", "generation") ?? 0) <= Count(value.At("status"), "observedGeneration");

    private static long Count(JsonNode? status, string field) => status.Number(field) ?? 0;
}
