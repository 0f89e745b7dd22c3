using System.Text.RegularExpressions;
using ActorKube.Api.Machinery;
using k8s.Models;

namespace ActorKube.ApiServer.Registry.Pods;

/// <summary>The rules of security contexts.</summary>
internal static partial class SecurityContextValidation
{
    private const long MaxId = uint.MaxValue;

    public static void ValidatePod(PodContext pod, FieldPath path)
    {
        if (pod.Spec.SecurityContext is not { } context)
        {
            return;
        }

        var errors = pod.Errors;
        ValidateId(context.FsGroup, path.Child("fsGroup"), errors);
        ValidateId(context.RunAsUser, path.Child("runAsUser"), errors);
        ValidateId(context.RunAsGroup, path.Child("runAsGroup"), errors);
        for (var i = 0; i < (context.SupplementalGroups?.Count ?? 0); i++)
        {
            ValidateId(context.SupplementalGroups![i], path.Child("supplementalGroups").Index(i), errors);
        }

        if (pod.Spec.ShareProcessNamespace is true && pod.Spec.HostPID is true)
        {
            errors.Invalid(path.Child("shareProcessNamespace"), true, "ShareProcessNamespace and HostPID cannot both be enabled");
        }

        ValidateSysctls(context.Sysctls, pod.Spec, path.Child("sysctls"), errors);
        ValidateChoice(context.FsGroupChangePolicy, path.Child("fsGroupChangePolicy"), errors, "Always", "OnRootMismatch");
        ValidateSeccomp(context.SeccompProfile, path.Child("seccompProfile"), errors);
        ValidateAppArmor(context.AppArmorProfile, path.Child("appArmorProfile"), errors);
        ValidateChoice(context.SupplementalGroupsPolicy, path.Child("supplementalGroupsPolicy"), errors, "Merge", "Strict");
        ValidateChoice(context.SeLinuxChangePolicy, path.Child("seLinuxChangePolicy"), errors, "MountOption", "Recursive");
    }

    public static void ValidateContainer(V1SecurityContext? context, PodContext pod, FieldPath path)
    {
        if (context is null)
        {
            return;
        }

        var errors = pod.Errors;
        ValidateId(context.RunAsUser, path.Child("runAsUser"), errors);
        ValidateId(context.RunAsGroup, path.Child("runAsGroup"), errors);
        if (context.ProcMount is not null)
        {
            ValidateChoice(context.ProcMount, path.Child("procMount"), errors, "Default", "Unmasked");
            if (pod.HostUsers && context.ProcMount == "Unmasked")
            {
                errors.Invalid(path.Child("procMount"), context.ProcMount, "`hostUsers` must be false to use `Unmasked`");
            }
        }

        ValidateSeccomp(context.SeccompProfile, path.Child("seccompProfile"), errors);
        if (context.AllowPrivilegeEscalation is false)
        {
            if (context.Privileged is true)
            {
                errors.Invalid(path, context, "cannot set `allowPrivilegeEscalation` to false and `privileged` to true");
            }

            if (context.Capabilities?.Add?.Contains("CAP_SYS_ADMIN") is true)
            {
                errors.Invalid(path, context, "cannot set `allowPrivilegeEscalation` to false and `capabilities.Add` CAP_SYS_ADMIN");
            }
        }

        ValidateAppArmor(context.AppArmorProfile, path.Child("appArmorProfile"), errors);
    }

    /// <summary>A pod with users of its own may share no other namespace with the host.</summary>
    public static void ValidateHostUsers(V1PodSpec spec, FieldPath path, FieldErrors errors)
    {
        if (spec.HostUsers is not false)
        {
            return;
        }

        ForbiddenIf(spec.HostNetwork, "hostNetwork");
        ForbiddenIf(spec.HostPID, "HostPID");
        ForbiddenIf(spec.HostIPC, "HostIPC");

        void ForbiddenIf(bool? set, string field)
        {
            if (set is true)
            {
                errors.Forbidden(path.Child(field), "when `pod.Spec.HostUsers` is false");
            }
        }
    }

    private static void ValidateId(long? id, FieldPath path, FieldErrors errors)
    {
        if (id is { } value)
        {
            errors.Invalid(path, value, NameRules.InRange(value, 0, MaxId));
        }
    }

    private static void ValidateChoice(string? value, FieldPath path, FieldErrors errors, params ReadOnlySpan<string> allowed)
    {
        if (value is not null && !allowed.Contains(value))
        {
            errors.NotSupported(path, value, allowed);
        }
    }

    private static void ValidateSysctls(IList<V1Sysctl>? sysctls, V1PodSpec spec, FieldPath path, FieldErrors errors)
    {
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < (sysctls?.Count ?? 0); i++)
        {
            var (name, at) = (sysctls![i].Name ?? "", path.Index(i).Child("name"));
            if (name.Length == 0)
            {
                errors.Required(at);
            }
            else if (name.Length > 253 || !SysctlName().IsMatch(name))
            {
                errors.Invalid(at, name, $"must have at most 253 characters and match regex {SysctlName()}");
            }
            else if (!names.Add(name))
            {
                errors.Duplicate(at, name);
            }

            var dotted = name.Replace('/', '.');
            if (spec.HostNetwork is true && dotted.StartsWith("net.", StringComparison.Ordinal))
            {
                errors.Invalid(at, name, "may not be specified when 'hostNetwork' is true");
            }
            else if (spec.HostIPC is true && (dotted.StartsWith("kernel.shm", StringComparison.Ordinal) || dotted.StartsWith("kernel.msg", StringComparison.Ordinal)
                || dotted.StartsWith("fs.mqueue.", StringComparison.Ordinal) || dotted == "kernel.sem"))
            {
                errors.Invalid(at, name, "may not be specified when 'hostIPC' is true");
            }
        }
    }

    private static void ValidateSeccomp(V1SeccompProfile? profile, FieldPath path, FieldErrors errors)
    {
        if (profile is null)
        {
            return;
        }

        if (string.IsNullOrEmpty(profile.Type))
        {
            errors.Required(path.Child("type"), "type is required when seccompProfile is set");
        }
        else
        {
            ValidateChoice(profile.Type, path.Child("type"), errors, "Localhost", "RuntimeDefault", "Unconfined");
        }

        if (profile.Type != "Localhost")
        {
            if (profile.LocalhostProfile is not null)
            {
                errors.Invalid(path.Child("localhostProfile"), profile, "can only be set when seccomp type is Localhost");
            }
        }
        else if (profile.LocalhostProfile is null)
        {
            errors.Required(path.Child("localhostProfile"), "must be set when seccomp type is Localhost");
        }
        else
        {
            VolumeValidation.ValidateRelativePath(profile.LocalhostProfile, path.Child("localhostProfile"), errors);
        }
    }

    private static void ValidateAppArmor(V1AppArmorProfile? profile, FieldPath path, FieldErrors errors)
    {
        switch (profile?.Type)
        {
            case null when profile is null:
                break;
            case "Localhost" when string.IsNullOrWhiteSpace(profile.LocalhostProfile):
                errors.Required(path.Child("localhostProfile"), "must be set when AppArmor type is Localhost");
                break;
            case "Localhost" when profile.LocalhostProfile.Trim() != profile.LocalhostProfile:
                errors.Invalid(path.Child("localhostProfile"), profile.LocalhostProfile, "must not be padded with whitespace");
                break;
            case "Localhost":
                break;
            case "RuntimeDefault" or "Unconfined":
                if (profile.LocalhostProfile is not null)
                {
                    errors.Invalid(path.Child("localhostProfile"), profile.LocalhostProfile, "can only be set when AppArmor type is Localhost");
                }

                break;
            case null or "":
                errors.Required(path.Child("type"), "type is required when appArmorProfile is set");
                break;
            default:
                errors.NotSupported(path.Child("type"), profile.Type, "Localhost", "RuntimeDefault", "Unconfined");
                break;
        }
    }

    [GeneratedRegex(@"^([a-z0-9]([-_a-z0-9]*[a-z0-9])?[\./])*[a-z0-9]([-_a-z0-9]*[a-z0-9])?$")]
    private static partial Regex SysctlName();
}
