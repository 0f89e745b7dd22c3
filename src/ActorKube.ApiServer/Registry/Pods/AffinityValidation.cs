using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>The rules of affinity to nodes and to other pods.</summary>
internal static class AffinityValidation
{
    private const string Required = "requiredDuringSchedulingIgnoredDuringExecution";
    private const string Preferred = "preferredDuringSchedulingIgnoredDuringExecution";

    public static void Validate(V1Affinity? affinity, FieldPath path, FieldErrors errors)
    {
        if (affinity?.NodeAffinity is { } node)
        {
            var at = path.Child("nodeAffinity");
            if (node.RequiredDuringSchedulingIgnoredDuringExecution is { } required)
            {
                ValidateNodeSelector(required, at.Child(Required), errors);
            }

            for (var i = 0; i < (node.PreferredDuringSchedulingIgnoredDuringExecution?.Count ?? 0); i++)
            {
                var term = node.PreferredDuringSchedulingIgnoredDuringExecution![i];
                ValidateWeight(term.Weight, at.Child(Preferred).Index(i), errors);
                if (term.Preference is not null)
                {
                    ValidateTerm(term.Preference, true, at.Child(Preferred).Index(i).Child("preference"), errors);
                }
            }
        }

        if (affinity?.PodAffinity is { } together)
        {
            ValidatePodTerms(
                together.RequiredDuringSchedulingIgnoredDuringExecution, together.PreferredDuringSchedulingIgnoredDuringExecution, path.Child("podAffinity"), errors);
        }

        if (affinity?.PodAntiAffinity is { } apart)
        {
            ValidatePodTerms(
                apart.RequiredDuringSchedulingIgnoredDuringExecution, apart.PreferredDuringSchedulingIgnoredDuringExecution, path.Child("podAntiAffinity"), errors);
        }
    }

    /// <summary>A selector of nodes: at least one term.</summary>
    public static void ValidateNodeSelector(V1NodeSelector selector, FieldPath path, FieldErrors errors)
    {
        var terms = path.Child("nodeSelectorTerms");
        if (selector.NodeSelectorTerms is null or { Count: 0 })
        {
            errors.Required(terms, "must have at least one node selector term");
            return;
        }

        for (var i = 0; i < selector.NodeSelectorTerms.Count; i++)
        {
            ValidateTerm(selector.NodeSelectorTerms[i], false, terms.Index(i), errors);
        }
    }

    private static void ValidateTerm(V1NodeSelectorTerm term, bool anyValues, FieldPath path, FieldErrors errors)
    {
        for (var i = 0; i < (term.MatchExpressions?.Count ?? 0); i++)
        {
            ValidateRequirement(term.MatchExpressions![i], anyValues, path.Child("matchExpressions").Index(i), errors);
        }

        for (var i = 0; i < (term.MatchFields?.Count ?? 0); i++)
        {
            ValidateFieldRequirement(term.MatchFields![i], path.Child("matchFields").Index(i), errors);
        }
    }

    private static void ValidateRequirement(V1NodeSelectorRequirement requirement, bool anyValues, FieldPath path, FieldErrors errors)
    {
        var values = requirement.Values ?? [];
        switch (requirement.OperatorProperty)
        {
            case "In" or "NotIn" when values.Count == 0:
                errors.Required(path.Child("values"), "must be specified when `operator` is 'In' or 'NotIn'");
                break;
            case "Exists" or "DoesNotExist" when values.Count > 0:
                errors.Forbidden(path.Child("values"), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
                break;
            case "Gt" or "Lt" when values.Count != 1:
                errors.Required(path.Child("values"), "must be specified single value when `operator` is 'Lt' or 'Gt'");
                break;
            case "In" or "NotIn" or "Exists" or "DoesNotExist" or "Gt" or "Lt":
                break;
            default:
                errors.Invalid(path.Child("operator"), requirement.OperatorProperty ?? "", "not a valid selector operator");
                break;
        }

        errors.Invalid(path.Child("key"), requirement.Key ?? "", NameRules.QualifiedName(requirement.Key ?? ""));
        for (var i = 0; !anyValues && i < values.Count; i++)
        {
            errors.Invalid(path.Child("values").Index(i), values[i], NameRules.LabelValue(values[i]));
        }
    }

    private static void ValidateFieldRequirement(V1NodeSelectorRequirement requirement, FieldPath path, FieldErrors errors)
    {
        var values = requirement.Values ?? [];
        if (requirement.OperatorProperty is not ("In" or "NotIn"))
        {
            errors.Invalid(path.Child("operator"), requirement.OperatorProperty ?? "", "not a valid selector operator");
        }
        else if (values.Count != 1)
        {
            errors.Required(path.Child("values"), "must be only one value when `operator` is 'In' or 'NotIn' for node field selector");
        }

        if (requirement.Key != "metadata.name")
        {
            errors.Invalid(path.Child("key"), requirement.Key ?? "", "not a valid field selector key");
            return;
        }

        for (var i = 0; i < values.Count; i++)
        {
            errors.Invalid(path.Child("values").Index(i), values[i], NameRules.Dns1123Subdomain(values[i]));
        }
    }

    private static void ValidatePodTerms(IList<V1PodAffinityTerm>? required, IList<V1WeightedPodAffinityTerm>? preferred, FieldPath path, FieldErrors errors)
    {
        for (var i = 0; i < (required?.Count ?? 0); i++)
        {
            ValidatePodTerm(required![i], path.Child(Required).Index(i), errors);
        }

        for (var i = 0; i < (preferred?.Count ?? 0); i++)
        {
            var at = path.Child(Preferred).Index(i);
            ValidateWeight(preferred![i].Weight, at, errors);
            ValidatePodTerm(preferred[i].PodAffinityTerm ?? new V1PodAffinityTerm(), at.Child("podAffinityTerm"), errors);
        }
    }

    private static void ValidatePodTerm(V1PodAffinityTerm term, FieldPath path, FieldErrors errors)
    {
        ObjectMetaRules.ValidateLabelSelector(term.LabelSelector, path.Child("labelSelector"), errors);
        ObjectMetaRules.ValidateLabelSelector(term.NamespaceSelector, path.Child("namespaceSelector"), errors);
        foreach (var name in term.Namespaces ?? [])
        {
            errors.Invalid(path.Child("namespace"), name, NameRules.Dns1123Label(name));
        }

        ValidateKeys(term.MatchLabelKeys, "matchLabelKeys");
        ValidateKeys(term.MismatchLabelKeys, "mismatchLabelKeys");
        for (var i = 0; i < (term.MatchLabelKeys?.Count ?? 0); i++)
        {
            if (term.MismatchLabelKeys?.Contains(term.MatchLabelKeys![i]) is true)
            {
                errors.Invalid(path.Child("matchLabelKeys").Index(i), term.MatchLabelKeys![i], "exists in both matchLabelKeys and mismatchLabelKeys");
            }
        }

        if (string.IsNullOrEmpty(term.TopologyKey))
        {
            errors.Required(path.Child("topologyKey"), "can not be empty");
        }

        errors.Invalid(path.Child("topologyKey"), term.TopologyKey ?? "", NameRules.QualifiedName(term.TopologyKey ?? ""));

        void ValidateKeys(IList<string>? keys, string field)
        {
            if (keys is { Count: > 0 } && term.LabelSelector is null)
            {
                errors.Forbidden(path.Child(field), "must not be specified when labelSelector is not set");
                return;
            }

            for (var i = 0; i < (keys?.Count ?? 0); i++)
            {
                errors.Invalid(path.Child(field).Index(i), keys![i], NameRules.QualifiedName(keys[i]));
            }
        }
    }

    private static void ValidateWeight(int weight, FieldPath path, FieldErrors errors)
    {
        if (weight is <= 0 or > 100)
        {
            errors.Invalid(path.Child("weight"), weight, "must be in the range 1-100");
        }
    }
}
