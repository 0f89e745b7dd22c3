using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>
/// Whether a container that ended runs again: its own rules first, then its own policy, then the pod's.
/// Source: https://kubernetes.io/docs/concepts/workloads/pods/pod-lifecycle/#restart-policy
/// </summary>
internal static class RestartPolicy
{
    public static bool Restarts(V1Pod pod, V1Container container, ContainerKind kind, int exitCode)
    {
        if (kind == ContainerKind.Ephemeral)
            return false;
        if (kind == ContainerKind.Sidecar)
            return true;
        foreach (var rule in container.RestartPolicyRules ?? [])
        {
            if (rule.Action == "Restart" && Matches(rule.ExitCodes, exitCode))
                return true;
        }

        return Of(pod, container, kind) switch
        {
            "Never" => false,
            "OnFailure" => exitCode != 0,
            // An init container that succeeded is done, whatever the policy.
            _ => kind != ContainerKind.Init || exitCode != 0,
        };
    }

    /// <summary>The policy that holds for the container.</summary>
    public static string Of(V1Pod pod, V1Container container, ContainerKind kind) =>
        kind == ContainerKind.Sidecar ? "Always" : container.RestartPolicy is { Length: > 0 } own ? own : pod.Spec.RestartPolicy ?? "Always";

    private static bool Matches(V1ContainerRestartRuleOnExitCodes? codes, int exitCode) => codes?.OperatorProperty switch
    {
        "In" => codes.Values?.Contains(exitCode) == true,
        "NotIn" => codes.Values?.Contains(exitCode) != true,
        _ => false,
    };
}
