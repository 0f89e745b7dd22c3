using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Claims;

/// <summary>The rules of a claim's spec, in a claim and in the templates that make claims.</summary>
internal static class ClaimValidation
{
    private static readonly string[] AccessModes = ["ReadOnlyMany", "ReadWriteMany", "ReadWriteOnce", "ReadWriteOncePod"];

    /// <summary>What is wrong with a claim's spec.</summary>
    public static void ValidateSpec(V1PersistentVolumeClaimSpec? spec, FieldPath path, FieldErrors errors)
    {
        if (spec is null)
        {
            errors.Required(path);
            return;
        }

        if (spec.AccessModes is null or { Count: 0 })
        {
            errors.Required(path.Child("accessModes"), "at least 1 access mode is required");
        }

        ObjectMetaRules.ValidateLabelSelector(spec.Selector, path.Child("selector"), errors);
        foreach (var mode in spec.AccessModes ?? [])
        {
            if (!AccessModes.Contains(mode))
            {
                errors.NotSupported(path.Child("accessModes"), mode, AccessModes);
            }
        }

        if (spec.AccessModes is { Count: > 1 } modes && modes.Contains("ReadWriteOncePod"))
        {
            errors.Forbidden(path.Child("accessModes"), "may not use ReadWriteOncePod with other access modes");
        }

        if (spec.Resources?.Requests?.TryGetValue("storage", out var amount) is not true)
        {
            errors.Required(path.Child("resources").Key("storage"));
        }
        else if (Quantity.From(amount).Sign <= 0)
        {
            errors.Invalid(path.Child("resources").Child("requests").Key("storage"), amount!.ToString(), "must be greater than zero");
        }

        if (!string.IsNullOrEmpty(spec.StorageClassName))
        {
            errors.Invalid(path.Child("storageClassName"), spec.StorageClassName, NameRules.Dns1123Subdomain(spec.StorageClassName));
        }

        if (spec.VolumeMode is not (null or "Block" or "Filesystem"))
        {
            errors.NotSupported(path.Child("volumeMode"), spec.VolumeMode, "Block", "Filesystem");
        }
    }
}
