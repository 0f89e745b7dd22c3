using System.Globalization;
using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using System.Runtime.InteropServices;

namespace ActorKube.Kubelet.Node;

/// <summary>What does not change while the machine runs.</summary>
internal sealed record MachineInfo
{
    public required string Architecture { get; init; }
    public required string OperatingSystem { get; init; }
    public required string OsImage { get; init; }
    public required string KernelVersion { get; init; }
    public required string MachineId { get; init; }
    public required string SystemUuid { get; init; }
    public required string BootId { get; init; }
    public required int Cpus { get; init; }
    public required long MemoryBytes { get; init; }
    public required long SwapBytes { get; init; }
}

/// <summary>What changes all the time.</summary>
/// <param name="MemoryAvailableBytes">Memory that processes can still get.</param>
/// <param name="DiskTotalBytes">Size of the disk under the kubelet's root directory.</param>
/// <param name="DiskAvailableBytes">What is free of it.</param>
/// <param name="ProcessLimit">How many threads the kernel allows.</param>
/// <param name="Processes">How many there are.</param>
internal sealed record MachineUse(long MemoryAvailableBytes, long DiskTotalBytes, long DiskAvailableBytes, long ProcessLimit, long Processes);

/// <summary>Looks at the machine.</summary>
internal interface IMachine
{
    MachineInfo Info { get; }

    MachineUse Use();

    /// <summary>The machine's own addresses, the best first.</summary>
    IReadOnlyList<string> Addresses();
}

/// <summary>Reads /proc and /sys; on other systems what .NET knows.</summary>
internal sealed class Machine : IMachine
{
    private readonly string _rootDirectory;

    public Machine(string rootDirectory)
    {
        _rootDirectory = rootDirectory;
        Info = Read();
    }

    public MachineInfo Info { get; }

    public MachineUse Use()
    {
        Directory.CreateDirectory(_rootDirectory);
        var disk = new DriveInfo(OperatingSystem.IsWindows() ? Path.GetPathRoot(Path.GetFullPath(_rootDirectory))! : _rootDirectory);
        var memory = MemInfo("MemAvailable") ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        return new MachineUse(memory, disk.TotalSize, disk.AvailableFreeSpace, Number("/proc/sys/kernel/pid_max") ?? 0, Threads());
    }

    public IReadOnlyList<string> Addresses()
    {
        // An interface with a way out comes first; bridges and tunnels of containers are no node addresses.
        var candidates = NetworkInterface.GetAllNetworkInterfaces()
            .Where(n => n.OperationalStatus == OperationalStatus.Up && n.NetworkInterfaceType != NetworkInterfaceType.Loopback)
            .Where(n => !IsVirtual(n.Name))
            .Select(n => n.GetIPProperties())
            .OrderByDescending(p => p.GatewayAddresses.Count > 0)
            .SelectMany(p => p.UnicastAddresses.Select(a => a.Address))
            .Where(a => !IPAddress.IsLoopback(a) && !a.IsIPv6LinkLocal && !a.IsIPv6Multicast)
            .ToList();
        var v4 = candidates.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetwork);
        var v6 = candidates.FirstOrDefault(a => a.AddressFamily == AddressFamily.InterNetworkV6);
        var found = new[] { v4, v6 }.OfType<IPAddress>().Select(a => a.ToString()).ToList();
        return found.Count > 0 ? found : ["127.0.0.1"];
    }

    private static bool IsVirtual(string name) =>
        new[] { "veth", "docker", "cni", "br-", "virbr", "vxlan", "flannel", "ak", "kube-" }.Any(p => name.StartsWith(p, StringComparison.Ordinal));

    private static MachineInfo Read() => new()
    {
        Architecture = RuntimeInformation.OSArchitecture switch
        {
            Architecture.X64 => "amd64",
            Architecture.X86 => "386",
            var other => other.ToString().ToLowerInvariant(),
        },
        OperatingSystem = OperatingSystem.IsWindows() ? "windows" : OperatingSystem.IsMacOS() ? "darwin" : "linux",
        OsImage = OsImage(),
        KernelVersion = Text("/proc/sys/kernel/osrelease") ?? Environment.OSVersion.Version.ToString(),
        MachineId = Text("/etc/machine-id") ?? "",
        SystemUuid = Text("/sys/class/dmi/id/product_uuid") ?? Text("/etc/machine-id") ?? "",
        BootId = Text("/proc/sys/kernel/random/boot_id") ?? "",
        Cpus = Environment.ProcessorCount,
        MemoryBytes = Memory(),
        SwapBytes = MemInfo("SwapTotal") ?? 0,
    };

    // The machine's memory or, in a container, the container's.
    private static long Memory()
    {
        var total = MemInfo("MemTotal") ?? GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        foreach (var file in new[] { "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes" })
        {
            if (Number(file) is { } limit and > 0 && limit < total)
                total = limit;
        }

        return total;
    }

    private static string OsImage()
    {
        if (File.Exists("/etc/os-release"))
        {
            var line = File.ReadLines("/etc/os-release").FirstOrDefault(l => l.StartsWith("PRETTY_NAME=", StringComparison.Ordinal));
            if (line is not null)
                return line["PRETTY_NAME=".Length..].Trim('"');
        }

        return RuntimeInformation.OSDescription;
    }

    private static long? MemInfo(string name)
    {
        if (!File.Exists("/proc/meminfo"))
            return null;
        var line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith(name + ":", StringComparison.Ordinal));
        var kibibytes = line?.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1];
        return kibibytes is null ? null : long.Parse(kibibytes, CultureInfo.InvariantCulture) * 1024;
    }

    // Fourth field of /proc/loadavg: "2/513" is running/all.
    private static long Threads()
    {
        var all = Text("/proc/loadavg")?.Split(' ').ElementAtOrDefault(3)?.Split('/').ElementAtOrDefault(1);
        return long.TryParse(all, CultureInfo.InvariantCulture, out var n) ? n : 0;
    }

    private static long? Number(string path) => long.TryParse(Text(path), CultureInfo.InvariantCulture, out var n) ? n : null;

    private static string? Text(string path)
    {
        try
        {
            return File.Exists(path) ? File.ReadAllText(path).Trim() : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
