using k8s.Models;
using static ActorKube.ApiServer.Admission.PodSecurity.Words;

namespace ActorKube.ApiServer.Admission.PodSecurity;

/// <summary>The rules that the level <c>restricted</c> adds. Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted</summary>
internal static class RestrictedChecks
{
    // Sources that are allowed have no name here; of the others each has the one that the API gives it.
    private static readonly (Func<V1Volume, object?> Source, string? Name)[] VolumeSources =
    [
        (v => v.ConfigMap, null), (v => v.Csi, null), (v => v.DownwardAPI, null), (v => v.EmptyDir, null), (v => v.Ephemeral, null), (v => v.Image, null),
        (v => v.PersistentVolumeClaim, null), (v => v.Projected, null), (v => v.Secret, null),
        (v => v.HostPath, "hostPath"), (v => v.GcePersistentDisk, "gcePersistentDisk"), (v => v.AwsElasticBlockStore, "awsElasticBlockStore"), (v => v.GitRepo, "gitRepo"),
        (v => v.Nfs, "nfs"), (v => v.Iscsi, "iscsi"), (v => v.Glusterfs, "glusterfs"), (v => v.Rbd, "rbd"), (v => v.FlexVolume, "flexVolume"), (v => v.Cinder, "cinder"),
        (v => v.Cephfs, "cephfs"), (v => v.Flocker, "flocker"), (v => v.Fc, "fc"), (v => v.AzureFile, "azureFile"), (v => v.VsphereVolume, "vsphereVolume"),
        (v => v.Quobyte, "quobyte"), (v => v.AzureDisk, "azureDisk"), (v => v.PhotonPersistentDisk, "photonPersistentDisk"), (v => v.PortworxVolume, "portworxVolume"),
        (v => v.ScaleIO, "scaleIO"), (v => v.Storageos, "storageos"), (_ => "", "unknown"),
    ];

    /// <summary>No process may get more rights than its parent.</summary>
    public static Violation? PrivilegeEscalation(CheckedPod pod)
    {
        var containers = pod.Where(c => c.Security?.AllowPrivilegeEscalation is not false);
        return containers.Count == 0 ? null
            : new Violation("allowPrivilegeEscalation != false", $"{Words.Containers(containers)} must set securityContext.allowPrivilegeEscalation=false");
    }

    /// <summary>The same, but on Windows, since release 1.25.</summary>
    public static Violation? PrivilegeEscalation125(CheckedPod pod) => pod.IsWindows ? null : PrivilegeEscalation(pod);

    /// <summary>All capabilities are dropped, and only low ports are added.</summary>
    public static Violation? Capabilities(CheckedPod pod)
    {
        var keeping = pod.Where(c => c.Security?.Capabilities?.Drop?.Contains("ALL") is not true);
        var added = new SortedSet<string>(StringComparer.Ordinal);
        var adding = pod.Where(c =>
        {
            var bad = (c.Security?.Capabilities?.Add ?? []).Where(a => a != "NET_BIND_SERVICE").ToList();
            added.UnionWith(bad);
            return bad.Count > 0;
        });
        var details = new List<string>();
        if (keeping.Count > 0)
        {
            details.Add($"{Words.Containers(keeping)} must set securityContext.capabilities.drop=[\"ALL\"]");
        }

        if (adding.Count > 0)
        {
            details.Add($"{Words.Containers(adding)} must not include {Quoted(added)} in securityContext.capabilities.add");
        }

        return details.Count == 0 ? null : new Violation("unrestricted capabilities", string.Join("; ", details));
    }

    /// <summary>The same, but on Windows, since release 1.25.</summary>
    public static Violation? Capabilities125(CheckedPod pod) => pod.IsWindows ? null : Capabilities(pod);

    /// <summary>Only volumes that lead nowhere by themselves.</summary>
    public static Violation? Volumes(CheckedPod pod)
    {
        var types = new SortedSet<string>(StringComparer.Ordinal);
        var volumes = new List<string>();
        foreach (var volume in pod.Spec.Volumes ?? [])
        {
            if (VolumeSources.First(s => s.Source(volume) is not null).Name is { } type)
            {
                types.Add(type);
                volumes.Add(volume.Name);
            }
        }

        return volumes.Count == 0 ? null : new Violation(
            "restricted volume types",
            $"{Plural(volumes.Count, "volume", "volumes")} {Quoted(volumes)} {Plural(volumes.Count, "uses", "use")} {Plural(types.Count, "restricted volume type", "restricted volume types")} {Quoted(types)}");
    }

    /// <summary>The image may not run as root.</summary>
    public static Violation? RunAsNonRoot(CheckedPod pod)
    {
        var ofPod = pod.Spec.SecurityContext?.RunAsNonRoot;
        if (Setters(ofPod is false, pod.Where(c => c.Security?.RunAsNonRoot is false)) is { } setters)
        {
            return new Violation("runAsNonRoot != true", $"{setters} must not set securityContext.runAsNonRoot=false");
        }

        var silent = ofPod is true ? [] : pod.Where(c => c.Security?.RunAsNonRoot is null);
        return silent.Count == 0 ? null : new Violation("runAsNonRoot != true", $"pod or {Words.Containers(silent)} must set securityContext.runAsNonRoot=true");
    }

    /// <summary>The same, but for pods whose root is nobody outside.</summary>
    public static Violation? RunAsNonRoot135(CheckedPod pod) => pod.HasOwnUsers ? null : RunAsNonRoot(pod);

    /// <summary>Root is not asked for by number either.</summary>
    public static Violation? RunAsUser(CheckedPod pod)
    {
        var setters = Setters(pod.Spec.SecurityContext?.RunAsUser == 0, pod.Where(c => c.Security?.RunAsUser == 0));
        return setters is null ? null : new Violation("runAsUser=0", $"{setters} must not set runAsUser=0");
    }

    /// <summary>The same, but for pods whose root is nobody outside.</summary>
    public static Violation? RunAsUser135(CheckedPod pod) => pod.HasOwnUsers ? null : RunAsUser(pod);

    /// <summary>A seccomp profile must be set.</summary>
    public static Violation? Seccomp(CheckedPod pod)
    {
        if (BaselineChecks.Seccomp(pod) is { } bad)
        {
            return bad;
        }

        var silent = pod.Spec.SecurityContext?.SeccompProfile is not null ? [] : pod.Where(c => c.Security?.SeccompProfile is null);
        return silent.Count == 0 ? null
            : new Violation("seccompProfile", $"pod or {Words.Containers(silent)} must set securityContext.seccompProfile.type to \"RuntimeDefault\" or \"Localhost\"");
    }

    /// <summary>The same, but on Windows, since release 1.25.</summary>
    public static Violation? Seccomp125(CheckedPod pod) => pod.IsWindows ? null : Seccomp(pod);
}
