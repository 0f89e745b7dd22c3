using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>The strategy of pod templates.</summary>
internal sealed class PodTemplateStrategy : Strategy<V1PodTemplate>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("podTemplateColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1PodTemplate value)
    {
        value.Template = PodSpecDefaults.Apply(value.Template);
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1PodTemplate value)
    {
        var errors = new FieldErrors();
        WorkloadRules.ValidateTemplate(value.Template, null, "PodTemplate", FieldPath.Of("template"), errors);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1PodTemplate value, DateTimeOffset now) =>
        [value.Metadata.Name, Tables.Names(value.Template), Tables.Images(value.Template), Tables.Labels(value.Template?.Metadata?.Labels)];
}
