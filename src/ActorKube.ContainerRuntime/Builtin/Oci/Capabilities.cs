using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Builtin.Oci;

/// <summary>Linux capabilities: what a container has, and what Kubernetes adds and drops.</summary>
internal static class Capabilities
{
    /// <summary>What a container has that asks for nothing, as with containerd and Docker.</summary>
    private static readonly string[] Default =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW", "CAP_SETGID", "CAP_SETUID",
        "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE", "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE",
    ];

    /// <summary>All of them, in the kernel's order: the index is the number.</summary>
    private static readonly string[] All =
    [
        "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH", "CAP_FOWNER", "CAP_FSETID", "CAP_KILL", "CAP_SETGID", "CAP_SETUID", "CAP_SETPCAP",
        "CAP_LINUX_IMMUTABLE", "CAP_NET_BIND_SERVICE", "CAP_NET_BROADCAST", "CAP_NET_ADMIN", "CAP_NET_RAW", "CAP_IPC_LOCK", "CAP_IPC_OWNER",
        "CAP_SYS_MODULE", "CAP_SYS_RAWIO", "CAP_SYS_CHROOT", "CAP_SYS_PTRACE", "CAP_SYS_PACCT", "CAP_SYS_ADMIN", "CAP_SYS_BOOT", "CAP_SYS_NICE",
        "CAP_SYS_RESOURCE", "CAP_SYS_TIME", "CAP_SYS_TTY_CONFIG", "CAP_MKNOD", "CAP_LEASE", "CAP_AUDIT_WRITE", "CAP_AUDIT_CONTROL", "CAP_SETFCAP",
        "CAP_MAC_OVERRIDE", "CAP_MAC_ADMIN", "CAP_SYSLOG", "CAP_WAKE_ALARM", "CAP_BLOCK_SUSPEND", "CAP_AUDIT_READ", "CAP_PERFMON", "CAP_BPF",
        "CAP_CHECKPOINT_RESTORE",
    ];

    /// <summary>
    /// The container's set. Never more than this process has itself: the runtime would refuse to start the container otherwise.
    /// ALL is applied first, then the single names; add wins over drop, as in Kubernetes' documentation of containerd.
    /// </summary>
    /// <param name="capability">What the security context adds and drops.</param>
    /// <param name="privileged">Whether the container gets everything.</param>
    /// <param name="own">The capabilities that this process has, as a bit mask.</param>
    public static IReadOnlyList<string> For(Capability? capability, bool privileged, ulong own)
    {
        var add = Normalize(capability?.AddCapabilities ?? []);
        var drop = Normalize(capability?.DropCapabilities ?? []);
        var set = privileged || add.Contains("CAP_ALL") ? All.ToHashSet() : Default.ToHashSet();
        if (!privileged && drop.Contains("CAP_ALL"))
            set.Clear();
        if (!privileged)
            set.ExceptWith(drop);
        set.UnionWith(add.Where(c => c != "CAP_ALL"));
        return [.. All.Where((c, number) => set.Contains(c) && (own >> number & 1) != 0)];
    }

    /// <summary>Names that the kernel does not know.</summary>
    public static IEnumerable<string> Unknown(Capability? capability) =>
        Normalize([.. capability?.AddCapabilities ?? [], .. capability?.DropCapabilities ?? []]).Where(c => c != "CAP_ALL" && !All.Contains(c));

    /// <summary>The effective capabilities of this process.</summary>
    public static ulong Own() => Status("CapEff");

    /// <summary>Whether this process may lower anybody's oom_score_adj.</summary>
    public static bool HasSysResource(ulong own) => (own >> 24 & 1) != 0;

    /// <summary>
    /// Whether device rules can be loaded with cgroup v2, where they are a BPF program: the OCI runtime first lifts the limit on locked memory, which takes
    /// CAP_SYS_RESOURCE unless there is no limit.
    /// </summary>
    public static bool CanLoadDeviceRules(ulong own) =>
        HasSysResource(own) || File.ReadLines("/proc/self/limits").First(l => l.StartsWith("Max locked memory", StringComparison.Ordinal)).Split(' ', StringSplitOptions.RemoveEmptyEntries)[4] == "unlimited";

    private static ulong Status(string key)
    {
        var line = File.ReadLines("/proc/self/status").First(l => l.StartsWith(key + ":", StringComparison.Ordinal));
        return Convert.ToUInt64(line[(key.Length + 1)..].Trim(), 16);
    }

    private static HashSet<string> Normalize(IEnumerable<string> names) =>
        [.. names.Select(n => n.ToUpperInvariant()).Select(n => n.StartsWith("CAP_", StringComparison.Ordinal) ? n : "CAP_" + n)];
}
