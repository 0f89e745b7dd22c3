using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Access;

/// <summary>The strategy of role bindings.</summary>
internal sealed class RoleBindingStrategy : Strategy<V1RoleBinding>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("roleBindingsColumnDefinitions");

    /// <inheritdoc/>
    public override IReadOnlyList<string> ValidateName(string name, bool prefix) => NameRules.PathSegment(name);

    /// <inheritdoc/>
    protected override void Default(V1RoleBinding value) => BindingRules.Default(value.RoleRef ??= new V1RoleRef(), value.Subjects);

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1RoleBinding value) => BindingRules.Validate(value.RoleRef, value.Subjects, true);

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1RoleBinding value, V1RoleBinding old)
    {
        var errors = BindingRules.Validate(value.RoleRef, value.Subjects, true);
        if (!SemanticEquality.Equal(value.RoleRef, old.RoleRef))
        {
            errors.Invalid(FieldPath.Of("roleRef"), value.RoleRef, "cannot change roleRef");
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1RoleBinding value, DateTimeOffset now) => BindingRules.Cells(value.Metadata, Age(value.Metadata, now), value.RoleRef, value.Subjects);
}
