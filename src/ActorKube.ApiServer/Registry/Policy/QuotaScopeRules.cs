using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Policy;

/// <summary>Which scopes a quota may have, together with which limits.</summary>
internal static class QuotaScopeRules
{
    private const string ByPresence =
        "must be 'Exist' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity";

    private static readonly string[] Known = ["Terminating", "NotTerminating", "BestEffort", "NotBestEffort", "PriorityClass", "CrossNamespacePodAffinity", "VolumeAttributesClass"];
    private static readonly string[] Selectable = ["PriorityClass", "VolumeAttributesClass"];

    private static readonly HashSet<string> Compute = new(StringComparer.Ordinal)
    {
        "pods", "cpu", "memory", "ephemeral-storage", "requests.cpu", "requests.memory", "requests.ephemeral-storage", "limits.cpu", "limits.memory", "limits.ephemeral-storage",
    };

    private static readonly HashSet<string> Standard = new(Compute, StringComparer.Ordinal)
    {
        "resourcequotas", "services", "replicationcontrollers", "secrets", "configmaps", "persistentvolumeclaims", "requests.storage", "services.nodeports", "services.loadbalancers",
    };

    /// <summary>What is wrong with a name that is limited; null when nothing is.</summary>
    public static string? WrongName(string name) =>
        name.Contains('/', StringComparison.Ordinal) || Standard.Contains(name) || name.StartsWith("hugepages-", StringComparison.Ordinal) || name.StartsWith("requests.hugepages-", StringComparison.Ordinal)
            ? null
            : "must be a standard resource for quota";

    /// <summary>What is wrong with the scopes.</summary>
    public static void Validate(V1ResourceQuotaSpec spec, FieldErrors errors)
    {
        var names = spec.Hard?.Keys ?? [];
        var scopes = FieldPath.Spec.Child("scopes");
        foreach (var scope in spec.Scopes ?? [])
        {
            if (!Known.Contains(scope))
            {
                errors.Invalid(scopes, spec.Scopes, "unsupported scope");
            }

            if (names.Any(n => !Allows(scope, n)))
            {
                errors.Invalid(scopes, spec.Scopes, "unsupported scope applied to resource");
            }
        }

        foreach (var (one, other) in new[] { ("BestEffort", "NotBestEffort"), ("Terminating", "NotTerminating") })
        {
            if (spec.Scopes?.Contains(one) is true && spec.Scopes.Contains(other))
            {
                errors.Invalid(scopes, spec.Scopes, "conflicting scopes");
            }
        }

        if (spec.ScopeSelector is { } selector)
        {
            ValidateSelector(selector, names, errors);
        }
    }

    private static void ValidateSelector(V1ScopeSelector selector, ICollection<string> names, FieldErrors errors)
    {
        var at = FieldPath.Spec.Child("scopeSelector").Child("matchExpressions");
        for (var i = 0; i < (selector.MatchExpressions?.Count ?? 0); i++)
        {
            var (requirement, path) = (selector.MatchExpressions![i], at.Index(i));
            var (scope, how) = (requirement.ScopeName ?? "", requirement.OperatorProperty ?? "");
            if (!Known.Contains(scope))
            {
                errors.Invalid(path.Child("scopeName"), scope, "unsupported scope");
            }

            if (names.Any(n => !Allows(scope, n)))
            {
                errors.Invalid(path, selector, "unsupported scope applied to resource");
            }

            if (Known.Contains(scope) && !Selectable.Contains(scope) && how != "Exists")
            {
                errors.Invalid(path.Child("operator"), how, ByPresence);
            }

            switch (how)
            {
                case "In" or "NotIn" when requirement.Values is null or { Count: 0 }:
                    errors.Required(path.Child("values"), "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector");
                    break;
                case "Exists" or "DoesNotExist" when requirement.Values is { Count: > 0 }:
                    errors.Invalid(path.Child("values"), requirement.Values, "must be no value when `operator` is 'Exists' or 'DoesNotExist' for scope selector");
                    break;
                case "In" or "NotIn" or "Exists" or "DoesNotExist":
                    break;
                default:
                    errors.Invalid(path.Child("operator"), how, "not a valid selector operator");
                    break;
            }
        }
    }

    // Names outside the standard ones are never held against a scope.
    private static bool Allows(string scope, string name) => !Standard.Contains(name) || scope switch
    {
        "BestEffort" => name == "pods",
        "VolumeAttributesClass" => name is "persistentvolumeclaims" or "requests.storage",
        "Terminating" or "NotTerminating" or "NotBestEffort" or "PriorityClass" or "CrossNamespacePodAffinity" => Compute.Contains(name),
        _ => true,
    };
}
