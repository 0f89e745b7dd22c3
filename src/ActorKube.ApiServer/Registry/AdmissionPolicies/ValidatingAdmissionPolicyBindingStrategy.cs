using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.AdmissionPolicies;

/// <summary>The strategy of bindings of validating admission policies.</summary>
internal sealed class ValidatingAdmissionPolicyBindingStrategy : Strategy<V1ValidatingAdmissionPolicyBinding>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("validatingAdmissionPolicyBinding");

    /// <inheritdoc/>
    protected override void Default(V1ValidatingAdmissionPolicyBinding value) => MatchRules.Default((value.Spec ??= new V1ValidatingAdmissionPolicyBindingSpec()).MatchResources);

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1ValidatingAdmissionPolicyBinding value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        PolicyRules.ValidateBinding(spec.PolicyName, spec.ParamRef, spec.MatchResources, path, errors);
        if (spec.ValidationActions is null or { Count: 0 })
        {
            errors.Required(path.Child("validationActions"));
        }

        for (var i = 0; i < (spec.ValidationActions?.Count ?? 0); i++)
        {
            var (action, at) = (spec.ValidationActions![i], path.Child("validationActions").Index(i));
            errors.OneOf(at, action, "Audit", "Deny", "Warn");
            if (spec.ValidationActions.Take(i).Contains(action))
            {
                errors.Duplicate(at, action);
            }
        }

        if (spec.ValidationActions?.Contains("Deny") is true && spec.ValidationActions.Contains("Warn"))
        {
            errors.Invalid(
                path.Child("validationActions"), spec.ValidationActions,
                "must not contain both Deny and Warn (repeating the same validation failure information in the API response and headers serves no purpose)");
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ValidatingAdmissionPolicyBinding value, DateTimeOffset now) =>
        [value.Metadata.Name, value.Spec?.PolicyName ?? "", PolicyRules.Shown(value.Spec?.ParamRef), Age(value.Metadata, now)];
}
