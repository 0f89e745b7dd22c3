using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.AdmissionPolicies;

/// <summary>The strategy of validating admission policies. Source: https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/</summary>
internal sealed class ValidatingAdmissionPolicyStrategy : Strategy<V1ValidatingAdmissionPolicy>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("validatingAdmissionPolicy");

    /// <inheritdoc/>
    protected override void Default(V1ValidatingAdmissionPolicy value)
    {
        value.Spec ??= new V1ValidatingAdmissionPolicySpec();
        value.Spec.FailurePolicy ??= "Fail";
        MatchRules.Default(value.Spec.MatchConstraints);
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1ValidatingAdmissionPolicy value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        errors.OneOf(path.Child("failurePolicy"), spec.FailurePolicy, "Fail", "Ignore");
        PolicyRules.ValidateParamKind(spec.ParamKind, path.Child("paramKind"), errors);
        PolicyRules.ValidateConstraints(spec.MatchConstraints, path.Child("matchConstraints"), errors);
        MatchRules.Validate(spec.MatchConditions, path.Child("matchConditions"), errors);
        PolicyRules.ValidateVariables(spec.Variables, path.Child("variables"), errors);
        if (spec.Validations is null or { Count: 0 } && spec.AuditAnnotations is null or { Count: 0 })
        {
            errors.Required(path.Child("validations"), "validations or auditAnnotations must contain at least one item");
            errors.Required(path.Child("auditAnnotations"), "validations or auditAnnotations must contain at least one item");
        }

        for (var i = 0; i < (spec.Validations?.Count ?? 0); i++)
        {
            var (validation, at) = (spec.Validations![i], path.Child("validations").Index(i));
            if (string.IsNullOrWhiteSpace(validation.Expression))
            {
                errors.Required(at.Child("expression"), "expression is not specified");
            }

            if (validation.Message is { Length: > 0 } message && message.Contains('\n'))
            {
                errors.Invalid(at.Child("message"), message, "message must not contain line breaks");
            }

            if (!string.IsNullOrEmpty(validation.Reason))
            {
                errors.OneOf(at.Child("reason"), validation.Reason, "Forbidden", "Invalid", "RequestEntityTooLarge", "Unauthorized");
            }
        }

        for (var i = 0; i < (spec.AuditAnnotations?.Count ?? 0); i++)
        {
            var (annotation, at) = (spec.AuditAnnotations![i], path.Child("auditAnnotations").Index(i));
            errors.Invalid(at.Child("key"), annotation.Key ?? "", NameRules.QualifiedName($"{value.Metadata.Name}/{annotation.Key}"));
            if (string.IsNullOrWhiteSpace(annotation.ValueExpression))
            {
                errors.Required(at.Child("valueExpression"), "valueExpression is not specified");
            }
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ValidatingAdmissionPolicy value, DateTimeOffset now) =>
        [value.Metadata.Name, value.Spec?.Validations?.Count ?? 0, PolicyRules.Shown(value.Spec?.ParamKind), Age(value.Metadata, now)];
}
