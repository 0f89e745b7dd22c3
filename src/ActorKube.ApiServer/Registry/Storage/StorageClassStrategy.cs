using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Pods;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Storage;

/// <summary>The strategy of storage classes. Source: https://kubernetes.io/docs/concepts/storage/storage-classes/</summary>
internal sealed class StorageClassStrategy : Strategy<V1StorageClass>
{
    private const string DefaultAnnotation = "storageclass.kubernetes.io/is-default-class";

    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("storageClassColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1StorageClass value)
    {
        value.ReclaimPolicy = PodSpecDefaults.Or(value.ReclaimPolicy, "Delete");
        value.VolumeBindingMode = PodSpecDefaults.Or(value.VolumeBindingMode, "Immediate");
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1StorageClass value)
    {
        var errors = new FieldErrors();
        if (string.IsNullOrEmpty(value.Provisioner))
        {
            errors.Required(FieldPath.Of("provisioner"), value.Provisioner ?? "");
        }
        else
        {
            errors.Invalid(FieldPath.Of("provisioner"), value.Provisioner, NameRules.QualifiedName(value.Provisioner.ToLowerInvariant()));
        }

        errors.OneOf(FieldPath.Of("reclaimPolicy"), value.ReclaimPolicy, "Delete", "Retain");
        errors.OneOf(FieldPath.Of("volumeBindingMode"), value.VolumeBindingMode, "Immediate", "WaitForFirstConsumer");
        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1StorageClass value, V1StorageClass old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        Forbid(SemanticEquality.Equal(value.Parameters, old.Parameters), "parameters");
        Forbid(value.Provisioner == old.Provisioner, "provisioner");
        Forbid(value.ReclaimPolicy == old.ReclaimPolicy, "reclaimPolicy");
        errors.Unchanged(FieldPath.Of("volumeBindingMode"), value.VolumeBindingMode, old.VolumeBindingMode);
        return errors;

        void Forbid(bool same, string field)
        {
            if (!same)
            {
                errors.Forbidden(FieldPath.Of(field), $"updates to {field} are forbidden.");
            }
        }
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1StorageClass value, DateTimeOffset now)
    {
        var isDefault = value.Metadata.Annotations?.TryGetValue(DefaultAnnotation, out var text) is true && text == "true";
        return
        [
            isDefault ? value.Metadata.Name + " (default)" : value.Metadata.Name,
            value.Provisioner ?? "",
            value.ReclaimPolicy ?? "Delete",
            value.VolumeBindingMode ?? "<unset>",
            value.AllowVolumeExpansion is true,
            Age(value.Metadata, now),
        ];
    }
}
