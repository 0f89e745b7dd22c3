using System.Text.Json;
using System.Text.Json.Serialization;
using ActorKube.ContainerRuntime.Cri;

namespace ActorKube.ContainerRuntime.Builtin.Oci;

/// <summary>
/// Which system calls a container may not make. The runtime's default profile refuses what Docker's and containerd's refuse to a container without the
/// capability for it, and allows the rest: a list of what is forbidden, where theirs lists what is allowed.
/// </summary>
internal static class SeccompProfile
{
    private const uint NotPermitted = 1;
    private const uint NoSuchCall = 38;

    /// <summary>Calls that only a container with the capability may make.</summary>
    private static readonly (string Capability, string[] Calls)[] ByCapability =
    [
        ("CAP_SYS_ADMIN",
        [
            "bpf", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "lookup_dcookie", "mount", "mount_setattr", "move_mount", "open_tree", "perf_event_open",
            "pivot_root", "quotactl", "quotactl_fd", "setns", "swapoff", "swapon", "umount", "umount2", "unshare",
        ]),
        ("CAP_DAC_READ_SEARCH", ["open_by_handle_at"]),
        ("CAP_SYS_BOOT", ["kexec_file_load", "kexec_load", "reboot"]),
        ("CAP_SYS_MODULE", ["delete_module", "finit_module", "init_module"]),
        ("CAP_SYS_PACCT", ["acct"]),
        ("CAP_SYS_PTRACE", ["kcmp", "process_madvise", "process_vm_readv", "process_vm_writev"]),
        ("CAP_SYS_RAWIO", ["ioperm", "iopl"]),
        ("CAP_SYS_TIME", ["clock_adjtime", "clock_settime", "settimeofday", "stime"]),
        ("CAP_SYS_NICE", ["get_mempolicy", "mbind", "move_pages", "set_mempolicy", "set_mempolicy_home_node"]),
    ];

    /// <summary>Calls for nobody but privileged containers: keys and others that know no namespaces, and those with a bad history.</summary>
    private static readonly string[] Never =
    [
        "_sysctl", "add_key", "create_module", "get_kernel_syms", "io_uring_enter", "io_uring_register", "io_uring_setup", "keyctl", "nfsservctl", "query_module",
        "request_key", "sysfs", "uselib", "userfaultfd", "ustat", "vm86", "vm86old",
    ];

    /// <summary>Flags of clone that make namespaces: cgroup, UTS, IPC, user, PID, network, mount, in that order.</summary>
    private static readonly ulong[] NamespaceFlags = [0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000, 0x00020000];

    /// <summary>The profile that a container asks for; null for none. Only privileged containers go without what they ask for.</summary>
    /// <param name="security">The container's security context.</param>
    /// <param name="capabilities">The capabilities that it gets.</param>
    /// <param name="readFile">Reads a profile from the node's disk.</param>
    public static OciSeccomp? For(LinuxContainerSecurityContext security, IReadOnlyCollection<string> capabilities, Func<string, byte[]> readFile) =>
        security.Privileged ? null : security.Seccomp?.ProfileType switch
        {
            SecurityProfile.Types.ProfileType.RuntimeDefault => Default(capabilities),
            SecurityProfile.Types.ProfileType.Localhost => Read(security.Seccomp.LocalhostRef, readFile),
            _ => null,
        };

    private static OciSeccomp Default(IReadOnlyCollection<string> capabilities)
    {
        var refused = Never.Concat(ByCapability.Where(c => !capabilities.Contains(c.Capability)).SelectMany(c => c.Calls));
        var rules = new List<OciSyscall> { new() { Names = [.. refused], Action = "SCMP_ACT_ERRNO", ErrnoRet = NotPermitted } };
        if (!capabilities.Contains("CAP_SYS_ADMIN"))
        {
            // clone3's flags are behind a pointer, where no filter sees them: "no such call" makes the C library take clone.
            rules.Add(new OciSyscall { Names = ["clone3"], Action = "SCMP_ACT_ERRNO", ErrnoRet = NoSuchCall });
            rules.AddRange(NamespaceFlags.Select(flag => new OciSyscall
            {
                Names = ["clone"],
                Action = "SCMP_ACT_ERRNO",
                ErrnoRet = NotPermitted,
                Args = [new OciSyscallArgument { Index = 0, Value = flag, ValueTwo = flag, Op = "SCMP_CMP_MASKED_EQ" }],
            }));
        }
        return new OciSeccomp { DefaultAction = "SCMP_ACT_ALLOW", Syscalls = rules };
    }

    private static OciSeccomp Read(string path, Func<string, byte[]> readFile)
    {
        try
        {
            return JsonSerializer.Deserialize(readFile(path), OciSpecJson.Default.OciSeccomp) ?? throw new JsonException("the file holds null");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new ContainerRuntimeException($"cannot load seccomp profile \"{path}\": {e.Message}", inner: e);
        }
    }
}

/// <summary>A filter of system calls.</summary>
internal sealed record OciSeccomp
{
    public required string DefaultAction { get; init; }

    public uint? DefaultErrnoRet { get; init; }

    public IReadOnlyList<string>? Architectures { get; init; }

    public IReadOnlyList<string>? Flags { get; init; }

    public IReadOnlyList<OciSyscall>? Syscalls { get; init; }
}

/// <summary>What happens to some system calls.</summary>
internal sealed record OciSyscall
{
    public required IReadOnlyList<string> Names { get; init; }

    public required string Action { get; init; }

    public uint? ErrnoRet { get; init; }

    public IReadOnlyList<OciSyscallArgument>? Args { get; init; }
}

/// <summary>A condition on an argument of a system call.</summary>
internal sealed record OciSyscallArgument
{
    public uint Index { get; init; }

    public ulong Value { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public ulong ValueTwo { get; init; }

    public required string Op { get; init; }
}
