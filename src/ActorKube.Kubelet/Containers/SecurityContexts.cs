using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Pods;
using k8s.Models;

namespace ActorKube.Kubelet.Containers;

/// <summary>
/// securityContext of pod and container in the runtime's words; the container's own settings win.
/// Source: https://kubernetes.io/docs/tasks/configure-pod-container/security-context/
/// </summary>
internal static class SecurityContexts
{
    // What a container must not see or change of the kernel, unless it is privileged or asks for procMount Unmasked.
    private static readonly string[] Masked =
    [
        "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
        "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap",
    ];

    private static readonly string[] ReadOnly = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <summary>For a container. <paramref name="targetId"/> is the container whose processes an ephemeral container sees.</summary>
    /// <exception cref="ContainerConfigException">It must not run as root but would.</exception>
    public static LinuxContainerSecurityContext Of(V1Pod pod, V1Container container, Image image, string? targetId)
    {
        var own = container.SecurityContext;
        var general = pod.Spec.SecurityContext;
        var privileged = own?.Privileged == true;
        var user = own?.RunAsUser ?? general?.RunAsUser;
        VerifyNonRoot(pod, container, image, user);
        var result = new LinuxContainerSecurityContext
        {
            Privileged = privileged,
            ReadonlyRootfs = own?.ReadOnlyRootFilesystem == true,
            NoNewPrivs = own?.AllowPrivilegeEscalation == false,
            NamespaceOptions = Namespaces(pod),
            Seccomp = Seccomp(own?.SeccompProfile ?? general?.SeccompProfile),
            Apparmor = AppArmor(own?.AppArmorProfile ?? general?.AppArmorProfile),
            SelinuxOptions = SeLinux(own?.SeLinuxOptions ?? general?.SeLinuxOptions),
        };
        if (targetId is not null)
        {
            result.NamespaceOptions.Pid = NamespaceMode.Target;
            result.NamespaceOptions.TargetId = targetId;
        }

        if (user is { } uid)
            result.RunAsUser = new Int64Value { Value = uid };
        else if (image.Uid is { } imageUser)
            result.RunAsUser = new Int64Value { Value = imageUser.Value };
        else if (!string.IsNullOrEmpty(image.Username))
            result.RunAsUsername = image.Username;
        if ((own?.RunAsGroup ?? general?.RunAsGroup) is { } gid)
            result.RunAsGroup = new Int64Value { Value = gid };
        foreach (var group in Groups(general))
            result.SupplementalGroups.Add(group);
        if (general?.SupplementalGroupsPolicy == "Strict")
            result.SupplementalGroupsPolicy = SupplementalGroupsPolicy.Strict;
        if (own?.Capabilities is { } capabilities)
        {
            result.Capabilities = new Capability();
            result.Capabilities.AddCapabilities.AddRange(capabilities.Add ?? []);
            result.Capabilities.DropCapabilities.AddRange(capabilities.Drop ?? []);
        }

        if (!privileged && own?.ProcMount != "Unmasked")
        {
            result.MaskedPaths.AddRange(Masked);
            result.ReadonlyPaths.AddRange(ReadOnly);
        }

        return result;
    }

    /// <summary>For the sandbox.</summary>
    public static LinuxSandboxSecurityContext OfSandbox(V1Pod pod)
    {
        var general = pod.Spec.SecurityContext;
        var result = new LinuxSandboxSecurityContext
        {
            NamespaceOptions = Namespaces(pod),
            Privileged = ContainerSpecs.All(pod).Any(c => c.Container.SecurityContext?.Privileged == true),
            Seccomp = new SecurityProfile { ProfileType = SecurityProfile.Types.ProfileType.RuntimeDefault },
            SelinuxOptions = SeLinux(general?.SeLinuxOptions),
        };
        if (general?.RunAsUser is { } uid)
            result.RunAsUser = new Int64Value { Value = uid };
        if (general?.RunAsGroup is { } gid && general.RunAsUser is not null)
            result.RunAsGroup = new Int64Value { Value = gid };
        foreach (var group in Groups(general))
            result.SupplementalGroups.Add(group);
        return result;
    }

    private static NamespaceOption Namespaces(V1Pod pod) => new()
    {
        Network = pod.Spec.HostNetwork == true ? NamespaceMode.Node : NamespaceMode.Pod,
        Pid = pod.Spec.HostPID == true ? NamespaceMode.Node : pod.Spec.ShareProcessNamespace == true ? NamespaceMode.Pod : NamespaceMode.Container,
        Ipc = pod.Spec.HostIPC == true ? NamespaceMode.Node : NamespaceMode.Pod,
    };

    private static IEnumerable<long> Groups(V1PodSecurityContext? context)
    {
        foreach (var group in context?.SupplementalGroups ?? [])
        {
            if (group is { } gid)
                yield return gid;
        }

        if (context?.FsGroup is { } own)
            yield return own;
    }

    private static void VerifyNonRoot(V1Pod pod, V1Container container, Image image, long? user)
    {
        if ((container.SecurityContext?.RunAsNonRoot ?? pod.Spec.SecurityContext?.RunAsNonRoot) != true)
            return;
        var of = $"(pod: \"{ContainerSpecs.Describe(pod)}\", container: {container.Name})";
        if (user is { } uid)
        {
            if (uid == 0)
                throw new ContainerConfigException($"container's runAsUser breaks non-root policy {of}");
            return;
        }

        if (image.Uid is { Value: 0 } || (image.Uid is null && string.IsNullOrEmpty(image.Username)))
            throw new ContainerConfigException($"container has runAsNonRoot and image will run as root {of}");
        if (image.Uid is null)
            throw new ContainerConfigException($"container has runAsNonRoot and image has non-numeric user ({image.Username}), cannot verify user is non-root {of}");
    }

    // Without a profile Kubernetes runs containers unconfined, unless the node is set up to default to the runtime's.
    private static SecurityProfile Seccomp(V1SeccompProfile? profile) => profile?.Type switch
    {
        "RuntimeDefault" => new SecurityProfile { ProfileType = SecurityProfile.Types.ProfileType.RuntimeDefault },
        "Localhost" => new SecurityProfile { ProfileType = SecurityProfile.Types.ProfileType.Localhost, LocalhostRef = profile.LocalhostProfile ?? "" },
        _ => new SecurityProfile { ProfileType = SecurityProfile.Types.ProfileType.Unconfined },
    };

    private static SecurityProfile? AppArmor(V1AppArmorProfile? profile) => profile?.Type switch
    {
        "RuntimeDefault" => new SecurityProfile { ProfileType = SecurityProfile.Types.ProfileType.RuntimeDefault },
        "Unconfined" => new SecurityProfile { ProfileType = SecurityProfile.Types.ProfileType.Unconfined },
        "Localhost" => new SecurityProfile { ProfileType = SecurityProfile.Types.ProfileType.Localhost, LocalhostRef = profile.LocalhostProfile ?? "" },
        _ => null,
    };

    private static SELinuxOption? SeLinux(V1SELinuxOptions? options) => options is null
        ? null
        : new SELinuxOption { User = options.User ?? "", Role = options.Role ?? "", Type = options.Type ?? "", Level = options.Level ?? "" };
}
