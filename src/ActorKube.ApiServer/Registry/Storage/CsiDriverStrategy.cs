using ActorKube.Api.Machinery;
using ActorKube.ApiServer.Registry.Printing;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Storage;

/// <summary>The strategy of CSI drivers. Source: https://kubernetes-csi.github.io/docs/csi-driver-object.html</summary>
internal sealed class CsiDriverStrategy : Strategy<V1CSIDriver>
{
    /// <inheritdoc/>
    public override IReadOnlyList<TableColumn> Columns => Tables.Columns("csiDriverColumnDefinitions");

    /// <inheritdoc/>
    protected override void Default(V1CSIDriver value)
    {
        var spec = value.Spec ??= new V1CSIDriverSpec();
        spec.AttachRequired ??= true;
        spec.PodInfoOnMount ??= false;
        spec.StorageCapacity ??= false;
        spec.FsGroupPolicy ??= "ReadWriteOnceWithFSType";
        spec.RequiresRepublish ??= false;
        spec.SeLinuxMount ??= false;
        if (spec.VolumeLifecycleModes is null or { Count: 0 })
        {
            spec.VolumeLifecycleModes = ["Persistent"];
        }
    }

    /// <summary>Generation counts changes of what may change.</summary>
    protected override void PrepareForUpdate(V1CSIDriver value, V1CSIDriver old)
    {
        base.PrepareForUpdate(value, old);
        if (!SemanticEquality.Equal(value.Spec, old.Spec))
        {
            value.Metadata.Generation = (old.Metadata.Generation ?? 0) + 1;
        }
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateCreate(V1CSIDriver value)
    {
        var errors = new FieldErrors();
        CsiRules.ValidateDriverName(value.Metadata.Name, FieldPath.Metadata.Child("name"), errors);
        var (spec, path) = (value.Spec, FieldPath.Spec);
        errors.OneOf(path.Child("fsGroupPolicy"), spec.FsGroupPolicy, "File", "None", "ReadWriteOnceWithFSType");
        for (var i = 0; i < spec.VolumeLifecycleModes.Count; i++)
        {
            errors.OneOf(path.Child("volumeLifecycleModes").Index(i), spec.VolumeLifecycleModes[i], "Ephemeral", "Persistent");
        }

        var audiences = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (spec.TokenRequests?.Count ?? 0); i++)
        {
            var (request, at) = (spec.TokenRequests![i], path.Child("tokenRequests").Index(i));
            if (!audiences.Add(request.Audience ?? ""))
            {
                errors.Duplicate(at.Child("audience"), request.Audience ?? "");
            }

            if (request.ExpirationSeconds is < 600)
            {
                errors.Invalid(at.Child("expirationSeconds"), request.ExpirationSeconds, "may not specify a duration less than 10 minutes");
            }
            else if (request.ExpirationSeconds is > 1L << 32)
            {
                errors.Invalid(at.Child("expirationSeconds"), request.ExpirationSeconds, "may not specify a duration larger than 2^32 seconds");
            }
        }

        return errors;
    }

    /// <inheritdoc/>
    protected override List<FieldError> ValidateUpdate(V1CSIDriver value, V1CSIDriver old)
    {
        var errors = (FieldErrors)ValidateCreate(value);
        errors.Unchanged(FieldPath.Spec.Child("attachedRequired"), value.Spec.AttachRequired, old.Spec.AttachRequired);
        errors.Unchanged(FieldPath.Spec.Child("volumeLifecycleModes"), value.Spec.VolumeLifecycleModes, old.Spec.VolumeLifecycleModes);
        return errors;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<object?> Cells(V1CSIDriver value, DateTimeOffset now) =>
        [value.Metadata.Name, value.Spec?.AttachRequired ?? true, value.Spec?.PodInfoOnMount ?? false, value.Spec?.StorageCapacity ?? false];
}
