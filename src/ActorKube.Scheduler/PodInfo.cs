using System.Collections.Immutable;
using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>A port of the node that a pod wants for itself.</summary>
/// <param name="Protocol">TCP, UDP or SCTP.</param>
/// <param name="Ip">The node's address; <c>0.0.0.0</c> for all.</param>
/// <param name="Port">The port.</param>
public readonly record struct HostPort(string Protocol, string Ip, int Port)
{
    /// <summary>Whether both cannot be had on one node.</summary>
    public bool ConflictsWith(HostPort other) =>
        Port == other.Port && Protocol == other.Protocol && (Ip == other.Ip || Ip == Any || other.Ip == Any);

    internal const string Any = "0.0.0.0";
}

/// <summary>A pod with everything scheduling needs of it worked out once. Immutable.</summary>
public sealed class PodInfo
{
    private static readonly IList<V1Toleration> NoTolerations = [];

    /// <summary>Reads the pod.</summary>
    public PodInfo(V1Pod pod)
    {
        Pod = pod;
        Requests = PodRequests.Of(pod);
        NonZeroRequests = PodRequests.NonZero(pod);
        HostPorts = ReadHostPorts(pod);
        var affinity = pod.Spec.Affinity;
        RequiredAffinity = AffinityTerm.Required(pod, affinity?.PodAffinity?.RequiredDuringSchedulingIgnoredDuringExecution);
        RequiredAntiAffinity = AffinityTerm.Required(pod, affinity?.PodAntiAffinity?.RequiredDuringSchedulingIgnoredDuringExecution);
        PreferredAffinity = AffinityTerm.Preferred(pod, affinity?.PodAffinity?.PreferredDuringSchedulingIgnoredDuringExecution);
        PreferredAntiAffinity = AffinityTerm.Preferred(pod, affinity?.PodAntiAffinity?.PreferredDuringSchedulingIgnoredDuringExecution);
        OwnerUid = pod.Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller == true)?.Uid;
    }

    /// <summary>The pod. Shared: read only.</summary>
    public V1Pod Pod { get; }

    /// <summary>Unique over time; tells a pod from a later one of the same name.</summary>
    public string Uid => Pod.Metadata.Uid ?? $"{Namespace}/{Name}";

    /// <summary>The pod's namespace.</summary>
    public string Namespace => Pod.Metadata.NamespaceProperty ?? "";

    /// <summary>The pod's name.</summary>
    public string Name => Pod.Metadata.Name;

    /// <summary>The pod's labels; null for none.</summary>
    public IDictionary<string, string>? Labels => Pod.Metadata.Labels;

    /// <summary>Higher goes first.</summary>
    public int Priority => Pod.Spec.Priority ?? 0;

    /// <summary>What the pod tolerates.</summary>
    public IList<V1Toleration> Tolerations => Pod.Spec.Tolerations ?? NoTolerations;

    /// <summary>What the pod takes from the node.</summary>
    public ResourceAmounts Requests { get; }

    /// <summary>The same with a small amount where a container asks for nothing; for scoring.</summary>
    public ResourceAmounts NonZeroRequests { get; }

    /// <summary>Ports of the node that the pod wants.</summary>
    public ImmutableArray<HostPort> HostPorts { get; }

    /// <summary>Must run near pods that match.</summary>
    public ImmutableArray<AffinityTerm> RequiredAffinity { get; }

    /// <summary>Must not run near pods that match.</summary>
    public ImmutableArray<AffinityTerm> RequiredAntiAffinity { get; }

    /// <summary>Would like to run near pods that match.</summary>
    public ImmutableArray<AffinityTerm> PreferredAffinity { get; }

    /// <summary>Would rather not run near pods that match.</summary>
    public ImmutableArray<AffinityTerm> PreferredAntiAffinity { get; }

    /// <summary>The uid of the controller that made the pod; null for a pod on its own.</summary>
    public string? OwnerUid { get; }

    /// <summary>Whether the pod says anything about other pods.</summary>
    public bool HasPodAffinity => RequiredAffinity.Length + RequiredAntiAffinity.Length + PreferredAffinity.Length + PreferredAntiAffinity.Length > 0;

    /// <summary>Whether the pod is on its way out.</summary>
    public bool IsTerminating => Pod.Metadata.DeletionTimestamp is not null;

    private static ImmutableArray<HostPort> ReadHostPorts(V1Pod pod)
    {
        var ports = ImmutableArray<HostPort>.Empty;
        var containers = pod.Spec.InitContainers is { Count: > 0 } init
            ? (pod.Spec.Containers ?? []).Concat(init.Where(c => c.RestartPolicy == "Always"))
            : pod.Spec.Containers ?? [];
        foreach (var container in containers)
        {
            foreach (var port in container.Ports ?? [])
            {
                if (port.HostPort is > 0 and var hostPort)
                {
                    var ip = port.HostIP is null or "" ? HostPort.Any : port.HostIP;
                    ports = ports.Add(new HostPort(port.Protocol is null or "" ? "TCP" : port.Protocol, ip, hostPort));
                }
            }
        }

        return ports;
    }
}
