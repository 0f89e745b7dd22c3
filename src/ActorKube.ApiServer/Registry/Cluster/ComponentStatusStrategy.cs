using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Cluster;

/// <summary>The row of a component status. Nothing of the kind is stored.</summary>
internal sealed class ComponentStatusStrategy : Strategy<V1ComponentStatus>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("componentStatusColumnDefinitions");

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1ComponentStatus value, DateTimeOffset now)
    {
        var healthy = value.Conditions?.FirstOrDefault(c => c.Type == "Healthy");
        var status = healthy?.Status switch { "True" => "Healthy", "False" => "Unhealthy", _ => "Unknown" };
        return [value.Metadata.Name, status, healthy?.Message ?? "", healthy?.Error ?? ""];
    }
}
