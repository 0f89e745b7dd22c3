using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.FlowControl;

/// <summary>Rules of flow schemas.</summary>
internal static class FlowRules
{
    private static readonly string[] Verbs = ["apply", "connect", "create", "delete", "deletecollection", "get", "list", "patch", "proxy", "update", "watch"];

    /// <summary>Checks a flow schema.</summary>
    public static void Validate(V1FlowSchemaSpec spec, string name, FieldPath path, FieldErrors errors)
    {
        var precedence = spec.MatchingPrecedence;
        if (precedence <= 0)
        {
            errors.Invalid(path.Child("matchingPrecedence"), precedence, "must be a positive value");
        }
        else if (precedence > 10000)
        {
            errors.Invalid(path.Child("matchingPrecedence"), precedence, "must not be greater than 10000");
        }
        else if (precedence == 1 && name != "exempt")
        {
            errors.Invalid(path.Child("matchingPrecedence"), precedence, "only the schema named 'exempt' may have matchingPrecedence 1");
        }

        if (spec.DistinguisherMethod is { } method)
        {
            errors.OneOf(path.Child("distinguisherMethod").Child("type"), method.Type, "ByNamespace", "ByUser");
        }

        var level = spec.PriorityLevelConfiguration?.Name;
        if (string.IsNullOrEmpty(level))
        {
            errors.Required(path.Child("priorityLevelConfiguration").Child("name"), "must reference a priority level");
        }
        else
        {
            errors.Invalid(path.Child("priorityLevelConfiguration").Child("name"), level, NameRules.Dns1123Subdomain(level));
        }

        for (var i = 0; i < (spec.Rules?.Count ?? 0); i++)
        {
            Validate(spec.Rules![i], path.Child("rules").Index(i), errors);
        }
    }

    private static void Validate(V1PolicyRulesWithSubjects rule, FieldPath path, FieldErrors errors)
    {
        if (rule.Subjects is null or { Count: 0 })
        {
            errors.Required(path.Child("subjects"), "subjects must contain at least one value");
        }

        for (var i = 0; i < (rule.Subjects?.Count ?? 0); i++)
        {
            Validate(rule.Subjects![i], path.Child("subjects").Index(i), errors);
        }

        if (rule.ResourceRules is null or { Count: 0 } && rule.NonResourceRules is null or { Count: 0 })
        {
            errors.Required(path, "at least one of resourceRules and nonResourceRules has to be non-empty");
        }

        for (var i = 0; i < (rule.ResourceRules?.Count ?? 0); i++)
        {
            Validate(rule.ResourceRules![i], path.Child("resourceRules").Index(i), errors);
        }

        for (var i = 0; i < (rule.NonResourceRules?.Count ?? 0); i++)
        {
            var (urls, at) = (rule.NonResourceRules![i], path.Child("nonResourceRules").Index(i));
            ValidateVerbs(urls.Verbs, at.Child("verbs"), errors);
            Members(urls.NonResourceURLs, at.Child("nonResourceURLs"), "nonResourceURLs must contain at least one value", "non-resource URLs", errors);
        }
    }

    private static void Validate(V1ResourcePolicyRule rule, FieldPath path, FieldErrors errors)
    {
        ValidateVerbs(rule.Verbs, path.Child("verbs"), errors);
        Members(rule.ApiGroups, path.Child("apiGroups"), "resource rules must supply at least one api group", "api groups", errors);
        Members(rule.Resources, path.Child("resources"), "resource rules must supply at least one resource", "resources", errors);
        if (rule.ClusterScope is not true || rule.Namespaces is { Count: > 0 })
        {
            Members(rule.Namespaces, path.Child("namespaces"), "resource rules that are not cluster scoped must supply at least one namespace", "namespaces", errors);
        }

        for (var i = 0; i < (rule.Namespaces?.Count ?? 0); i++)
        {
            if (rule.Namespaces![i] != "*")
            {
                foreach (var message in NameRules.Dns1123Label(rule.Namespaces[i]))
                {
                    errors.Invalid(path.Child("namespaces").Index(i), rule.Namespaces[i], "each member of this list must be '*' or a DNS-1123 label; " + message);
                }
            }
        }
    }

    private static void ValidateVerbs(IList<string>? verbs, FieldPath path, FieldErrors errors)
    {
        Members(verbs, path, "verbs must contain at least one value", "verbs", errors);
        if (verbs is not null && !verbs.Contains("*") && verbs.Except(Verbs).Any())
        {
            errors.NotSupported(path, verbs, Verbs);
        }
    }

    private static void Members(IList<string>? values, FieldPath path, string required, string what, FieldErrors errors)
    {
        if (values is null or { Count: 0 })
        {
            errors.Required(path, required);
        }
        else if (values.Count > 1 && values.Contains("*"))
        {
            errors.Invalid(path, values, $"if '*' is present, must not specify other {what}");
        }
    }

    private static void Validate(Flowcontrolv1Subject subject, FieldPath path, FieldErrors errors)
    {
        switch (subject.Kind)
        {
            case "ServiceAccount" or "User" or "Group":
                break;
            default:
                errors.NotSupported(path.Child("kind"), subject.Kind, "Group", "ServiceAccount", "User");
                return;
        }

        One("ServiceAccount", "serviceAccount", subject.ServiceAccount, subject.ServiceAccount?.Name);
        One("User", "user", subject.User, subject.User?.Name);
        One("Group", "group", subject.Group, subject.Group?.Name);
        if (subject is { Kind: "ServiceAccount", ServiceAccount: { } account } && string.IsNullOrEmpty(account.NamespaceProperty))
        {
            errors.Required(path.Child("serviceAccount").Child("namespace"), "must specify namespace for service account");
        }

        void One(string kind, string field, object? given, string? name)
        {
            if (subject.Kind != kind)
            {
                if (given is not null)
                {
                    errors.Forbidden(path.Child(field), $"{field} is forbidden when subject kind is not '{kind}'");
                }
            }
            else if (given is null)
            {
                errors.Required(path.Child(field), $"{field} is required when subject kind is '{kind}'");
            }
            else if (string.IsNullOrEmpty(name))
            {
                errors.Required(path.Child(field).Child("name"));
            }
        }
    }
}
