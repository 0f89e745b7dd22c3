using System.Globalization;
using k8s.Models;

namespace ActorKube.Api.Scheduling;

/// <summary>
/// Matches nodes by label and by name. Source: https://kubernetes.io/docs/concepts/scheduling-eviction/assign-pod-node/#node-affinity
/// </summary>
public static class NodeSelector
{
    /// <summary>Whether any term matches. A selector without terms matches nothing.</summary>
    public static bool Matches(V1NodeSelector selector, IDictionary<string, string> labels, string name)
    {
        foreach (var term in selector.NodeSelectorTerms ?? [])
        {
            if (Matches(term, labels, name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether all requirements of the term match. A term without requirements matches nothing.</summary>
    public static bool Matches(V1NodeSelectorTerm? term, IDictionary<string, string> labels, string name)
    {
        if (term is null || (term.MatchExpressions is not { Count: > 0 } && term.MatchFields is not { Count: > 0 }))
        {
            return false;
        }

        foreach (var requirement in term.MatchExpressions ?? [])
        {
            if (!Matches(requirement, labels.TryGetValue(requirement.Key, out var value) ? value ?? "" : null))
            {
                return false;
            }
        }

        foreach (var requirement in term.MatchFields ?? [])
        {
            if (!Matches(requirement, requirement.Key == "metadata.name" ? name : null))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>
    /// Whether a pod's nodeSelector and required node affinity both match: what the scheduler and a DaemonSet controller ask of a node.
    /// </summary>
    public static bool MatchesRequired(V1Pod pod, IDictionary<string, string> labels, string name)
    {
        foreach (var (key, value) in pod.Spec.NodeSelector ?? None)
        {
            if (!labels.TryGetValue(key, out var actual) || actual != value)
            {
                return false;
            }
        }

        return pod.Spec.Affinity?.NodeAffinity?.RequiredDuringSchedulingIgnoredDuringExecution is not { } required || Matches(required, labels, name);
    }

    private static readonly Dictionary<string, string> None = [];

    private static bool Matches(V1NodeSelectorRequirement requirement, string? value) => requirement.OperatorProperty switch
    {
        "In" => value is not null && requirement.Values?.Contains(value) == true,
        "NotIn" => value is null || requirement.Values?.Contains(value) != true,
        "Exists" => value is not null,
        "DoesNotExist" => value is null,
        "Gt" => Compare(value, requirement) > 0,
        "Lt" => Compare(value, requirement) < 0,
        _ => false,
    };

    private static int Compare(string? value, V1NodeSelectorRequirement requirement) =>
        long.TryParse(value, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var left)
        && requirement.Values is [var only]
        && long.TryParse(only, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var right)
            ? left.CompareTo(right)
            : 0;
}
