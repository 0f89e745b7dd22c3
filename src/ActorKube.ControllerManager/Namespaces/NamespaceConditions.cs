using k8s.Models;

namespace ActorKube.ControllerManager.Namespaces;

/// <summary>What is left of a namespace that is being deleted.</summary>
/// <param name="Counts">Objects by resource, such as <c>pods.</c> or <c>deployments.apps</c>.</param>
/// <param name="Finalizers">Objects by finalizer that holds them.</param>
/// <param name="Error">Why some content could not be deleted, or null.</param>
internal sealed record NamespaceContent(IReadOnlyDictionary<string, int> Counts, IReadOnlyDictionary<string, int> Finalizers, string? Error)
{
    /// <summary>Whether nothing is left.</summary>
    public bool IsEmpty => Counts.Count == 0 && Error is null;
}

/// <summary>The conditions of a namespace that is being deleted, in Kubernetes' words.</summary>
internal static class NamespaceConditions
{
    /// <summary>The conditions that the content makes; those that stay the same keep their times.</summary>
    public static List<V1NamespaceCondition> Of(IEnumerable<V1NamespaceCondition>? old, NamespaceContent content, DateTimeOffset now)
    {
        var before = old?.ToList() ?? [];
        var conditions = before.Where(c => !c.Type.StartsWith("Namespace", StringComparison.Ordinal)).ToList();
        Set("NamespaceDeletionDiscoveryFailure", "False", "ResourcesDiscovered", "All resources successfully discovered");
        Set("NamespaceDeletionGroupVersionParsingFailure", "False", "ParsedGroupVersions", "All legacy kube types successfully parsed");
        if (content.Error is { } error)
            Set("NamespaceDeletionContentFailure", "True", "ContentDeletionFailed", $"Failed to delete all resource types, 1 remaining: {error}");
        else
            Set("NamespaceDeletionContentFailure", "False", "ContentDeleted", "All content successfully deleted, may be waiting on finalization");
        if (content.Counts.Count > 0)
        {
            Set("NamespaceContentRemaining", "True", "SomeResourcesRemain", "Some resources are remaining: " + string.Join(", ", content.Counts
                .OrderBy(c => c.Key, StringComparer.Ordinal).Select(c => $"{c.Key} has {c.Value} resource instances")));
        }
        else
            Set("NamespaceContentRemaining", "False", "ContentRemoved", "All content successfully removed");
        if (content.Finalizers.Count > 0)
        {
            Set("NamespaceFinalizersRemaining", "True", "SomeFinalizersRemain", "Some content in the namespace has finalizers remaining: " + string.Join(", ", content.Finalizers
                .OrderBy(f => f.Key, StringComparer.Ordinal).Select(f => $"{f.Key} in {f.Value} resource instances")));
        }
        else
            Set("NamespaceFinalizersRemaining", "False", "ContentHasNoFinalizers", "All content-preserving finalizers finished");
        return conditions;

        void Set(string type, string status, string reason, string message)
        {
            var same = before.FirstOrDefault(c => c.Type == type && c.Status == status);
            conditions.Add(new V1NamespaceCondition
            {
                Type = type,
                Status = status,
                Reason = reason,
                Message = message,
                LastTransitionTime = same?.LastTransitionTime ?? now.UtcDateTime,
            });
        }
    }
}
