using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.AdmissionPolicies;

/// <summary>The strategy of bindings of mutating admission policies.</summary>
internal sealed class MutatingAdmissionPolicyBindingStrategy : Strategy<V1MutatingAdmissionPolicyBinding>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("mutatingAdmissionPolicyBinding");

    /// <inheritdoc/>
    protected override void Default(V1MutatingAdmissionPolicyBinding value) => MatchRules.Default((value.Spec ??= new V1MutatingAdmissionPolicyBindingSpec()).MatchResources);

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1MutatingAdmissionPolicyBinding value)
    {
        var (spec, path, errors) = (value.Spec, FieldPath.Spec, new FieldErrors());
        PolicyRules.ValidateBinding(spec.PolicyName, spec.ParamRef, spec.MatchResources, path, errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1MutatingAdmissionPolicyBinding value, DateTimeOffset now) =>
        [value.Metadata.Name, value.Spec?.PolicyName ?? "", PolicyRules.Shown(value.Spec?.ParamRef), Age(value.Metadata, now)];
}
