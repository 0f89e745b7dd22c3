using System.Globalization;
using ActorKube.ContainerRuntime.Cri;
using ActorKube.Kubelet.Status;
using k8s.Models;

namespace ActorKube.Kubelet.Node;

/// <summary>What the runtime says of itself.</summary>
/// <param name="Version">Its version.</param>
/// <param name="Status">Its conditions.</param>
/// <param name="Images">The images it has.</param>
/// <param name="Error">Why it does not answer; null when it does.</param>
/// <param name="RangesRefused">Why it did not take the node's pod ranges; null when it did.</param>
internal sealed record RuntimeReport(VersionResponse? Version, StatusResponse? Status, IReadOnlyList<Image> Images, string? Error, string? RangesRefused = null);

/// <summary>
/// The Node object as the kubelet sees it: labels it registers with, capacity, conditions.
/// Source: https://kubernetes.io/docs/reference/node/node-status/
/// </summary>
/// <param name="Settings">The kubelet's settings.</param>
/// <param name="RuntimeName">The runtime's name.</param>
/// <param name="Addresses">The node's addresses.</param>
/// <param name="Machine">What the machine is.</param>
internal sealed record NodeStatusBuilder(KubeletSettings Settings, string RuntimeName, IReadOnlyList<string> Addresses, MachineInfo Machine)
{
    /// <summary>The API version this kubelet speaks.</summary>
    public const string KubernetesVersion = "v1.36.0";

    private const int MaxImages = 50;
    private const long MinMemoryAvailable = 100L << 20;
    private static readonly string[] Owned = ["MemoryPressure", "DiskPressure", "PIDPressure", "Ready"];

    /// <summary>Labels the kubelet owns on its Node.</summary>
    public IReadOnlyDictionary<string, string> Labels() => new Dictionary<string, string>(Settings.NodeLabels)
    {
        ["kubernetes.io/hostname"] = Settings.NodeName,
        ["kubernetes.io/arch"] = Machine.Architecture,
        ["kubernetes.io/os"] = Machine.OperatingSystem,
        ["beta.kubernetes.io/arch"] = Machine.Architecture,
        ["beta.kubernetes.io/os"] = Machine.OperatingSystem,
    };

    /// <summary>Taints out of <c>key=value:Effect</c>.</summary>
    public IReadOnlyList<V1Taint> Taints() =>
    [
        .. Settings.RegisterWithTaints.Select(text =>
        {
            var colon = text.LastIndexOf(':');
            var pair = (colon < 0 ? text : text[..colon]).Split('=', 2);
            return new V1Taint { Key = pair[0], Value = pair.Length > 1 ? pair[1] : null, Effect = colon < 0 ? "NoSchedule" : text[(colon + 1)..] };
        }),
    ];

    /// <summary>What the node has.</summary>
    public Dictionary<string, ResourceQuantity> Capacity(MachineUse use) => new()
    {
        ["cpu"] = new(Machine.Cpus.ToString(CultureInfo.InvariantCulture)),
        ["ephemeral-storage"] = new(string.Create(CultureInfo.InvariantCulture, $"{use.DiskTotalBytes / 1024}Ki")),
        ["hugepages-1Gi"] = new("0"),
        ["hugepages-2Mi"] = new("0"),
        ["memory"] = new(string.Create(CultureInfo.InvariantCulture, $"{Machine.MemoryBytes / 1024}Ki")),
        ["pods"] = new(Settings.MaxPods.ToString(CultureInfo.InvariantCulture)),
    };

    /// <summary>What pods may have of it.</summary>
    public Dictionary<string, ResourceQuantity> Allocatable(MachineUse use)
    {
        var result = Capacity(use);
        foreach (var (resource, reserved) in Settings.Reserved)
        {
            if (!result.TryGetValue(resource, out var capacity) || reserved.ToDecimal() == 0)
                continue;
            var left = Math.Max(0, capacity.ToDecimal() - reserved.ToDecimal());
            result[resource] = resource == "cpu"
                ? new(string.Create(CultureInfo.InvariantCulture, $"{(long)(left * 1000)}m"))
                : new(string.Create(CultureInfo.InvariantCulture, $"{(long)left / 1024}Ki"));
        }

        return result;
    }

    /// <summary>The whole status. Conditions of others and unchanged transition times are kept.</summary>
    public V1NodeStatus Build(V1NodeStatus? before, RuntimeReport runtime, MachineUse use, int port, DateTimeOffset now)
    {
        var heartbeat = ApiTime.Of(now);
        List<V1NodeCondition> conditions =
        [
            Pressure("MemoryPressure", use.MemoryAvailableBytes < MinMemoryAvailable,
                ("KubeletHasInsufficientMemory", "kubelet has insufficient memory available"), ("KubeletHasSufficientMemory", "kubelet has sufficient memory available")),
            Pressure("DiskPressure", use.DiskTotalBytes > 0 && use.DiskAvailableBytes < use.DiskTotalBytes / 10,
                ("KubeletHasDiskPressure", "kubelet has disk pressure"), ("KubeletHasNoDiskPressure", "kubelet has no disk pressure")),
            Pressure("PIDPressure", use.ProcessLimit > 0 && use.Processes > use.ProcessLimit * 9 / 10,
                ("KubeletHasInsufficientPID", "kubelet has insufficient PID available"), ("KubeletHasSufficientPID", "kubelet has sufficient PID available")),
            Ready(runtime),
        ];
        foreach (var condition in conditions)
        {
            var old = before?.Conditions?.FirstOrDefault(c => c.Type == condition.Type);
            condition.LastHeartbeatTime = heartbeat;
            condition.LastTransitionTime = old?.Status == condition.Status && old.LastTransitionTime is not null ? old.LastTransitionTime : heartbeat;
        }

        // What others advertise, an administrator's extended resource for instance, is kept, and all of it is there for pods.
        var others = (before?.Capacity ?? new Dictionary<string, ResourceQuantity>()).Where(c => c.Key.Contains('/', StringComparison.Ordinal)).ToList();
        return (before ?? new V1NodeStatus()) with
        {
            Addresses = [.. Addresses.Select(a => new V1NodeAddress { Type = "InternalIP", Address = a }), new() { Type = "Hostname", Address = Settings.NodeName }],
            Capacity = With(Capacity(use), others),
            Allocatable = With(Allocatable(use), others),
            Conditions = [.. (before?.Conditions ?? []).Where(c => !Owned.Contains(c.Type)), .. conditions],
            DaemonEndpoints = new V1NodeDaemonEndpoints { KubeletEndpoint = new V1DaemonEndpoint { Port = port } },
            NodeInfo = Info(runtime),
            Images = Images(runtime.Images),
            Features = runtime.Status?.Features is { } features ? new V1NodeFeatures { SupplementalGroupsPolicy = features.SupplementalGroupsPolicy } : before?.Features,
            RuntimeHandlers = runtime.Status?.RuntimeHandlers is { Count: > 0 } handlers ? [.. handlers.Select(Handler)] : before?.RuntimeHandlers,
        };
    }

    private static Dictionary<string, ResourceQuantity> With(Dictionary<string, ResourceQuantity> own, List<KeyValuePair<string, ResourceQuantity>> others)
    {
        foreach (var (name, quantity) in others)
            own.TryAdd(name, quantity);
        return own;
    }

    /// <summary>Whether two statuses differ in more than heartbeats.</summary>
    public static bool Differs(V1NodeStatus? a, V1NodeStatus b) => a is null || !Json(a).AsSpan().SequenceEqual(Json(b));

    private static byte[] Json(V1NodeStatus status) => ActorKube.Api.Machinery.ApiJson.Serialize(status with
    {
        Conditions = [.. (status.Conditions ?? []).Select(c => c with { LastHeartbeatTime = null })],
    });

    private static V1NodeCondition Pressure(string type, bool holds, (string Reason, string Message) yes, (string Reason, string Message) no) => new()
    {
        Type = type,
        Status = holds ? "True" : "False",
        Reason = holds ? yes.Reason : no.Reason,
        Message = holds ? yes.Message : no.Message,
    };

    private static V1NodeCondition Ready(RuntimeReport runtime)
    {
        var problems = new List<string>();
        if (runtime.Error is not null)
            problems.Add($"container runtime is down: {runtime.Error}");
        if (runtime.RangesRefused is not null)
            problems.Add($"container runtime network not ready: the runtime did not take the node's pod ranges: {runtime.RangesRefused}");
        foreach (var condition in runtime.Status?.Status?.Conditions ?? [])
        {
            if (condition.Status || condition.Type is not ("RuntimeReady" or "NetworkReady"))
                continue;
            var what = condition.Type == "NetworkReady" ? "container runtime network not ready" : "container runtime not ready";
            problems.Add($"{what}: {condition.Type}=false reason:{condition.Reason} message:{condition.Message}");
        }

        return problems.Count == 0
            ? new() { Type = "Ready", Status = "True", Reason = "KubeletReady", Message = "kubelet is posting ready status" }
            : new() { Type = "Ready", Status = "False", Reason = "KubeletNotReady", Message = problems.Count == 1 ? problems[0] : $"[{string.Join(", ", problems)}]" };
    }

    private V1NodeSystemInfo Info(RuntimeReport runtime) => new()
    {
        Architecture = Machine.Architecture,
        BootID = Machine.BootId,
        ContainerRuntimeVersion = $"{RuntimeName}://{runtime.Version?.RuntimeVersion ?? "Unknown"}",
        KernelVersion = Machine.KernelVersion,
        KubeProxyVersion = "",
        KubeletVersion = KubernetesVersion,
        MachineID = Machine.MachineId,
        OperatingSystem = Machine.OperatingSystem,
        OsImage = Machine.OsImage,
        SystemUUID = Machine.SystemUuid,
        Swap = Machine.SwapBytes > 0 ? new V1NodeSwapStatus { Capacity = Machine.SwapBytes } : null,
    };

    private static V1NodeRuntimeHandler Handler(RuntimeHandler handler) => new()
    {
        Name = handler.Name,
        Features = new V1NodeRuntimeHandlerFeatures
        {
            RecursiveReadOnlyMounts = handler.Features?.RecursiveReadOnlyMounts == true,
            UserNamespaces = handler.Features?.UserNamespaces == true,
        },
    };

    private static List<V1ContainerImage> Images(IReadOnlyList<Image> images) =>
    [
        .. images.OrderByDescending(i => i.Size).ThenBy(i => i.Id, StringComparer.Ordinal).Take(MaxImages)
            .Select(i => new V1ContainerImage { Names = [.. i.RepoDigests, .. i.RepoTags], SizeBytes = (long)i.Size }),
    ];
}
