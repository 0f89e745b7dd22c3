using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.AdmissionPolicies;

/// <summary>The strategy of mutating admission policies. Source: https://kubernetes.io/docs/reference/access-authn-authz/mutating-admission-policy/</summary>
internal sealed class MutatingAdmissionPolicyStrategy : Strategy<V1MutatingAdmissionPolicy>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("mutatingAdmissionPolicy");

    /// <inheritdoc/>
    protected override void Default(V1MutatingAdmissionPolicy value)
    {
        value.Spec ??= new V1MutatingAdmissionPolicySpec();
        value.Spec.FailurePolicy ??= "Fail";
        MatchRules.Default(value.Spec.MatchConstraints);
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1MutatingAdmissionPolicy value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        errors.OneOf(path.Child("failurePolicy"), spec.FailurePolicy, "Fail", "Ignore");
        PolicyRules.ValidateParamKind(spec.ParamKind, path.Child("paramKind"), errors);
        PolicyRules.ValidateConstraints(spec.MatchConstraints, path.Child("matchConstraints"), errors);
        MatchRules.Validate(spec.MatchConditions, path.Child("matchConditions"), errors);
        PolicyRules.ValidateVariables(spec.Variables, path.Child("variables"), errors);
        if (spec.Mutations is null or { Count: 0 })
        {
            errors.Required(path.Child("mutations"), "mutations must contain at least one item");
        }

        for (var i = 0; i < (spec.Mutations?.Count ?? 0); i++)
        {
            var (mutation, at) = (spec.Mutations![i], path.Child("mutations").Index(i));
            errors.OneOf(at.Child("patchType"), mutation.PatchType, "ApplyConfiguration", "JSONPatch");
            if (mutation.PatchType == "ApplyConfiguration" && string.IsNullOrWhiteSpace(mutation.ApplyConfiguration?.Expression))
            {
                errors.Required(at.Child("applyConfiguration").Child("expression"), "expression is not specified");
            }
            else if (mutation.PatchType == "JSONPatch" && string.IsNullOrWhiteSpace(mutation.JsonPatch?.Expression))
            {
                errors.Required(at.Child("jsonPatch").Child("expression"), "expression is not specified");
            }
        }

        errors.OneOf(path.Child("reinvocationPolicy"), spec.ReinvocationPolicy, "IfNeeded", "Never");
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1MutatingAdmissionPolicy value, DateTimeOffset now) =>
        [value.Metadata.Name, value.Spec?.Mutations?.Count ?? 0, PolicyRules.Shown(value.Spec?.ParamKind), Age(value.Metadata, now)];
}
