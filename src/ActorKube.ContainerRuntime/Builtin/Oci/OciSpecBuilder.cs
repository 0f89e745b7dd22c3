using System.Collections.Frozen;
using System.Text;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.ContainerRuntime.Images;

namespace ActorKube.ContainerRuntime.Builtin.Oci;

/// <summary>Everything that decides a container's <c>config.json</c>.</summary>
internal sealed record OciSpecInput
{
    public required ContainerConfig Config { get; init; }

    public required OciProcessConfig Image { get; init; }

    public required OciUser User { get; init; }

    /// <summary>The user's home directory, for HOME.</summary>
    public string? Home { get; init; }

    public required string RootPath { get; init; }

    public required string CgroupsPath { get; init; }

    /// <summary>The pod's host name.</summary>
    public string Hostname { get; init; } = "";

    /// <summary>Namespaces to join, by OCI type (network, ipc, uts, pid); an empty path means the host's.</summary>
    public IReadOnlyDictionary<string, string> Namespaces { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>Host files for /etc/hostname, /etc/resolv.conf and the directory for /dev/shm; the pod's own mounts win over them.</summary>
    public IReadOnlyDictionary<string, string> SandboxMounts { get; init; } = FrozenDictionary<string, string>.Empty;

    /// <summary>Devices of the host to add: those asked for, or all for a privileged container.</summary>
    public IReadOnlyList<OciDevice> Devices { get; init; } = [];

    /// <summary>The capabilities that the runtime itself has.</summary>
    public ulong OwnCapabilities { get; init; } = ulong.MaxValue;

    /// <summary>The runtime's own oom_score_adj: without CAP_SYS_RESOURCE no process gets a lower one.</summary>
    public int OwnOomScoreAdj { get; init; }

    /// <summary>The filter of system calls, from <see cref="SeccompProfile"/>.</summary>
    public OciSeccomp? Seccomp { get; init; }

    /// <summary>Whether the device cgroup can be set. Where it cannot, no plain container may make device nodes.</summary>
    public bool DeviceRules { get; init; } = true;

    /// <summary>Whether the machine has a cgroup controller; limits that need one it lacks are left out (a Raspberry Pi boots without memory's).</summary>
    public Func<string, bool> HasController { get; init; } = _ => true;

    /// <summary>Whether a cgroup namespace hides the host's hierarchy: with cgroup v2.</summary>
    public bool CgroupNamespace { get; init; }
}

/// <summary>Makes an OCI specification out of Kubernetes' wishes and the image's. A pure function.</summary>
internal static class OciSpecBuilder
{
    private const string DefaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private static readonly string[] DefaultMaskedPaths =
    [
        "/proc/acpi", "/proc/asound", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/sched_debug", "/proc/scsi",
        "/proc/timer_list", "/proc/timer_stats", "/sys/devices/virtual/powercap", "/sys/firmware",
    ];

    private static readonly string[] DefaultReadonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

    /// <summary>Nothing but null, zero, full, random, urandom, tty, ptmx and terminals; making device nodes is harmless.</summary>
    private static readonly OciDeviceRule[] DefaultDeviceRules =
    [
        new() { Allow = false, Access = "rwm" },
        new() { Allow = true, Type = "c", Access = "m" },
        new() { Allow = true, Type = "b", Access = "m" },
        Character(1, 3), Character(1, 5), Character(1, 7), Character(1, 8), Character(1, 9), Character(5, 0), Character(5, 2),
        Character(136, null),
    ];

    public static OciSpec Build(OciSpecInput input)
    {
        var security = input.Config.Linux?.SecurityContext ?? new LinuxContainerSecurityContext();
        var resources = input.Config.Linux?.Resources;
        return new OciSpec
        {
            Process = Process(input, security, resources),
            Root = new OciRoot { Path = input.RootPath, Readonly = security.ReadonlyRootfs },
            Mounts = Mounts(input, security),
            Annotations = input.Config.Annotations.Count > 0 ? new Dictionary<string, string>(input.Config.Annotations) : null,
            Linux = new OciLinux
            {
                Namespaces = Namespaces(input),
                CgroupsPath = input.CgroupsPath,
                Resources = Resources(resources, input.HasController) with
                {
                    Devices = !input.DeviceRules ? null : security.Privileged
                        ? [new OciDeviceRule { Allow = true, Access = "rwm" }]
                        : [.. DefaultDeviceRules, .. input.Devices.Zip(input.Config.Devices, (device, wish) => new OciDeviceRule { Allow = true, Type = device.Type, Major = device.Major, Minor = device.Minor, Access = wish.Permissions.Length > 0 ? wish.Permissions : "rwm" })],
                },
                Devices = input.Devices.Count > 0 ? input.Devices : null,
                MaskedPaths = security.Privileged ? null : security.MaskedPaths.Count > 0 ? security.MaskedPaths : DefaultMaskedPaths,
                ReadonlyPaths = security.Privileged ? null : security.ReadonlyPaths.Count > 0 ? security.ReadonlyPaths : DefaultReadonlyPaths,
                Seccomp = input.Seccomp,
                RootfsPropagation = input.Config.Mounts.Any(m => m.Propagation == MountPropagation.PropagationBidirectional) ? "shared"
                    : input.Config.Mounts.Any(m => m.Propagation == MountPropagation.PropagationHostToContainer) ? "rslave" : null,
            },
        };
    }

    /// <summary>What <c>update</c> gets for an in-place resize, and the cgroup part of a new container.</summary>
    public static OciResources Resources(LinuxContainerResources? wish, Func<string, bool> hasController)
    {
        if (wish is null)
            return new OciResources();
        return new OciResources
        {
            Cpu = new OciCpu
            {
                Shares = wish.CpuShares > 0 && hasController("cpu") ? (ulong)wish.CpuShares : null,
                Quota = wish.CpuQuota != 0 && hasController("cpu") ? wish.CpuQuota : null,
                Period = wish.CpuPeriod > 0 && hasController("cpu") ? (ulong)wish.CpuPeriod : null,
                Cpus = wish.CpusetCpus.Length > 0 && hasController("cpuset") ? wish.CpusetCpus : null,
                Mems = wish.CpusetMems.Length > 0 && hasController("cpuset") ? wish.CpusetMems : null,
            },
            Memory = wish.MemoryLimitInBytes > 0 && hasController("memory")
                ? new OciMemory { Limit = wish.MemoryLimitInBytes, Swap = wish.MemorySwapLimitInBytes > 0 ? wish.MemorySwapLimitInBytes : null }
                : null,
            HugepageLimits = wish.HugepageLimits.Count > 0 ? [.. wish.HugepageLimits.Select(h => new OciHugepage { PageSize = h.PageSize, Limit = h.Limit })] : null,
            Unified = wish.Unified.Count > 0 ? new Dictionary<string, string>(wish.Unified) : null,
        };
    }

    private static OciProcess Process(OciSpecInput input, LinuxContainerSecurityContext security, LinuxContainerResources? resources)
    {
        var capabilities = Capabilities.For(security.Capabilities, security.Privileged, input.OwnCapabilities);
        if (!input.DeviceRules && !security.Privileged)
            capabilities = [.. capabilities.Where(c => c != "CAP_MKNOD")];
        var ambient = security.Capabilities?.AddAmbientCapabilities.Count > 0
            ? capabilities.Intersect(Capabilities.For(new Capability { AddCapabilities = { security.Capabilities.AddAmbientCapabilities }, DropCapabilities = { "ALL" } }, false, input.OwnCapabilities)).ToArray()
            : null;
        return new OciProcess
        {
            Terminal = input.Config.Tty,
            User = input.User,
            Args = Arguments(input.Config, input.Image),
            Env = Environment(input),
            Cwd = input.Config.WorkingDir.Length > 0 ? input.Config.WorkingDir : input.Image.WorkingDir is { Length: > 0 } directory ? directory : "/",
            Capabilities = new OciCapabilities
            {
                Bounding = capabilities,
                // A user other than root keeps what file capabilities give it, no more; the kernel does that on exec.
                Effective = capabilities,
                Permitted = capabilities,
                Inheritable = ambient,
                Ambient = ambient,
            },
            NoNewPrivileges = security.NoNewPrivs && !security.Privileged,
            OomScoreAdj = resources is null ? null : OomScore((int)resources.OomScoreAdj, input),
        };
    }

    /// <summary>Kubernetes' command replaces the image's entrypoint and its arguments too; Kubernetes' args alone replace only those.</summary>
    private static IReadOnlyList<string> Arguments(ContainerConfig config, OciProcessConfig image)
    {
        IEnumerable<string> command = config.Command, args = config.Args;
        if (config.Command.Count == 0)
        {
            command = image.Entrypoint ?? [];
            if (config.Args.Count == 0)
                args = image.Cmd ?? [];
        }
        string[] result = [.. command, .. args];
        return result.Length > 0 && result[0].Length > 0
            ? result
            : throw new ContainerRuntimeException("failed to generate container spec: no command specified");
    }

    private static List<string> Environment(OciSpecInput input)
    {
        var result = new List<string>();
        var index = new Dictionary<string, int>();
        void Set(string name, string value)
        {
            if (index.TryGetValue(name, out var at))
            {
                result[at] = $"{name}={value}";
                return;
            }
            index[name] = result.Count;
            result.Add($"{name}={value}");
        }
        Set("PATH", DefaultPath);
        if (input.Hostname.Length > 0)
            Set("HOSTNAME", input.Hostname);
        if (input.Config.Tty)
            Set("TERM", "xterm");
        foreach (var variable in input.Image.Env ?? [])
        {
            var equals = variable.IndexOf('=');
            if (equals > 0)
                Set(variable[..equals], variable[(equals + 1)..]);
        }
        foreach (var variable in input.Config.Envs)
            Set(variable.Key, variable.Value.ToString(Encoding.UTF8));
        if (!index.ContainsKey("HOME"))
            Set("HOME", input.Home is { Length: > 0 } home ? home : input.User.Uid == 0 ? "/root" : "/");
        return result;
    }

    private static List<OciNamespace> Namespaces(OciSpecInput input)
    {
        var result = new List<OciNamespace> { new() { Type = "mount" } };
        foreach (var type in (string[])["pid", "ipc", "uts", "network"])
        {
            if (!input.Namespaces.TryGetValue(type, out var path))
                result.Add(new OciNamespace { Type = type });
            else if (path.Length > 0)
                result.Add(new OciNamespace { Type = type, Path = path });
        }
        if (input.CgroupNamespace)
            result.Add(new OciNamespace { Type = "cgroup" });
        return result;
    }

    private static List<OciMount> Mounts(OciSpecInput input, LinuxContainerSecurityContext security)
    {
        var readOnly = security.Privileged ? "rw" : "ro";
        var hostNetwork = input.Namespaces.TryGetValue("network", out var network) && network.Length == 0;
        var result = new List<OciMount>
        {
            new() { Destination = "/proc", Type = "proc", Source = "proc", Options = ["nosuid", "noexec", "nodev"] },
            new() { Destination = "/dev", Type = "tmpfs", Source = "tmpfs", Options = ["nosuid", "strictatime", "mode=755", "size=65536k"] },
            new() { Destination = "/dev/pts", Type = "devpts", Source = "devpts", Options = ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"] },
            new() { Destination = "/dev/mqueue", Type = "mqueue", Source = "mqueue", Options = ["nosuid", "noexec", "nodev"] },
            hostNetwork && security.Privileged
                ? new() { Destination = "/sys", Type = "bind", Source = "/sys", Options = ["rbind", "nosuid", "noexec", "nodev", "rw"] }
                : new() { Destination = "/sys", Type = "sysfs", Source = "sysfs", Options = ["nosuid", "noexec", "nodev", readOnly] },
            new() { Destination = "/sys/fs/cgroup", Type = "cgroup", Source = "cgroup", Options = ["nosuid", "noexec", "nodev", "relatime", readOnly] },
        };
        var own = input.Config.Mounts.Select(m => Clean(m.ContainerPath)).ToHashSet();
        foreach (var (destination, source) in input.SandboxMounts.Where(m => !own.Contains(m.Key)))
            result.Add(new OciMount { Destination = destination, Type = "bind", Source = source, Options = destination == "/dev/shm" ? ["rbind", "rprivate", "nosuid", "nodev", "noexec"] : ["rbind", "rprivate"] });
        // A mount on /proc, /dev or the like takes the default's place; parents before children.
        result.RemoveAll(m => own.Contains(m.Destination));
        result.AddRange(input.Config.Mounts.OrderBy(m => Clean(m.ContainerPath).Count(c => c == '/')).Select(Bind));
        return result;
    }

    private static OciMount Bind(Mount mount) => new()
    {
        Destination = Clean(mount.ContainerPath),
        Type = "bind",
        Source = mount.HostPath,
        Options =
        [
            "rbind",
            mount.Propagation switch
            {
                MountPropagation.PropagationBidirectional => "rshared",
                MountPropagation.PropagationHostToContainer => "rslave",
                _ => "rprivate",
            },
            mount.Readonly ? "ro" : "rw",
        ],
    };

    private static OciDeviceRule Character(long major, long? minor) => new() { Allow = true, Type = "c", Major = major, Minor = minor, Access = "rwm" };

    private static int OomScore(int wanted, OciSpecInput input) =>
        Capabilities.HasSysResource(input.OwnCapabilities) ? wanted : Math.Max(wanted, input.OwnOomScoreAdj);

    private static string Clean(string path) => "/" + string.Join('/', path.Split('/', StringSplitOptions.RemoveEmptyEntries));
}
