using k8s.Models;

namespace ActorKube.ControllerManager.Jobs;

/// <summary>What the failure of a pod means for its Job. Source: https://kubernetes.io/docs/concepts/workloads/controllers/job/#pod-failure-policy</summary>
internal static class PodFailurePolicy
{
    /// <summary>The first rule that matches the pod decides: <c>Count</c> where none does.</summary>
    /// <param name="policy">The Job's policy.</param>
    /// <param name="pod">The failed pod.</param>
    /// <returns>The action, and for <c>FailJob</c> the sentence that says why.</returns>
    public static (string Action, string Message) Decide(V1PodFailurePolicy? policy, V1Pod pod)
    {
        var rules = policy?.Rules ?? [];
        for (var i = 0; i < rules.Count; i++)
        {
            var rule = rules[i];
            if (rule.OnExitCodes is { } codes)
            {
                foreach (var status in (pod.Status?.ContainerStatuses ?? []).Concat(pod.Status?.InitContainerStatuses ?? []))
                {
                    if (status.State?.Terminated?.ExitCode is { } code and not 0 && (codes.ContainerName is null || codes.ContainerName == status.Name)
                        && (codes.OperatorProperty == "In") == codes.Values.Contains(code))
                        return (rule.Action, $"Container {status.Name} for pod {Name(pod)} failed with exit code {code} matching {rule.Action} rule at index {i}");
                }
            }
            else if ((rule.OnPodConditions ?? []).FirstOrDefault(c => pod.Status?.Conditions?.Any(p => p.Type == c.Type && p.Status == (c.Status ?? "True")) == true) is { } met)
            {
                return (rule.Action, $"Pod {Name(pod)} has condition {met.Type} matching {rule.Action} rule at index {i}");
            }
        }

        return ("Count", "");
    }

    private static string Name(V1Pod pod) => $"{pod.Metadata.NamespaceProperty}/{pod.Metadata.Name}";
}
