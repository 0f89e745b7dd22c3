using System.Globalization;
using k8s.Models;
using static ActorKube.ApiServer.Admission.PodSecurity.Words;

namespace ActorKube.ApiServer.Admission.PodSecurity;

/// <summary>The rules of the level <c>baseline</c>. Source: https://kubernetes.io/docs/concepts/security/pod-security-standards/#baseline</summary>
internal static class BaselineChecks
{
    private const string AppArmorAnnotation = "container.apparmor.security.beta.kubernetes.io/";
    private const string SeccompPodAnnotation = "seccomp.security.alpha.kubernetes.io/pod";
    private const string SeccompContainerAnnotation = "container.seccomp.security.alpha.kubernetes.io/";

    private static readonly HashSet<string> DefaultCapabilities = new(StringComparer.Ordinal)
    {
        "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD", "NET_BIND_SERVICE", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
    };

    private static readonly string[] SELinuxTypes = ["", "container_t", "container_init_t", "container_kvm_t"];
    private static readonly string[] SELinuxTypes131 = [.. SELinuxTypes, "container_engine_t"];

    private static readonly string[] SafeSysctls =
        ["kernel.shm_rmid_forced", "net.ipv4.ip_local_port_range", "net.ipv4.tcp_syncookies", "net.ipv4.ping_group_range", "net.ipv4.ip_unprivileged_port_start"];

    private static readonly string[] SafeSysctls127 = [.. SafeSysctls, "net.ipv4.ip_local_reserved_ports"];

    private static readonly string[] SafeSysctls129 =
        [.. SafeSysctls127, "net.ipv4.tcp_keepalive_time", "net.ipv4.tcp_fin_timeout", "net.ipv4.tcp_keepalive_intvl", "net.ipv4.tcp_keepalive_probes"];

    private static readonly string[] SafeSysctls132 = [.. SafeSysctls129, "net.ipv4.tcp_rmem", "net.ipv4.tcp_wmem"];

    /// <summary>No AppArmor profile but the runtime's own and the node's.</summary>
    public static Violation? AppArmor(CheckedPod pod)
    {
        var values = new SortedSet<string>(StringComparer.Ordinal);
        bool IsBad(V1AppArmorProfile? profile) => profile is not null && profile.Type is not ("RuntimeDefault" or "Localhost") && (values.Add(profile.Type ?? "") || true);
        var podIsBad = IsBad(pod.Spec.SecurityContext?.AppArmorProfile);
        var containers = pod.Where(c => IsBad(c.Security?.AppArmorProfile));
        var annotations = pod.Annotations
            .Where(a => a.Key.StartsWith(AppArmorAnnotation, StringComparison.Ordinal) && a.Value.Length > 0 && a.Value != "runtime/default" && !a.Value.StartsWith("localhost/", StringComparison.Ordinal))
            .Select(a => $"{a.Key}=\"{a.Value}\"").Order(StringComparer.Ordinal).ToList();
        var setters = Setters(podIsBad, containers, annotations.Count == 0 ? null : Plural(annotations.Count, "annotation", "annotations"));
        return setters is null ? null : new Violation(
            Plural(values.Count + annotations.Count, "forbidden AppArmor profile", "forbidden AppArmor profiles"),
            $"{setters} must not set AppArmor profile type to {Quoted(values.Concat(annotations))}");
    }

    /// <summary>No capability beyond those that containers have anyhow.</summary>
    public static Violation? Capabilities(CheckedPod pod)
    {
        var added = new SortedSet<string>(StringComparer.Ordinal);
        var containers = pod.Where(c =>
        {
            var bad = (c.Security?.Capabilities?.Add ?? []).Where(a => !DefaultCapabilities.Contains(a)).ToList();
            added.UnionWith(bad);
            return bad.Count > 0;
        });
        return containers.Count == 0 ? null
            : new Violation("non-default capabilities", $"{Words.Containers(containers)} must not include {Quoted(added)} in securityContext.capabilities.add");
    }

    /// <summary>None of the host's namespaces.</summary>
    public static Violation? HostNamespaces(CheckedPod pod)
    {
        var used = new List<string>();
        if (pod.Spec.HostNetwork is true)
        {
            used.Add("hostNetwork=true");
        }

        if (pod.Spec.HostPID is true)
        {
            used.Add("hostPID=true");
        }

        if (pod.Spec.HostIPC is true)
        {
            used.Add("hostIPC=true");
        }

        return used.Count == 0 ? null : new Violation("host namespaces", string.Join(", ", used));
    }

    /// <summary>No folders of the host.</summary>
    public static Violation? HostPathVolumes(CheckedPod pod)
    {
        var volumes = (pod.Spec.Volumes ?? []).Where(v => v.HostPath is not null).Select(v => v.Name).ToList();
        return volumes.Count == 0 ? null : new Violation("hostPath volumes", $"{Plural(volumes.Count, "volume", "volumes")} {Quoted(volumes)}");
    }

    /// <summary>No ports of the host.</summary>
    public static Violation? HostPorts(CheckedPod pod)
    {
        var ports = new SortedSet<string>(StringComparer.Ordinal);
        var containers = pod.Where(c =>
        {
            var used = (c.Ports ?? []).Where(p => p.HostPort is not null and not 0).Select(p => p.HostPort!.Value.ToString(CultureInfo.InvariantCulture)).ToList();
            ports.UnionWith(used);
            return used.Count > 0;
        });
        return containers.Count == 0 ? null : new Violation(
            "hostPort", $"{Words.Containers(containers)} {Plural(containers.Count, "uses", "use")} {Plural(ports.Count, "hostPort", "hostPorts")} {string.Join(", ", ports)}");
    }

    /// <summary>Probes and hooks ask the pod itself and nobody else.</summary>
    public static Violation? ProbeHosts(CheckedPod pod)
    {
        var hosts = new SortedSet<string>(StringComparer.Ordinal);
        var names = new SortedSet<string>(pod.Where(c =>
        {
            var used = c.Probes.SelectMany(p => new[] { p.HttpGet?.Host, p.TcpSocket?.Host })
                .Concat(new[] { c.Lifecycle?.PostStart, c.Lifecycle?.PreStop }.SelectMany(h => new[] { h?.HttpGet?.Host, h?.TcpSocket?.Host }))
                .Where(h => !string.IsNullOrEmpty(h)).Select(h => h!).ToList();
            hosts.UnionWith(used);
            return used.Count > 0;
        }), StringComparer.Ordinal);
        return names.Count == 0 ? null : new Violation(
            "probe or lifecycle host", $"{Words.Containers(names)} {Plural(names.Count, "uses", "use")} {Plural(hosts.Count, "probe or lifecycle host", "probe or lifecycle hosts")} {Quoted(hosts)}");
    }

    /// <summary>No privileged containers.</summary>
    public static Violation? Privileged(CheckedPod pod)
    {
        var containers = pod.Where(c => c.Security?.Privileged is true);
        return containers.Count == 0 ? null : new Violation("privileged", $"{Words.Containers(containers)} must not set securityContext.privileged=true");
    }

    /// <summary>/proc as containers have it.</summary>
    public static Violation? ProcMount(CheckedPod pod)
    {
        var types = new SortedSet<string>(StringComparer.Ordinal);
        var containers = pod.Where(c => c.Security?.ProcMount is { } type && type != "Default" && (types.Add(type) || true));
        return containers.Count == 0 ? null : new Violation("procMount", $"{Words.Containers(containers)} must not set securityContext.procMount to {Quoted(types)}");
    }

    /// <summary>The same, but for pods whose root is nobody outside.</summary>
    public static Violation? ProcMount135(CheckedPod pod) => pod.HasOwnUsers ? null : ProcMount(pod);

    /// <summary>SELinux labels of containers only.</summary>
    public static Violation? SELinux(CheckedPod pod) => SELinux(pod, SELinuxTypes);

    /// <summary>The same with the types of release 1.31.</summary>
    public static Violation? SELinux131(CheckedPod pod) => SELinux(pod, SELinuxTypes131);

    /// <summary>Before release 1.19: the annotations that seccomp profiles were set with.</summary>
    public static Violation? SeccompAnnotations(CheckedPod pod)
    {
        var forbidden = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var key in pod.Containers.Select(c => SeccompContainerAnnotation + c.Name).Append(SeccompPodAnnotation))
        {
            if (pod.Annotations.TryGetValue(key, out var value) && value is not ("runtime/default" or "docker/default") && !value.StartsWith("localhost/", StringComparison.Ordinal))
            {
                forbidden.Add($"{key}=\"{value}\"");
            }
        }

        return forbidden.Count == 0 ? null : new Violation("seccompProfile", $"forbidden {Plural(forbidden.Count, "annotation", "annotations")} {string.Join(", ", forbidden)}");
    }

    /// <summary>No seccomp profile but the runtime's own and the node's.</summary>
    public static Violation? Seccomp(CheckedPod pod)
    {
        var values = new SortedSet<string>(StringComparer.Ordinal);
        bool IsBad(V1SeccompProfile? profile) => profile is not null && !IsGoodSeccomp(profile) && (values.Add(profile.Type ?? "") || true);
        var podIsBad = IsBad(pod.Spec.SecurityContext?.SeccompProfile);
        var setters = Setters(podIsBad, pod.Where(c => IsBad(c.Security?.SeccompProfile)));
        return setters is null ? null : new Violation("seccompProfile", $"{setters} must not set securityContext.seccompProfile.type to {Quoted(values)}");
    }

    /// <summary>Whether the profile is the runtime's own or the node's.</summary>
    public static bool IsGoodSeccomp(V1SeccompProfile profile) => profile.Type is "RuntimeDefault" or "Localhost";

    /// <summary>Only sysctls that reach no further than the pod.</summary>
    public static Violation? Sysctls(CheckedPod pod) => Sysctls(pod, SafeSysctls);

    /// <summary>The same with those of release 1.27.</summary>
    public static Violation? Sysctls127(CheckedPod pod) => Sysctls(pod, SafeSysctls127);

    /// <summary>The same with those of release 1.29.</summary>
    public static Violation? Sysctls129(CheckedPod pod) => Sysctls(pod, SafeSysctls129);

    /// <summary>The same with those of release 1.32.</summary>
    public static Violation? Sysctls132(CheckedPod pod) => Sysctls(pod, SafeSysctls132);

    /// <summary>No Windows containers that are processes of the host.</summary>
    public static Violation? WindowsHostProcess(CheckedPod pod)
    {
        var setters = Setters(pod.Spec.SecurityContext?.WindowsOptions?.HostProcess is true, pod.Where(c => c.Security?.WindowsOptions?.HostProcess is true));
        return setters is null ? null : new Violation("hostProcess", $"{setters} must not set securityContext.windowsOptions.hostProcess=true");
    }

    private static Violation? Sysctls(CheckedPod pod, string[] safe)
    {
        var forbidden = (pod.Spec.SecurityContext?.Sysctls ?? []).Select(s => s.Name).Where(n => !safe.Contains(n)).ToList();
        return forbidden.Count == 0 ? null : new Violation("forbidden sysctls", string.Join(", ", forbidden));
    }

    private static Violation? SELinux(CheckedPod pod, string[] allowed)
    {
        var types = new SortedSet<string>(StringComparer.Ordinal);
        var (user, role) = (false, false);
        bool IsBad(V1SELinuxOptions? options)
        {
            if (options is null)
            {
                return false;
            }

            var badType = !allowed.Contains(options.Type ?? "");
            if (badType)
            {
                types.Add(options.Type!);
            }

            user |= !string.IsNullOrEmpty(options.User);
            role |= !string.IsNullOrEmpty(options.Role);
            return badType || !string.IsNullOrEmpty(options.User) || !string.IsNullOrEmpty(options.Role);
        }

        var podIsBad = IsBad(pod.Spec.SecurityContext?.SeLinuxOptions);
        if (Setters(podIsBad, pod.Where(c => IsBad(c.Security?.SeLinuxOptions))) is not { } setters)
        {
            return null;
        }

        var wrong = new List<string>();
        if (types.Count > 0)
        {
            wrong.Add($"{Plural(types.Count, "type", "types")} {Quoted(types)}");
        }

        if (user)
        {
            wrong.Add("user may not be set");
        }

        if (role)
        {
            wrong.Add("role may not be set");
        }

        return new Violation("seLinuxOptions", $"{setters} set forbidden securityContext.seLinuxOptions: {string.Join("; ", wrong)}");
    }
}
