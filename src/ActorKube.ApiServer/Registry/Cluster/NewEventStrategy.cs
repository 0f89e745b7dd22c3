using k8s.Models;

namespace ActorKube.ApiServer.Registry.Cluster;

/// <summary>How events of <c>events.k8s.io/v1</c> are printed: as those of <c>v1</c>, which they are stored as.</summary>
internal sealed class NewEventStrategy : Strategy<Eventsv1Event>
{
    private static readonly EventStrategy Stored = new();
    private static readonly EventConverter Converter = new();

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Stored.Columns;

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(Eventsv1Event value, DateTimeOffset now) => Stored.Cells(Converter.ToStored(value), now);
}
