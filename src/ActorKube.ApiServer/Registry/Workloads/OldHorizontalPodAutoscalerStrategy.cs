using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Workloads;

/// <summary>How autoscalers of <c>autoscaling/v1</c> are printed: as those of <c>v2</c>, which they are stored as.</summary>
internal sealed class OldHorizontalPodAutoscalerStrategy : Strategy<V1HorizontalPodAutoscaler>
{
    private static readonly HorizontalPodAutoscalerStrategy Stored = new();
    private static readonly HorizontalPodAutoscalerConverter Converter = new();

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Stored.Columns;

    // The converter takes over what it is given, and readers share this object: it gets a copy.
    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1HorizontalPodAutoscaler value, DateTimeOffset now) =>
        Stored.Cells(value.Spec is null ? new V2HorizontalPodAutoscaler { Metadata = value.Metadata } : Converter.ToStored(ApiJson.Copy(value)), now);
}
