using k8s.Models;

namespace ActorKube.Kubelet.Pods;

/// <summary>
/// Which kernel parameters a pod may set: those that stay within it, and what the node's administrator allows besides.
/// Source: https://kubernetes.io/docs/tasks/administer-cluster/sysctl-cluster/
/// </summary>
internal static class SysctlRules
{
    private static readonly HashSet<string> Safe = new(StringComparer.Ordinal)
    {
        "kernel.shm_rmid_forced",
        "net.ipv4.ip_local_port_range",
        "net.ipv4.tcp_syncookies",
        "net.ipv4.ping_group_range",
        "net.ipv4.ip_unprivileged_port_start",
        "net.ipv4.ip_local_reserved_ports",
        "net.ipv4.tcp_keepalive_time",
        "net.ipv4.tcp_fin_timeout",
        "net.ipv4.tcp_keepalive_intvl",
        "net.ipv4.tcp_keepalive_probes",
        "net.ipv4.tcp_rmem",
        "net.ipv4.tcp_wmem",
    };

    private static readonly string[] OfIpc = ["kernel.shm", "kernel.msg", "kernel.sem", "fs.mqueue."];

    /// <summary>Null when the pod may set what it asks for.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="allowed">Names, or prefixes that end in <c>*</c>, that the administrator allows.</param>
    public static Rejection? Check(V1Pod pod, IReadOnlyCollection<string> allowed)
    {
        foreach (var sysctl in pod.Spec.SecurityContext?.Sysctls ?? [])
        {
            var name = sysctl.Name.Replace('/', '.');
            if (!Safe.Contains(name) && !allowed.Any(a => Matches(a.Replace('/', '.'), name)))
                return Forbidden($"forbidden sysctl: \"{sysctl.Name}\" not allowlisted");
            if (pod.Spec.HostNetwork == true && name.StartsWith("net.", StringComparison.Ordinal))
                return Forbidden($"forbidden sysctl: \"{sysctl.Name}\" not allowed with host net enabled");
            if (pod.Spec.HostIPC == true && OfIpc.Any(p => name.StartsWith(p, StringComparison.Ordinal)))
                return Forbidden($"forbidden sysctl: \"{sysctl.Name}\" not allowed with host ipc enabled");
        }

        return null;
    }

    private static bool Matches(string pattern, string name) =>
        pattern.EndsWith('*') ? name.StartsWith(pattern[..^1], StringComparison.Ordinal) : pattern == name;

    private static Rejection Forbidden(string message) => new("SysctlForbidden", message);
}
