using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>The rules of a container's volume mounts and block devices.</summary>
internal static class MountValidation
{
    public static void Validate(V1Container container, PodContext pod, FieldPath path)
    {
        ValidateMounts(container, pod, path.Child("volumeMounts"));
        ValidateDevices(container, pod, path.Child("volumeDevices"));
    }

    private static void ValidateMounts(V1Container container, PodContext pod, FieldPath path)
    {
        var errors = pod.Errors;
        var places = new HashSet<string>(StringComparer.Ordinal);
        var devices = container.VolumeDevices ?? [];
        for (var i = 0; i < (container.VolumeMounts?.Count ?? 0); i++)
        {
            var (mount, at) = (container.VolumeMounts![i], path.Index(i));
            if (string.IsNullOrEmpty(mount.Name))
            {
                errors.Required(at.Child("name"));
            }

            if (!pod.Volumes.TryGetValue(mount.Name ?? "", out var volume))
            {
                errors.NotFound(at.Child("name"), mount.Name ?? "");
            }

            if (string.IsNullOrEmpty(mount.MountPath))
            {
                errors.Required(at.Child("mountPath"));
            }

            if (!places.Add(mount.MountPath ?? ""))
            {
                errors.Invalid(at.Child("mountPath"), mount.MountPath ?? "", "must be unique");
            }

            if (devices.Any(d => d.Name == mount.Name))
            {
                errors.Invalid(at.Child("name"), mount.Name, "must not already exist in volumeDevices");
            }

            if (devices.Any(d => d.DevicePath == mount.MountPath))
            {
                errors.Invalid(at.Child("mountPath"), mount.MountPath, "must not already exist as a path in volumeDevices");
            }

            if (volume?.Image is not null && !string.IsNullOrEmpty(mount.SubPathExpr))
            {
                errors.Invalid(at.Child("subPathExpr"), mount.SubPathExpr, "not allowed in image volume sources");
            }

            ValidateSubPath(mount, path, at, errors);
            ValidatePropagation(mount, container, path, errors);
        }
    }

    // Kubernetes reports a wrong sub path at the list, without the index; kept so that messages are the same.
    private static void ValidateSubPath(V1VolumeMount mount, FieldPath list, FieldPath at, FieldErrors errors)
    {
        if (!string.IsNullOrEmpty(mount.SubPath))
        {
            VolumeValidation.ValidateRelativePath(mount.SubPath, list.Child("subPath"), errors);
        }

        if (string.IsNullOrEmpty(mount.SubPathExpr))
        {
            return;
        }

        if (!string.IsNullOrEmpty(mount.SubPath))
        {
            errors.Invalid(at.Child("subPathExpr"), mount.SubPathExpr, "subPathExpr and subPath are mutually exclusive");
        }

        VolumeValidation.ValidateRelativePath(mount.SubPathExpr, list.Child("subPathExpr"), errors);
    }

    private static void ValidatePropagation(V1VolumeMount mount, V1Container container, FieldPath list, FieldErrors errors)
    {
        if (mount.MountPropagation is not null)
        {
            var path = list.Child("mountPropagation");
            if (mount.MountPropagation is not ("Bidirectional" or "HostToContainer" or "None"))
            {
                errors.NotSupported(path, mount.MountPropagation, "Bidirectional", "HostToContainer", "None");
            }

            if (mount.MountPropagation == "Bidirectional" && container.SecurityContext?.Privileged is not true)
            {
                errors.Forbidden(path, "Bidirectional mount propagation is available only to privileged containers");
            }
        }

        switch (mount.RecursiveReadOnly)
        {
            case null or "Disabled":
                break;
            case "Enabled" or "IfPossible":
                if (mount.ReadOnlyProperty is not true)
                {
                    errors.Forbidden(list.Child("recursiveReadOnly"), "may only be specified when readOnly is true");
                }

                if (mount.MountPropagation is not (null or "None"))
                {
                    errors.Forbidden(list.Child("recursiveReadOnly"), "may only be specified when mountPropagation is None or not specified");
                }

                break;
            default:
                errors.NotSupported(list.Child("recursiveReadOnly"), mount.RecursiveReadOnly, "Disabled", "Enabled", "IfPossible");
                break;
        }
    }

    private static void ValidateDevices(V1Container container, PodContext pod, FieldPath path)
    {
        var errors = pod.Errors;
        var (names, places) = (new HashSet<string>(StringComparer.Ordinal), new HashSet<string>(StringComparer.Ordinal));
        var mounts = container.VolumeMounts ?? [];
        for (var i = 0; i < (container.VolumeDevices?.Count ?? 0); i++)
        {
            var (device, at) = (container.VolumeDevices![i], path.Index(i));
            if (string.IsNullOrEmpty(device.Name))
            {
                errors.Required(at.Child("name"));
            }
            else if (!names.Add(device.Name))
            {
                errors.Invalid(at.Child("name"), device.Name, "must be unique");
            }

            if (!pod.Volumes.TryGetValue(device.Name ?? "", out var volume))
            {
                errors.NotFound(at.Child("name"), device.Name ?? "");
            }
            else if (volume.PersistentVolumeClaim is null && volume.Ephemeral is null)
            {
                errors.Invalid(at.Child("name"), device.Name, "can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode");
            }

            if (string.IsNullOrEmpty(device.DevicePath))
            {
                errors.Required(at.Child("devicePath"));
            }
            else if (VolumeValidation.HasBacksteps(device.DevicePath))
            {
                errors.Invalid(at.Child("devicePath"), device.DevicePath, "can not contain backsteps ('..')");
            }
            else if (!places.Add(device.DevicePath))
            {
                errors.Invalid(at.Child("devicePath"), device.DevicePath, "must be unique");
            }

            if (mounts.Any(m => m.Name == device.Name))
            {
                errors.Invalid(at.Child("name"), device.Name, "must not already exist in volumeMounts");
            }

            if (mounts.Any(m => m.MountPath == device.DevicePath))
            {
                errors.Invalid(at.Child("devicePath"), device.DevicePath, "must not already exist as a path in volumeMounts");
            }
        }
    }
}
