using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Storage;

/// <summary>The strategy of runtime classes. Source: https://kubernetes.io/docs/concepts/containers/runtime-class/</summary>
internal sealed class RuntimeClassStrategy : Strategy<V1RuntimeClass>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("runtimeClassColumnDefinitions");

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1RuntimeClass value)
    {
        var errors = new FieldErrors();
        errors.Invalid(FieldPath.Of("handler"), value.Handler ?? "", NameRules.Dns1123Label(value.Handler ?? ""));
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1RuntimeClass value, V1RuntimeClass old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Of("handler"), value.Handler, old.Handler);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1RuntimeClass value, DateTimeOffset now) => [value.Metadata.Name, value.Handler ?? "", Age(value.Metadata, now)];
}
