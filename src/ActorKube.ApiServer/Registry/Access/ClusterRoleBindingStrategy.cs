using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Access;

/// <summary>The strategy of cluster role bindings.</summary>
internal sealed class ClusterRoleBindingStrategy : Strategy<V1ClusterRoleBinding>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("clusterRoleBindingsColumnDefinitions");

    /// <inheritdoc/>
    public override IReadOnlyList<string> ValidateName(string name, bool prefix) => NameRules.PathSegment(name);

    /// <inheritdoc/>
    protected override void Default(V1ClusterRoleBinding value) => BindingRules.Default(value.RoleRef ??= new V1RoleRef(), value.Subjects);

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1ClusterRoleBinding value) => BindingRules.Validate(value.RoleRef, value.Subjects, false);

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1ClusterRoleBinding value, V1ClusterRoleBinding old)
    {
        var errors = BindingRules.Validate(value.RoleRef, value.Subjects, false);
        if (!SemanticEquality.Equal(value.RoleRef, old.RoleRef))
        {
            errors.Invalid(FieldPath.Of("roleRef"), value.RoleRef, "cannot change roleRef");
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ClusterRoleBinding value, DateTimeOffset now) => BindingRules.Cells(value.Metadata, Age(value.Metadata, now), value.RoleRef, value.Subjects);
}
