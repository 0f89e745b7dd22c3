using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.AdmissionPolicies;

/// <summary>What webhooks and admission policies have in common: which requests they look at. Source: https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/</summary>
internal static class MatchRules
{
    private static readonly string[] Operations = ["*", "CONNECT", "CREATE", "DELETE", "UPDATE"];

    /// <summary>Fills the constraints of a policy.</summary>
    public static void Default(V1MatchResources? match)
    {
        if (match is null)
        {
            return;
        }

        match.MatchPolicy ??= "Equivalent";
        match.NamespaceSelector ??= new V1LabelSelector();
        match.ObjectSelector ??= new V1LabelSelector();
        foreach (var rule in (match.ResourceRules ?? []).Concat(match.ExcludeResourceRules ?? []))
        {
            rule.Scope ??= "*";
        }
    }

    /// <summary>Checks the constraints of a policy or of its binding.</summary>
    public static void Validate(V1MatchResources match, FieldPath path, FieldErrors errors)
    {
        if (match.MatchPolicy is not null)
        {
            errors.OneOf(path.Child("matchPolicy"), match.MatchPolicy, "Equivalent", "Exact");
        }

        ObjectMetaRules.ValidateLabelSelector(match.NamespaceSelector, path.Child("namespaceSelector"), errors);
        ObjectMetaRules.ValidateLabelSelector(match.ObjectSelector, path.Child("objectSelector"), errors);
        Validate(match.ResourceRules, path.Child("resourceRules"), errors);
        Validate(match.ExcludeResourceRules, path.Child("excludeResourceRules"), errors);
    }

    /// <summary>Checks the rule of a webhook.</summary>
    public static void Validate(V1RuleWithOperations rule, FieldPath path, FieldErrors errors) =>
        Validate(rule.Operations, rule.ApiGroups, rule.ApiVersions, rule.Resources, rule.Scope, path, errors);

    /// <summary>Checks conditions in CEL, as far as that goes without reading them.</summary>
    public static void Validate(IList<V1MatchCondition>? conditions, FieldPath path, FieldErrors errors)
    {
        if (conditions?.Count > 64)
        {
            errors.TooMany(path, conditions.Count, 64);
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (conditions?.Count ?? 0); i++)
        {
            var (condition, at) = (conditions![i], path.Index(i));
            if (string.IsNullOrWhiteSpace(condition.Expression))
            {
                errors.Required(at.Child("expression"));
            }

            if (string.IsNullOrEmpty(condition.Name))
            {
                errors.Required(at.Child("name"));
            }
            else
            {
                errors.Invalid(at.Child("name"), condition.Name, NameRules.QualifiedName(condition.Name));
                if (!names.Add(condition.Name))
                {
                    errors.Duplicate(at.Child("name"), condition.Name);
                }
            }
        }
    }

    private static void Validate(IList<V1NamedRuleWithOperations>? rules, FieldPath path, FieldErrors errors)
    {
        for (var i = 0; i < (rules?.Count ?? 0); i++)
        {
            var (rule, at) = (rules![i], path.Index(i));
            Validate(rule.Operations, rule.ApiGroups, rule.ApiVersions, rule.Resources, rule.Scope, at, errors);
            foreach (var (name, n) in (rule.ResourceNames ?? []).Select((name, n) => (name, n)))
            {
                errors.Invalid(at.Child("resourceNames").Index(n), name, NameRules.PathSegment(name));
            }
        }
    }

    private static void Validate(
        IList<string>? operations, IList<string>? groups, IList<string>? versions, IList<string>? resources, string? scope, FieldPath path, FieldErrors errors)
    {
        OnlyWildcard(operations, path.Child("operations"), "operations", errors);
        for (var i = 0; i < (operations?.Count ?? 0); i++)
        {
            if (!Operations.Contains(operations![i]))
            {
                errors.NotSupported(path.Child("operations").Index(i), operations[i], Operations);
            }
        }

        OnlyWildcard(groups, path.Child("apiGroups"), "API groups", errors);
        OnlyWildcard(versions, path.Child("apiVersions"), "API versions", errors);
        Filled(versions, path.Child("apiVersions"), errors);
        Resources(resources, path.Child("resources"), errors);
        if (scope is not null)
        {
            errors.OneOf(path.Child("scope"), scope, "*", "Cluster", "Namespaced");
        }
    }

    private static void Resources(IList<string>? resources, FieldPath path, FieldErrors errors)
    {
        if (resources is null or { Count: 0 })
        {
            errors.Required(path);
            return;
        }

        Filled(resources, path, errors);
        for (var i = 0; i < resources.Count; i++)
        {
            if (resources[i].Split('/', 2) is not [var resource, var part])
            {
                continue;
            }

            // A wildcard counts for what stands after it.
            var before = resources.Take(i).ToList();
            if (before.Contains($"{resource}/*"))
            {
                errors.Invalid(path.Index(i), resources[i], $"if '{resource}/*' is present, must not specify {resources[i]}");
            }

            if (before.Contains($"*/{part}"))
            {
                errors.Invalid(path.Index(i), resources[i], $"if '*/{part}' is present, must not specify {resources[i]}");
            }
        }

        if (resources.Count > 1 && resources.Contains("*/*"))
        {
            errors.Invalid(path, resources, "if '*/*' is present, must not specify other resources");
        }

        if (resources.Contains("*") && resources.Any(r => r != "*" && r.Length > 0 && !r.Contains('/')))
        {
            errors.Invalid(path, resources, "if '*' is present, must not specify other resources without subresources");
        }
    }

    private static void OnlyWildcard(IList<string>? values, FieldPath path, string what, FieldErrors errors)
    {
        if (values is null or { Count: 0 })
        {
            errors.Required(path);
        }
        else if (values.Count > 1 && values.Contains("*"))
        {
            errors.Invalid(path, values, $"if '*' is present, must not specify other {what}");
        }
    }

    private static void Filled(IList<string>? values, FieldPath path, FieldErrors errors)
    {
        for (var i = 0; i < (values?.Count ?? 0); i++)
        {
            if (values![i].Length == 0)
            {
                errors.Required(path.Index(i));
            }
        }
    }
}
