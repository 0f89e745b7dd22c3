using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Storage;

/// <summary>The strategy of volume attachments.</summary>
internal sealed class VolumeAttachmentStrategy : Strategy<V1VolumeAttachment>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("volumeAttachmentColumnDefinitions");

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1VolumeAttachment value)
    {
        var errors = new FieldErrors();
        var (spec, path) = (value.Spec ?? new V1VolumeAttachmentSpec(), FieldPath.Spec);
        if (string.IsNullOrEmpty(spec.Attacher))
        {
            errors.Required(path.Child("attacher"), "");
        }
        else
        {
            CsiRules.ValidateDriverName(spec.Attacher, path.Child("attacher"), errors);
        }

        var (inline, volume) = (spec.Source?.InlineVolumeSpec, spec.Source?.PersistentVolumeName);
        if (inline is null && string.IsNullOrEmpty(volume))
        {
            errors.Required(path.Child("source"), "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        }
        else if (inline is not null && !string.IsNullOrEmpty(volume))
        {
            errors.Forbidden(path.Child("source"), "must specify exactly one of inlineVolumeSpec and persistentVolumeName");
        }
        else if (!string.IsNullOrEmpty(volume))
        {
            errors.Invalid(path.Child("source").Child("persistentVolumeName"), volume, NameRules.Dns1123Subdomain(volume));
        }

        errors.Invalid(path.Child("nodeName"), spec.NodeName ?? "", NameRules.Dns1123Subdomain(spec.NodeName ?? ""));
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1VolumeAttachment value, V1VolumeAttachment old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Spec, value.Spec, old.Spec);
        return errors;
    }

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
