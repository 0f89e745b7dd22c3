using System.Globalization;
using System.Net;
using ActorKube.Kubelet.Status;
using ActorKube.Kubelet.Node;
using k8s.Models;

namespace ActorKube.Kubelet.Hollow;

/// <summary>What a hollow node says of itself and of its pods. Pure.</summary>
/// <param name="Settings">What they all have in common.</param>
/// <param name="Number">Which one, from 0.</param>
internal sealed record HollowNode(HollowSettings Settings, int Number)
{
    private const int AddressesPerNode = 256;

    /// <summary>The Node object's name.</summary>
    public string Name => Settings.NamePrefix + Number.ToString(CultureInfo.InvariantCulture);

    /// <summary>The node's address, of the range for documentation and beyond: nothing is there.</summary>
    public string Address => Of(new IPAddress([198, 18, 0, 0]), Number);

    /// <summary>The Node as it registers.</summary>
    public V1Node Register() => new()
    {
        ApiVersion = "v1",
        Kind = "Node",
        Metadata = new V1ObjectMeta
        {
            Name = Name,
            Labels = new Dictionary<string, string>
            {
                ["kubernetes.io/hostname"] = Name,
                ["kubernetes.io/os"] = "linux",
                ["kubernetes.io/arch"] = "amd64",
                ["topology.kubernetes.io/zone"] = $"zone-{Number % Settings.Zones}",
                ["topology.kubernetes.io/region"] = "hollow",
                ["actorkube.io/hollow"] = "true",
            },
        },
        Spec = new V1NodeSpec(),
    };

    /// <summary>Its status.</summary>
    public V1NodeStatus Status(V1NodeStatus? before, DateTimeOffset now)
    {
        var resources = new Dictionary<string, ResourceQuantity>
        {
            ["cpu"] = Settings.Cpu, ["memory"] = Settings.Memory, ["ephemeral-storage"] = new("1Ti"), ["pods"] = new(Settings.MaxPods.ToString(CultureInfo.InvariantCulture)),
        };
        return (before ?? new V1NodeStatus()) with
        {
            Capacity = resources,
            Allocatable = resources,
            Addresses = [new V1NodeAddress { Type = "InternalIP", Address = Address }, new V1NodeAddress { Type = "Hostname", Address = Name }],
            NodeInfo = new V1NodeSystemInfo
            {
                Architecture = "amd64", OperatingSystem = "linux", KubeletVersion = NodeStatusBuilder.KubernetesVersion, KubeProxyVersion = "", ContainerRuntimeVersion = "hollow://1",
                MachineID = Name, SystemUUID = Name, BootID = Name, KernelVersion = "hollow", OsImage = "hollow",
            },
            Conditions =
            [
                Condition("MemoryPressure", "False", "KubeletHasSufficientMemory"), Condition("DiskPressure", "False", "KubeletHasNoDiskPressure"),
                Condition("PIDPressure", "False", "KubeletHasSufficientPID"), Condition("Ready", "True", "KubeletReady"),
            ],
        };

        V1NodeCondition Condition(string type, string status, string reason)
        {
            var old = before?.Conditions?.FirstOrDefault(c => c.Type == type);
            return new V1NodeCondition
            {
                Type = type, Status = status, Reason = reason, Message = "hollow", LastHeartbeatTime = ApiTime.Of(now),
                LastTransitionTime = old?.Status == status && old.LastTransitionTime is not null ? old.LastTransitionTime : ApiTime.Of(now),
            };
        }
    }

    /// <summary>The status of a pod whose containers run, with the address of its turn.</summary>
    public V1PodStatus Running(V1Pod pod, int turn, DateTimeOffset now)
    {
        var address = Of(new IPAddress([10, 0, 0, 0]), (Number * AddressesPerNode) + 2 + (turn % (AddressesPerNode - 3)));
        return Ended(pod, "Running", now) with
        {
            PodIP = pod.Spec.HostNetwork == true ? Address : address,
            PodIPs = [new V1PodIP { Ip = pod.Spec.HostNetwork == true ? Address : address }],
            Conditions = Conditions(now, "True", null),
            ContainerStatuses = [.. Statuses(pod, ready: true, new V1ContainerState { Running = new V1ContainerStateRunning { StartedAt = ApiTime.Of(now) } })],
        };
    }

    /// <summary>The status of a pod that is over.</summary>
    public V1PodStatus Over(V1Pod pod, bool failed, DateTimeOffset now) => Ended(pod, failed ? "Failed" : "Succeeded", now) with
    {
        Reason = failed ? "Hollow" : null,
        Message = failed ? "one of those that were to fail" : null,
        Conditions = Conditions(now, "False", failed ? "PodFailed" : "PodCompleted"),
        ContainerStatuses =
        [
            .. Statuses(pod, ready: false, new V1ContainerState
            {
                Terminated = new V1ContainerStateTerminated { ExitCode = failed ? 1 : 0, Reason = failed ? "Error" : "Completed", StartedAt = pod.Status?.StartTime, FinishedAt = ApiTime.Of(now) },
            }),
        ],
    };

    private V1PodStatus Ended(V1Pod pod, string phase, DateTimeOffset now) => new()
    {
        Phase = phase,
        HostIP = Address,
        HostIPs = [new V1HostIP { Ip = Address }],
        StartTime = pod.Status?.StartTime ?? ApiTime.Of(now),
        QosClass = pod.Status?.QosClass,
    };

    private static List<V1PodCondition> Conditions(DateTimeOffset now, string ready, string? reason) =>
        [.. new[] { "PodReadyToStartContainers", "Initialized", "Ready", "ContainersReady", "PodScheduled" }.Select(type => new V1PodCondition
        {
            Type = type,
            Status = type is "Ready" or "ContainersReady" ? ready : "True",
            Reason = type is "Ready" or "ContainersReady" ? reason : null,
            LastTransitionTime = ApiTime.Of(now),
        })];

    private static IEnumerable<V1ContainerStatus> Statuses(V1Pod pod, bool ready, V1ContainerState state) => pod.Spec.Containers.Select(c => new V1ContainerStatus
    {
        Name = c.Name, Image = c.Image, ImageID = c.Image, ContainerID = $"hollow://{pod.Metadata.Uid}-{c.Name}", Ready = ready, Started = ready, RestartCount = 0, State = state,
    });

    private static string Of(IPAddress range, int number)
    {
        var bytes = range.GetAddressBytes();
        var value = ((uint)bytes[0] << 24) + ((uint)bytes[1] << 16) + (uint)number;
        return new IPAddress([(byte)(value >> 24), (byte)(value >> 16), (byte)(value >> 8), (byte)value]).ToString();
    }
}
