using System.Reflection;
using System.Text.Json.Serialization;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>The rules of volumes: exactly one source each, and what the source needs. A volume without an error can be mounted.</summary>
internal static class VolumeValidation
{
    private const string FileMode = "must be a number between 0 and 0777 (octal), both inclusive";
    private const int MaxMode = 0x1FF; // 0777

    private static readonly (string Name, Func<V1Volume, object?> Get)[] Sources = [.. typeof(V1Volume).GetProperties()
        .Where(p => p.Name != nameof(V1Volume.Name))
        .Select(p => (p.GetCustomAttribute<JsonPropertyNameAttribute>()!.Name, p.GetMethod!.CreateDelegate<Func<V1Volume, object?>>()))];

    private static readonly string[] HostPathTypes = ["", "BlockDevice", "CharDevice", "Directory", "DirectoryOrCreate", "File", "FileOrCreate", "Socket"];

    public static void Validate(PodContext pod, FieldPath path)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (pod.Spec.Volumes?.Count ?? 0); i++)
        {
            var (volume, at, before) = (pod.Spec.Volumes![i], path.Index(i), pod.Errors.Count);
            ValidateSources(volume, pod, at);
            if (string.IsNullOrEmpty(volume.Name))
            {
                pod.Errors.Required(at.Child("name"));
            }
            else
            {
                pod.Label(at.Child("name"), volume.Name);
            }

            if (names.Contains(volume.Name ?? ""))
            {
                pod.Errors.Duplicate(at.Child("name"), volume.Name);
            }

            if (pod.Errors.Count == before)
            {
                names.Add(volume.Name!);
                pod.Volumes[volume.Name!] = volume;
            }
        }
    }

    /// <summary>A path below a directory: relative, without <c>..</c>.</summary>
    public static void ValidateRelativePath(string value, FieldPath path, FieldErrors errors)
    {
        if (value.StartsWith('/'))
        {
            errors.Invalid(path, value, "must be a relative path");
        }

        ValidateNoBacksteps(value, path, errors);
    }

    /// <summary>Whether a path steps back up.</summary>
    public static bool HasBacksteps(string value) => value.Split('/').Contains("..");

    private static void ValidateSources(V1Volume volume, PodContext pod, FieldPath path)
    {
        var found = false;
        foreach (var (name, get) in Sources)
        {
            if (get(volume) is not { } source)
            {
                continue;
            }

            if (found)
            {
                pod.Errors.Forbidden(path.Child(name), "may not specify more than 1 volume type");
                continue;
            }

            found = true;
            ValidateSource(source, volume, pod, path.Child(name));
        }

        if (!found)
        {
            pod.Errors.Required(path, "must specify a volume type");
        }
    }

    private static void ValidateSource(object source, V1Volume volume, PodContext pod, FieldPath path)
    {
        var errors = pod.Errors;
        switch (source)
        {
            case V1EmptyDirVolumeSource { SizeLimit: { } limit } when Quantity.From(limit).Sign < 0:
                errors.Forbidden(path.Child("sizeLimit"), "SizeLimit field must be a valid resource quantity");
                break;
            case V1HostPathVolumeSource host:
                ValidateHostPath(host, path, errors);
                break;
            case V1SecretVolumeSource secret:
                Required("secretName", secret.SecretName);
                ValidateMode(secret.DefaultMode, path.Child("defaultMode"), errors);
                ValidateItems(secret.Items, path.Child("items"), errors);
                break;
            case V1ConfigMapVolumeSource configMap:
                Required("name", configMap.Name);
                ValidateMode(configMap.DefaultMode, path.Child("defaultMode"), errors);
                ValidateItems(configMap.Items, path.Child("items"), errors);
                break;
            case V1PersistentVolumeClaimVolumeSource claim:
                Required("claimName", claim.ClaimName);
                break;
            case V1DownwardAPIVolumeSource downward:
                ValidateMode(downward.DefaultMode, path.Child("defaultMode"), errors);
                foreach (var file in downward.Items ?? [])
                {
                    ValidateFile(file, path, errors);
                }

                break;
            case V1ProjectedVolumeSource projected:
                ValidateMode(projected.DefaultMode, path.Child("defaultMode"), errors);
                ValidateProjected(projected, path, errors);
                break;
            case V1NFSVolumeSource nfs:
                Required("server", nfs.Server);
                Required("path", nfs.Path);
                if (nfs.Path?.StartsWith('/') is not true)
                {
                    errors.Invalid(path.Child("path"), nfs.Path ?? "", "must be an absolute path");
                }

                break;
            case V1CSIVolumeSource csi:
                Required("driver", csi.Driver);
                if (csi.NodePublishSecretRef is { Name: null or "" })
                {
                    errors.Required(path.Child("nodePublishSecretRef").Child("name"));
                }

                break;
            case V1EphemeralVolumeSource ephemeral when ephemeral.VolumeClaimTemplate is null:
                errors.Required(path.Child("volumeClaimTemplate"));
                break;
            case V1EphemeralVolumeSource ephemeral:
                Claims.ClaimValidation.ValidateSpec(ephemeral.VolumeClaimTemplate.Spec, path.Child("volumeClaimTemplate").Child("spec"), errors);
                if (pod.PodName is not null && !string.IsNullOrEmpty(volume.Name))
                {
                    var claimName = $"{pod.PodName}-{volume.Name}";
                    errors.Invalid(path.Child("name"), volume.Name, [.. NameRules.Dns1123Subdomain(claimName).Select(m => $"PVC name \"{claimName}\": {m}")]);
                }

                break;
            case V1ImageVolumeSource image:
                if (pod.IsPod)
                {
                    Required("reference", image.Reference);
                }

                errors.OneOf(path.Child("pullPolicy"), image.PullPolicy, "Always", "IfNotPresent", "Never");
                break;
            case V1GitRepoVolumeSource git:
                Required("repository", git.Repository);
                ValidateRelativePath(git.Directory ?? "", path.Child("directory"), errors);
                break;
            case V1ISCSIVolumeSource iscsi:
                Required("targetPortal", iscsi.TargetPortal);
                Required("iqn", iscsi.Iqn);
                errors.Invalid(path.Child("lun"), iscsi.Lun, NameRules.InRange(iscsi.Lun, 0, 255));
                break;
        }

        void Required(string field, string? value)
        {
            if (string.IsNullOrEmpty(value))
            {
                errors.Required(path.Child(field));
            }
        }
    }

    private static void ValidateHostPath(V1HostPathVolumeSource host, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(host.Path))
        {
            errors.Required(path.Child("path"));
            return;
        }

        ValidateNoBacksteps(host.Path, path.Child("path"), errors);
        if (host.Type is not null && !HostPathTypes.Contains(host.Type))
        {
            errors.NotSupported(path.Child("type"), host.Type, HostPathTypes);
        }
    }

    private static void ValidateProjected(V1ProjectedVolumeSource projected, FieldPath path, FieldErrors errors)
    {
        var paths = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (projected.Sources?.Count ?? 0); i++)
        {
            var (source, at, count) = (projected.Sources![i], path.Child("sources").Index(i), 0);
            if (source.Secret is { } secret)
            {
                count++;
                ValidateNamed(secret.Name, secret.Items, at.Child("secret"));
            }

            if (source.ConfigMap is { } configMap)
            {
                count++;
                ValidateNamed(configMap.Name, configMap.Items, at.Child("configMap"));
            }

            if (source.DownwardAPI is { } downward)
            {
                count++;
                foreach (var file in downward.Items ?? [])
                {
                    ValidateFile(file, at.Child("downwardAPI"), errors);
                    IsUnique(file.Path, file.Path);
                }
            }

            if (source.ServiceAccountToken is { } token)
            {
                count++;
                ValidateToken(token, at.Child("serviceAccountToken"), path, errors);
            }

            count += (source.ClusterTrustBundle is null ? 0 : 1) + (source.PodCertificate is null ? 0 : 1);
            if (count > 1)
            {
                errors.Forbidden(at, "may not specify more than 1 volume type per source");
            }
        }

        void ValidateNamed(string? name, IList<V1KeyToPath>? items, FieldPath at)
        {
            if (string.IsNullOrEmpty(name))
            {
                errors.Required(at.Child("name"));
            }

            ValidateItems(items, at.Child("items"), errors);
            foreach (var item in items ?? [])
            {
                IsUnique(item.Path, name);
            }
        }

        void IsUnique(string? file, string? shown)
        {
            if (!string.IsNullOrEmpty(file) && !paths.Add(file))
            {
                errors.Invalid(path, shown, "conflicting duplicate paths");
            }
        }
    }

    private static void ValidateToken(V1ServiceAccountTokenProjection token, FieldPath at, FieldPath volume, FieldErrors errors)
    {
        if (token.ExpirationSeconds < 600)
        {
            errors.Invalid(at.Child("expirationSeconds"), token.ExpirationSeconds, "may not specify a duration less than 10 minutes");
        }
        else if (token.ExpirationSeconds > 1L << 32)
        {
            errors.Invalid(at.Child("expirationSeconds"), token.ExpirationSeconds, "may not specify a duration larger than 2^32 seconds");
        }

        if (string.IsNullOrEmpty(token.Path))
        {
            errors.Required(volume.Child("path"));
        }
        else
        {
            ValidateFilePath(token.Path, volume.Child("path"), errors);
        }
    }

    private static void ValidateFile(V1DownwardAPIVolumeFile file, FieldPath path, FieldErrors errors)
    {
        if (string.IsNullOrEmpty(file.Path))
        {
            errors.Required(path.Child("path"));
        }
        else
        {
            ValidateFilePath(file.Path, path.Child("path"), errors);
        }

        if (file.FieldRef is not null)
        {
            EnvValidation.ValidateFileField(file.FieldRef, path.Child("fieldRef"), errors);
            if (file.ResourceFieldRef is not null)
            {
                errors.Invalid(path, "resource", "fieldRef and resourceFieldRef can not be specified simultaneously");
            }
        }
        else if (file.ResourceFieldRef is not null)
        {
            EnvValidation.ValidateResourceField(file.ResourceFieldRef, true, path.Child("resourceFieldRef"), errors);
        }
        else
        {
            errors.Required(path, "one of fieldRef and resourceFieldRef is required");
        }

        ValidateMode(file.Mode, path.Child("mode"), errors);
    }

    private static void ValidateItems(IList<V1KeyToPath>? items, FieldPath path, FieldErrors errors)
    {
        for (var i = 0; i < (items?.Count ?? 0); i++)
        {
            var (item, at) = (items![i], path.Index(i));
            if (string.IsNullOrEmpty(item.Key))
            {
                errors.Required(at.Child("key"));
            }

            if (string.IsNullOrEmpty(item.Path))
            {
                errors.Required(at.Child("path"));
            }
            else
            {
                ValidateFilePath(item.Path, at.Child("path"), errors);
            }

            ValidateMode(item.Mode, at.Child("mode"), errors);
        }
    }

    private static void ValidateFilePath(string value, FieldPath path, FieldErrors errors)
    {
        ValidateRelativePath(value, path, errors);
        if (value.StartsWith("..", StringComparison.Ordinal) && !value.StartsWith("../", StringComparison.Ordinal))
        {
            errors.Invalid(path, value, "must not start with '..'");
        }
    }

    private static void ValidateNoBacksteps(string value, FieldPath path, FieldErrors errors)
    {
        if (HasBacksteps(value))
        {
            errors.Invalid(path, value, "must not contain '..'");
        }
    }

    private static void ValidateMode(int? mode, FieldPath path, FieldErrors errors)
    {
        if (mode is < 0 or > MaxMode)
        {
            errors.Invalid(path, mode, FileMode);
        }
    }
}
