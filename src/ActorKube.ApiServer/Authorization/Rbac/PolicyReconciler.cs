using ActorKube.Api.Machinery;
using k8s;
using k8s.Models;

namespace ActorKube.ApiServer.Authorization.Rbac;

/// <summary>
/// Brings a default role or binding that is there up to date, unless its annotation says to leave it alone: what it lacks is added,
/// what somebody added stays. Pure. Source: https://kubernetes.io/docs/reference/access-authn-authz/rbac/#auto-reconciliation
/// </summary>
internal static class PolicyReconciler
{
    /// <summary>Changes the current object. False when nothing is to be written.</summary>
    /// <param name="current">A copy of the object that is there.</param>
    /// <param name="wanted">The default.</param>
    public static bool Update(V1ClusterRole current, V1ClusterRole wanted)
    {
        var changed = false;
        if (IsProtected(current))
        {
            return false;
        }

        if (wanted.AggregationRule is not null)
        {
            var missing = wanted.AggregationRule.ClusterRoleSelectors.Where(s => current.AggregationRule?.ClusterRoleSelectors?.Any(c => SemanticEquality.Equal(c, s)) is not true).ToList();
            if (missing.Count > 0)
            {
                current.AggregationRule = new V1AggregationRule { ClusterRoleSelectors = [.. current.AggregationRule?.ClusterRoleSelectors ?? [], .. missing] };
                changed = true;
            }
        }
        else if (RuleCover.Missing([.. current.Rules ?? []], wanted.Rules) is { Count: > 0 } rules)
        {
            current.Rules = [.. current.Rules ?? [], .. rules];
            changed = true;
        }

        return AddMetadata(current.Metadata, wanted.Metadata) || changed;
    }

    /// <summary>Changes the current object. False when nothing is to be written.</summary>
    public static bool Update(V1Role current, V1Role wanted)
    {
        if (IsProtected(current))
        {
            return false;
        }

        var missing = RuleCover.Missing([.. current.Rules ?? []], wanted.Rules);
        current.Rules = missing.Count == 0 ? current.Rules : [.. current.Rules ?? [], .. missing];
        return AddMetadata(current.Metadata, wanted.Metadata) || missing.Count > 0;
    }

    /// <summary>Changes the current object. False when nothing is to be written.</summary>
    public static bool Update(V1ClusterRoleBinding current, V1ClusterRoleBinding wanted)
    {
        if (IsProtected(current) || !SemanticEquality.Equal(current.RoleRef, wanted.RoleRef))
        {
            return false;
        }

        var missing = Missing(current.Subjects, wanted.Subjects);
        current.Subjects = missing.Count == 0 ? current.Subjects : [.. current.Subjects ?? [], .. missing];
        return AddMetadata(current.Metadata, wanted.Metadata) || missing.Count > 0;
    }

    /// <summary>Changes the current object. False when nothing is to be written.</summary>
    public static bool Update(V1RoleBinding current, V1RoleBinding wanted)
    {
        if (IsProtected(current) || !SemanticEquality.Equal(current.RoleRef, wanted.RoleRef))
        {
            return false;
        }

        var missing = Missing(current.Subjects, wanted.Subjects);
        current.Subjects = missing.Count == 0 ? current.Subjects : [.. current.Subjects ?? [], .. missing];
        return AddMetadata(current.Metadata, wanted.Metadata) || missing.Count > 0;
    }

    private static bool IsProtected(IMetadata<V1ObjectMeta> current) => current.Metadata.Annotations?.TryGetValue(DefaultPolicy.AutoUpdate, out var value) is true && value == "false";

    private static List<Rbacv1Subject> Missing(IList<Rbacv1Subject>? current, IList<Rbacv1Subject>? wanted) =>
        [.. (wanted ?? []).Where(w => current?.Any(c => SemanticEquality.Equal(c, w)) is not true)];

    // Labels and annotations that somebody added or changed are his.
    private static bool AddMetadata(V1ObjectMeta current, V1ObjectMeta wanted)
    {
        var changed = false;
        foreach (var (key, value) in wanted.Labels ?? new Dictionary<string, string>())
        {
            changed |= (current.Labels ??= new Dictionary<string, string>()).TryAdd(key, value);
        }

        foreach (var (key, value) in wanted.Annotations ?? new Dictionary<string, string>())
        {
            changed |= (current.Annotations ??= new Dictionary<string, string>()).TryAdd(key, value);
        }

        return changed;
    }
}
