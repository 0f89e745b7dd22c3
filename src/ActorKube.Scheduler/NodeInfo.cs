using System.Collections.Immutable;
using k8s.Models;

namespace ActorKube.Scheduler;

/// <summary>A node and what runs on it, summed up. Immutable: a change makes a new one, so that snapshots share them.</summary>
public sealed record NodeInfo
{
    private static readonly Dictionary<string, string> NoLabels = [];

    private NodeInfo(string name) => Name = name;

    /// <summary>The node's name.</summary>
    public string Name { get; private init; }

    /// <summary>The node; null while only pods that name it are known.</summary>
    public V1Node? Node { get; private init; }

    /// <summary>The node's labels.</summary>
    public IDictionary<string, string> Labels => Node?.Metadata.Labels ?? NoLabels;

    /// <summary>The node's taints.</summary>
    public IList<V1Taint> Taints => Node?.Spec?.Taints ?? [];

    /// <summary>Whether the node is cordoned.</summary>
    public bool IsUnschedulable => Node?.Spec?.Unschedulable == true;

    /// <summary>What pods may take in all.</summary>
    public ResourceAmounts Allocatable { get; private init; } = ResourceAmounts.Zero;

    /// <summary>How many pods may run.</summary>
    public long AllowedPods { get; private init; }

    /// <summary>Sizes in bytes of the images on the node, by each of their names.</summary>
    public ImmutableDictionary<string, long> Images { get; private init; } = ImmutableDictionary<string, long>.Empty;

    /// <summary>What the pods take.</summary>
    public ResourceAmounts Requested { get; private init; } = ResourceAmounts.Zero;

    /// <summary>What the pods take for scoring: a small amount where a container asks for nothing.</summary>
    public ResourceAmounts NonZeroRequested { get; private init; } = ResourceAmounts.Zero;

    /// <summary>The pods, assumed ones included.</summary>
    public ImmutableArray<PodInfo> Pods { get; private init; } = [];

    /// <summary>The pods that say something about other pods.</summary>
    public ImmutableArray<PodInfo> PodsWithAffinity { get; private init; } = [];

    /// <summary>Ports that are taken.</summary>
    public ImmutableArray<HostPort> UsedPorts { get; private init; } = [];

    /// <summary>A node of which nothing but the name is known.</summary>
    public static NodeInfo Named(string name) => new(name);

    /// <summary>The same pods on a node that appeared or changed.</summary>
    public NodeInfo With(V1Node node)
    {
        var allocatable = node.Status?.Allocatable ?? node.Status?.Capacity;
        return this with
        {
            Node = node,
            Allocatable = ResourceAmounts.From(allocatable),
            AllowedPods = allocatable is not null && allocatable.TryGetValue("pods", out var pods) ? ResourceAmounts.Ceiling(pods, 1) : 0,
            Images = ReadImages(node),
        };
    }

    /// <summary>The same pods when the node is gone.</summary>
    public NodeInfo WithoutNode() => this with
    {
        Node = null,
        Allocatable = ResourceAmounts.Zero,
        AllowedPods = 0,
        Images = ImmutableDictionary<string, long>.Empty,
    };

    /// <summary>One pod more.</summary>
    public NodeInfo With(PodInfo pod) => this with
    {
        Pods = Pods.Add(pod),
        PodsWithAffinity = pod.HasPodAffinity ? PodsWithAffinity.Add(pod) : PodsWithAffinity,
        UsedPorts = pod.HostPorts.IsEmpty ? UsedPorts : UsedPorts.AddRange(pod.HostPorts),
        Requested = Requested + pod.Requests,
        NonZeroRequested = NonZeroRequested + pod.NonZeroRequests,
    };

    /// <summary>One pod fewer: the very one that was added.</summary>
    public NodeInfo Without(PodInfo pod) => this with
    {
        Pods = Pods.Remove(pod),
        PodsWithAffinity = pod.HasPodAffinity ? PodsWithAffinity.Remove(pod) : PodsWithAffinity,
        UsedPorts = pod.HostPorts.IsEmpty ? UsedPorts : RemoveOnce(UsedPorts, pod.HostPorts),
        Requested = Requested - pod.Requests,
        NonZeroRequested = NonZeroRequested - pod.NonZeroRequests,
    };

    private static ImmutableArray<HostPort> RemoveOnce(ImmutableArray<HostPort> all, ImmutableArray<HostPort> gone)
    {
        foreach (var port in gone)
        {
            all = all.Remove(port);
        }

        return all;
    }

    private static ImmutableDictionary<string, long> ReadImages(V1Node node)
    {
        if (node.Status?.Images is not { Count: > 0 } images)
        {
            return ImmutableDictionary<string, long>.Empty;
        }

        var result = ImmutableDictionary.CreateBuilder<string, long>();
        foreach (var image in images)
        {
            foreach (var name in image.Names ?? [])
            {
                result[name] = image.SizeBytes ?? 0;
            }
        }

        return result.ToImmutable();
    }
}
