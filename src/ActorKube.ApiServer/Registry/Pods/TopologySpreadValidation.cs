using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>The rules of topology spread constraints.</summary>
internal static class TopologySpreadValidation
{
    public static void Validate(IList<V1TopologySpreadConstraint>? constraints, FieldPath path, FieldErrors errors)
    {
        for (var i = 0; i < (constraints?.Count ?? 0); i++)
        {
            var (constraint, at) = (constraints![i], path.Index(i));
            if (constraint.MaxSkew <= 0)
            {
                errors.Invalid(at.Child("maxSkew"), constraint.MaxSkew, "must be greater than zero");
            }

            if (string.IsNullOrEmpty(constraint.TopologyKey))
            {
                errors.Required(at.Child("topologyKey"), "can not be empty");
            }

            if (constraint.WhenUnsatisfiable is not ("DoNotSchedule" or "ScheduleAnyway"))
            {
                errors.NotSupported(at.Child("whenUnsatisfiable"), constraint.WhenUnsatisfiable ?? "", "DoNotSchedule", "ScheduleAnyway");
            }

            if (constraints.Skip(i + 1).Any(c => c.TopologyKey == constraint.TopologyKey && c.WhenUnsatisfiable == constraint.WhenUnsatisfiable))
            {
                errors.Duplicate(at.Child("{topologyKey, whenUnsatisfiable}"), $"{{{constraint.TopologyKey}, {constraint.WhenUnsatisfiable}}}");
            }

            if (constraint.MinDomains is { } domains)
            {
                if (domains <= 0)
                {
                    errors.Invalid(at.Child("minDomains"), domains, "must be greater than zero");
                }

                if (constraint.WhenUnsatisfiable != "DoNotSchedule")
                {
                    errors.Invalid(at.Child("minDomains"), domains, $"can only use minDomains if whenUnsatisfiable=DoNotSchedule, not {constraint.WhenUnsatisfiable}");
                }
            }

            ValidatePolicy(constraint.NodeAffinityPolicy, at.Child("nodeAffinityPolicy"), errors);
            ValidatePolicy(constraint.NodeTaintsPolicy, at.Child("nodeTaintsPolicy"), errors);
            ValidateKeys(constraint, at.Child("matchLabelKeys"), errors);
            ObjectMetaRules.ValidateLabelSelector(constraint.LabelSelector, at.Child("labelSelector"), errors);
        }
    }

    private static void ValidatePolicy(string? policy, FieldPath path, FieldErrors errors)
    {
        if (policy is not (null or "Honor" or "Ignore"))
        {
            errors.NotSupported(path, policy, "Honor", "Ignore");
        }
    }

    private static void ValidateKeys(V1TopologySpreadConstraint constraint, FieldPath path, FieldErrors errors)
    {
        if (constraint.MatchLabelKeys is not { Count: > 0 } keys)
        {
            return;
        }

        if (constraint.LabelSelector is null)
        {
            errors.Forbidden(path, "must not be specified when labelSelector is not set");
        }

        for (var i = 0; i < keys.Count; i++)
        {
            errors.Invalid(path.Index(i), keys[i], NameRules.QualifiedName(keys[i]));
            if (constraint.LabelSelector?.MatchLabels?.ContainsKey(keys[i]) is true)
            {
                errors.Invalid(path.Index(i), keys[i], "exists in both matchLabelKeys and labelSelector");
            }
        }
    }
}
