using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.FlowControl;

/// <summary>The strategy of flow schemas. Source: https://kubernetes.io/docs/concepts/cluster-administration/flow-control/</summary>
internal sealed class FlowSchemaStrategy : Strategy<V1FlowSchema>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("flowSchemaColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1FlowSchema value)
    {
        value.Spec ??= new V1FlowSchemaSpec();
        value.Status ??= new V1FlowSchemaStatus();
        value.Spec.MatchingPrecedence = value.Spec.MatchingPrecedence is null or 0 ? 1000 : value.Spec.MatchingPrecedence;
    }

    /// <inheritdoc/>
    protected override void PrepareForCreate(V1FlowSchema value)
    {
        base.PrepareForCreate(value);
        value.Status = new V1FlowSchemaStatus();
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1FlowSchema value)
    {
        var errors = new FieldErrors();
        FlowRules.Validate(value.Spec, value.Metadata.Name, FieldPath.Spec, errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1FlowSchema value, DateTimeOffset now) =>
        [
            value.Metadata.Name,
            value.Spec?.PriorityLevelConfiguration?.Name ?? Tables.None,
            value.Spec?.MatchingPrecedence?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "",
            value.Spec?.DistinguisherMethod?.Type ?? Tables.None,
            Age(value.Metadata, now),
            value.Status?.Conditions?.FirstOrDefault(c => c.Type == "Dangling")?.Status ?? "?",
        ];
}
