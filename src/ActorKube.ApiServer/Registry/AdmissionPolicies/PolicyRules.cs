using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.AdmissionPolicies;

/// <summary>What validating and mutating admission policies have in common.</summary>
internal static class PolicyRules
{
    /// <summary>What stands in a table for what is not set.</summary>
    private const string Unset = "<unset>";

    /// <summary>Checks which requests a policy looks at: it must say so.</summary>
    public static void ValidateConstraints(V1MatchResources? match, FieldPath path, FieldErrors errors)
    {
        if (match is null)
        {
            errors.Required(path);
            return;
        }

        MatchRules.Validate(match, path, errors);
        if (match.ResourceRules is null or { Count: 0 })
        {
            errors.Required(path.Child("resourceRules"));
        }
    }

    /// <summary>Checks the kind of a policy's parameters.</summary>
    public static void ValidateParamKind(V1ParamKind? kind, FieldPath path, FieldErrors errors)
    {
        if (kind is null)
        {
            return;
        }

        if (string.IsNullOrEmpty(kind.ApiVersion))
        {
            errors.Required(path.Child("apiVersion"));
        }

        if (string.IsNullOrEmpty(kind.Kind))
        {
            errors.Required(path.Child("kind"));
        }
        else
        {
            errors.Invalid(path.Child("kind"), kind.Kind, NameRules.Dns1035Label(kind.Kind.ToLowerInvariant()));
        }
    }

    /// <summary>Checks the variables that expressions use.</summary>
    public static void ValidateVariables(IList<V1Variable>? variables, FieldPath path, FieldErrors errors)
    {
        for (var i = 0; i < (variables?.Count ?? 0); i++)
        {
            var (variable, at) = (variables![i], path.Index(i));
            if (string.IsNullOrEmpty(variable.Name))
            {
                errors.Required(at.Child("name"), "name is not specified");
            }
            else if (variables.Take(i).Any(v => v.Name == variable.Name))
            {
                errors.Duplicate(at.Child("name"), variable.Name);
            }

            if (string.IsNullOrWhiteSpace(variable.Expression))
            {
                errors.Required(at.Child("expression"), "expression is not specified");
            }
        }
    }

    /// <summary>Checks a binding.</summary>
    public static void ValidateBinding(string? policy, V1ParamRef? parameters, V1MatchResources? match, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(policy))
        {
            errors.Required(path.Child("policyName"));
        }
        else
        {
            errors.Invalid(path.Child("policyName"), policy, NameRules.Dns1123Subdomain(policy));
        }

        if (parameters is not null)
        {
            ValidateParamRef(parameters, path.Child("paramRef"), errors);
        }

        if (match is not null)
        {
            MatchRules.Validate(match, path.Child("matchResources"), errors);
        }
    }

    /// <summary>A cell for the kind of parameters.</summary>
    public static string Shown(V1ParamKind? kind) => kind is null ? Unset : $"{kind.ApiVersion}/{kind.Kind}";

    /// <summary>A cell for the parameters of a binding.</summary>
    public static string Shown(V1ParamRef? parameters) =>
        parameters is null ? Unset
        : !string.IsNullOrEmpty(parameters.Name) ? string.IsNullOrEmpty(parameters.NamespaceProperty) ? parameters.Name : $"{parameters.NamespaceProperty}/{parameters.Name}"
        : LabelSelector.Format(parameters.Selector);

    private static void ValidateParamRef(V1ParamRef parameters, FieldPath path, FieldErrors errors)
    {
        if (!string.IsNullOrEmpty(parameters.Name))
        {
            errors.Invalid(path.Child("name"), parameters.Name, NameRules.PathSegment(parameters.Name));
            if (parameters.Selector is not null)
            {
                errors.Forbidden(path.Child("name"), "name and selector are mutually exclusive");
                errors.Forbidden(path.Child("selector"), "name and selector are mutually exclusive");
            }
        }
        else if (parameters.Selector is null)
        {
            errors.Required(path, "one of name or selector must be specified");
        }
        else
        {
            ObjectMetaRules.ValidateLabelSelector(parameters.Selector, path.Child("selector"), errors);
        }

        errors.OneOf(path.Child("parameterNotFoundAction"), parameters.ParameterNotFoundAction, "Allow", "Deny");
    }
}
