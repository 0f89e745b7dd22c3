using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Storage;

/// <summary>The strategy of volume attachments.</summary>
internal sealed class VolumeAttachmentStrategy : Strategy<V1VolumeAttachment>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("volumeAttachmentColumnDefinitions");

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1VolumeAttachment value, DateTimeOffset now) =>
    [
        value.Metadata.Name,
        value.Spec?.Attacher ?? "",
        value.Spec?.Source?.PersistentVolumeName ?? "",
        value.Spec?.NodeName ?? "",
        value.Status?.Attached ?? false,
        Age(value.Metadata, now),
    ];
}
